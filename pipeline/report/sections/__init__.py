"""The sections of a report, one file per topic: numbers in, blocks out."""
