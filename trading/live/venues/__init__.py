"""Venues: where intents become fills."""
