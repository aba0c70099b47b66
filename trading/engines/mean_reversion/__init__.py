"""The mean reversion engine: against a price far from its own mean."""
