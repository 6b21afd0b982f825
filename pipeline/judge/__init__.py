"""Judges beside the rules: prompts, verdicts, agreement, calibration, score rows."""
