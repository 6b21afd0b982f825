"""What a run is: typed configuration, presets and fingerprints."""
