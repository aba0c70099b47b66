"""Feeds: where the runner's bars come from."""
