"""What the backends of served models share, whichever protocol they speak."""
