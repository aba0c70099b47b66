"""Backtest metrics, one formula in one place; a number that does not exist is NaN, never zero (``docs/metrics.md``)."""
