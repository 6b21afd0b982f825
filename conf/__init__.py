"""Typed configuration, presets and fingerprints of runs."""
