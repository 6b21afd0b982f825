"""The dialogue viewer's data: one record per dialogue in shards, an index to find them, images."""
