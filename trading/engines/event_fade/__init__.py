"""The event fade engine: against a move beyond its volatility band on a volume shock."""
