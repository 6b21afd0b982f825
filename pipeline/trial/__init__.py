"""One dialogue asked of a checkpoint, without a cluster: a person's first look at it."""
