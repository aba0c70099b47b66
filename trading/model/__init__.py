"""What outlives a release: the model, its bundle, its lineage and its names, with schemas of their own."""
