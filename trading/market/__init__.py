"""Market data: bars, where they come from, and the contract that they keep."""
