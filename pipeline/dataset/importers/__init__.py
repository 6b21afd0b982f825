"""Other people's files to a dataset: ``import_dataset`` of ``importer`` runs all of it."""
