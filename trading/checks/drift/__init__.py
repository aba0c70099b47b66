"""Drift: whether the market, and what the candidate makes of it, is still what it learned."""

from trading.checks.drift.evidence import Chance, ConditionalShift, DriftEvidence, Stretch
from trading.checks.drift.row import DRIFT

__all__ = ["DRIFT", "Chance", "ConditionalShift", "DriftEvidence", "Stretch"]
