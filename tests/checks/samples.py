"""Evidence for tests: of a candidate that passes every gate, to be spoiled in one place."""

from __future__ import annotations

from collections.abc import Sequence

from trading.checks.calibration import CalibrationEvidence
from trading.checks.drift import Chance, ConditionalShift, DriftEvidence, Stretch
from trading.checks.drift.levels import LEVELS
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
            CalibrationEvidence(brier=0.21, ece=0.04, outcomes=300),
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


def drift_of(psi: float, ks: float) -> DriftEvidence:
    """The same drift of every feature over bars that tell it from chance, and nothing else that moved."""
    chance = same(FEATURE_NAMES, Chance(expected=0.0, limit=0.1, spread=0.05))
    return DriftEvidence(
        expected=FEATURE_NAMES,
        psi=dict.fromkeys(FEATURE_NAMES, psi),
        ks=dict.fromkeys(FEATURE_NAMES, ks),
        critical_psi=0.5,
        critical_ks=0.4,
        psi_chance=chance,
        ks_chance=chance,
        recent=still((*FEATURE_NAMES, *LEVELS), tails=True),
        outputs={name: still(("direction", "confidence", "action_size")) for name in ("test", "recent")},
        conditional=ConditionalShift(
            outcomes=400,
            brier=0.21,
            reference_outcomes=3_000,
            reference_brier=0.2,
            error=0.02,
            limit=0.05,
            minimum=0.02,
        ),
    )


def same(names: Sequence[str], chance: Chance) -> dict[str, Chance]:
    """The same chance of every measure."""
    return dict.fromkeys(names, chance)


def still(names: Sequence[str], *, tails: bool = False) -> Stretch:
    """A stretch in which these measures have not moved."""
    return Stretch(
        bars=720,
        windows=39.0,
        psi=dict.fromkeys(names, 0.4),
        tails=dict.fromkeys(names, 0.01) if tails else {},
        psi_chance=same(names, Chance(expected=0.3, limit=1.0, spread=0.2)),
        tails_chance=same(names, Chance(expected=0.01, limit=0.1, spread=0.02)) if tails else {},
        minimum_psi=0.2,
        minimum_tails=0.05,
    )
