"""Dialogues to turn outputs."""
