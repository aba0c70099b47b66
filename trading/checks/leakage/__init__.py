"""Leakage: whether features, decisions, fits, splits or targets know what they could not have known."""

from trading.checks.leakage.evidence import LEAKAGE_CHECKS, LeakageEvidence
from trading.checks.leakage.measure import LEAKAGE

__all__ = ["LEAKAGE", "LEAKAGE_CHECKS", "LeakageEvidence"]
