"""The contract of bars: of a history, and of one bar."""
