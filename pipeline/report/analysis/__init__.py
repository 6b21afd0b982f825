"""Numbers that the summary does not hold: counted or computed from a run's rows."""
