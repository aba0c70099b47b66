"""Other simulators, asked for the same trades: one adapter each, run by a Python of their own, on plain data."""
