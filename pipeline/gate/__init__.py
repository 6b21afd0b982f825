"""The regression gate: whether a candidate run is worse than a baseline run."""
