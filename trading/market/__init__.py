"""Bars, sources, contract, quality, and the embedded market."""
