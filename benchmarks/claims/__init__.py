"""Claim extraction measured on labelled sentences and against other extractors."""
