"""Limits as step functions: entry breaker and sizing."""
