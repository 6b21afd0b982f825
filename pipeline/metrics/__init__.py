"""The measures: one file each, every one a ratio of sums."""
