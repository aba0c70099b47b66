"""A candidate that passes every gate, for tests to spoil in one place."""

from __future__ import annotations

import pytest

from tests.support import drift_of
from trading.checks.evidence import SCENARIOS, CalibrationEvidence, Evidence, LeakageEvidence, LiveRecord, gather
from trading.results import CheckResult


@pytest.fixture(scope="session")
def good() -> Evidence:
    return gather(
        "SIM",
        inputs={"model": "ab" * 32, "bars": "cd" * 32},
        metrics={
            "trades": 120,
            "sharpe": 1.8,
            "win_rate": 0.56,
            "profit_factor": 1.9,
            "max_drawdown": 0.08,
            "volatility": 0.12,
            "max_consecutive_losses": 4,
        },
        stress=[CheckResult(name=name, passed=True, observed=0.1, threshold=0.25) for name in SCENARIOS],
        calibration=CalibrationEvidence(brier=0.21, ece=0.04, outcomes=300),
        leakage=LeakageEvidence(
            prefix=CheckResult(name="prefix", passed=True, observed=0, threshold=0),
            splits=CheckResult(name="splits", passed=True, observed=0, threshold=0),
            target=CheckResult(name="target", passed=True, observed=0.05, threshold=0.3),
        ),
        drift=drift_of(0.05, 0.1),
        live=LiveRecord(version="3", bars=500, sharpe=1.5, backtest_sharpe=1.6),
    )
