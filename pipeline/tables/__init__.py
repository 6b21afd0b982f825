"""The tables at which the phases meet: schemas, turn outputs, scores, pairs of runs."""
