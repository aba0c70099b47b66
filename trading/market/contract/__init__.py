"""The contract of bars, of a history and of one bar; the repairs before it, and the quarantine after a breach."""
