"""A run: its directory, its manifest, how it is prepared, opened, held and looked at."""
