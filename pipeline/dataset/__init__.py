"""Datasets: opened, loaded, validated, described; their vocabulary."""
