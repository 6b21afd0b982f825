"""The reference checkpoints: a small vision-language model that can do the phantom task."""
