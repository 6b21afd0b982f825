"""Statistics of ratio metrics over clustered dialogues; see docs/statistics.md.

``table`` holds sums per cluster, ``resample`` the shared random draws, ``intervals`` the bootstrap
of one run, ``paired`` the comparison of two, ``multiplicity`` the corrections over many comparisons
and ``clustering`` the intra-cluster correlation and power. Nothing here knows Ray, files or models.
"""
