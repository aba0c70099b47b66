"""The checks that measure a candidate. To add one: a file with its evidence and its measure, and one row here."""

from __future__ import annotations

from trading.checks.baselines import BASELINES
from trading.checks.benchmark import BENCHMARK
from trading.checks.calibration import CALIBRATION
from trading.checks.check import Check
from trading.checks.drift import DRIFT
from trading.checks.leakage import LEAKAGE
from trading.checks.named import by_name
from trading.checks.overfitting import OVERFITTING
from trading.checks.regime_starts import REGIME_STARTS
from trading.checks.significance import SIGNIFICANCE
from trading.checks.stress import STRESS
from trading.checks.walk_forward import WALK_FORWARD

CHECKS: dict[str, Check] = by_name(
    LEAKAGE, STRESS, DRIFT, CALIBRATION, SIGNIFICANCE, BENCHMARK, BASELINES, OVERFITTING, WALK_FORWARD, REGIME_STARTS
)
"""By name, in the order in which a night runs them."""
