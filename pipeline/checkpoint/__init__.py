"""Checkpoints checked, described and made, without an engine."""
