"""The reference checkpoints: a small vision-language model trained for the phantom task."""
