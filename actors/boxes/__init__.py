"""Regions of interest as text: how each family of checkpoints writes and is asked for boxes."""
