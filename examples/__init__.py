"""Worked examples that stand on the pipeline; nothing in the pipeline needs them."""
