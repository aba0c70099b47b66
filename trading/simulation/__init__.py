"""Venue and decision steps, compiled lanes, backtest, metrics and trade ledger."""
