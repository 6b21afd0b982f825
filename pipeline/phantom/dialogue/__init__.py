"""What is asked and answered about a phantom scene."""
