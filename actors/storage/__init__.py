"""Storage, local or remote: the only place that knows about fsspec."""
