"""Sources of bars: one file a kind."""
