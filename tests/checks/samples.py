"""Evidence for tests: of a candidate that passes every gate, to be spoiled in one place."""

from __future__ import annotations

from trading.checks.calibration import CalibrationEvidence, Side, SideCalibration
from trading.checks.drift import DriftEvidence
from trading.checks.evidence import CheckEvidence, Evidence, LiveRecord, gather
from trading.checks.leakage import LeakageEvidence
from trading.checks.scenarios import SCENARIOS
from trading.checks.stress import StressEvidence
from trading.results import CheckResult
from trading.steps.features import FEATURE_NAMES


def good_evidence(*, sharpe: float = 1.8, live: bool = True) -> Evidence:
    """Evidence that passes all gates; a Sharpe ratio under 1 does not."""
    return gather(
        "SIM",
        inputs={"model": "ab" * 32, "bars": "cd" * 32},
        metrics={
            "trades": 120,
            "sharpe": sharpe,
            "win_rate": 0.56,
            "profit_factor": 1.9,
            "max_drawdown": 0.08,
            "volatility": 0.12,
            "max_consecutive_losses": 4,
        },
        checks=[
            StressEvidence(
                results=tuple(CheckResult(name=name, passed=True, observed=0.1, threshold=0.25) for name in SCENARIOS)
            ),
            CalibrationEvidence(
                brier=0.21,
                ece=0.04,
                outcomes=300,
                informative=True,
                base_validation=0.6,
                bss=0.06,
                bss_low=0.02,
                n_effective=120.0,
                share_at_mode=0.1,
                per_side=(
                    side_of("long", 160, ece_equal_mass=0.06),
                    side_of("short", 140, ece_equal_mass=0.05),
                ),
                trades=120,
                trades_brier=0.22,
            ),
            LeakageEvidence(
                prefix=CheckResult(name="prefix", passed=True, observed=0, threshold=0),
                splits=CheckResult(name="splits", passed=True, observed=0, threshold=0),
                target=CheckResult(name="target", passed=True, observed=0.05, threshold=0.3),
            ),
            drift_of(0.05, 0.1),
        ],
        live=LiveRecord(version="3", bars=500, sharpe=1.5, backtest_sharpe=1.6) if live else None,
    )


def with_section(evidence: Evidence, section: CheckEvidence) -> Evidence:
    """The same evidence with another section of one check."""
    return evidence.model_copy(update={"checks": {**evidence.checks, section.check: section.as_json()}})


def without_section(evidence: Evidence, check: str) -> Evidence:
    """The same evidence of a night in which one check did not run."""
    return evidence.model_copy(
        update={"checks": {name: section for name, section in evidence.checks.items() if name != check}}
    )


def only(section: CheckEvidence) -> Evidence:
    """Evidence of one check alone."""
    return gather("X", inputs={}, metrics={}, checks=[section], live=None)


def side_of(side: Side, outcomes: int, *, ece_equal_mass: float) -> SideCalibration:
    """Calibration of one side whose error owes nothing to chance."""
    return SideCalibration(
        side=side,
        base=0.6,
        outcomes=outcomes,
        n_effective=50.0,
        frequency=0.62,
        brier=0.21,
        bss=0.05,
        ece_equal_mass=ece_equal_mass,
        ece_chance=0.0,
    )


def drift_of(psi: float, ks: float) -> DriftEvidence:
    """The same drift of every feature."""
    return DriftEvidence(
        expected=FEATURE_NAMES,
        psi=dict.fromkeys(FEATURE_NAMES, psi),
        ks=dict.fromkeys(FEATURE_NAMES, ks),
        critical_psi=0.5,
        critical_ks=0.4,
    )
