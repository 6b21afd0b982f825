"""Worked examples that use the pipeline; nothing in the pipeline imports them."""
