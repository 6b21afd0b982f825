"""What the phantom shows: modalities, organs, lesions, concepts."""
