"""Regions of interest as text: how each family of checkpoints is asked for them and writes them."""
