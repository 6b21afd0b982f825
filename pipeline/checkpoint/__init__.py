"""Checkpoints, from their small files alone."""
