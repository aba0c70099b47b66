"""Evidence for tests: of a candidate that passes every gate, to be spoiled in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trading.checks.baselines import BaselineResult, BaselinesEvidence
from trading.checks.benchmark import BenchmarkEvidence
from trading.checks.calibration import CalibrationEvidence, Side, SideCalibration
from trading.checks.drift import Chance, ConditionalShift, DriftEvidence, Stretch
from trading.checks.drift.levels import LEVELS
from trading.checks.evidence import CheckEvidence, Evidence, LiveRecord, gather
from trading.checks.leakage import LEAKAGE_CHECKS, LeakageEvidence
from trading.checks.overfitting import OverfittingEvidence
from trading.checks.regime_starts import RegimeStartsEvidence, StartResult
from trading.checks.scenarios import SCENARIOS
from trading.checks.significance import SignificanceEvidence
from trading.checks.stress import StressEvidence
from trading.checks.walk_forward import WalkForwardEvidence
from trading.model.fits import LATEST_SPLIT, FitRecord, required_parts
from trading.results import CheckResult, Number
from trading.steps.features import FEATURE_NAMES

SPLIT_ENDS = {"train": 1_000, "validation": 2_000, "test": 3_000}
PROVEN_RECORD = LiveRecord(
    version="3",
    bars=5_000,
    sharpe=1.5,
    backtest_sharpe=1.6,
    years=0.57,
    se=1.3,
    low=-2.6,
    high=5.6,
    flat_share=0.6,
    trades=90,
    shrunken_sharpe=1.4,
    e_value=31.0,
    decay_e_value=0.3,
    looks=208,
)
"""A champion's record that proves a gain."""


START = StartResult(log_likelihood=-1.0, agreement=1.0, sharpe=1.6, max_drawdown=0.05, trades=60)


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
            StressEvidence(results=tuple(survived(name) for name in SCENARIOS)),
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
            honest_leakage(),
            drift_of(0.05, 0.1),
            SignificanceEvidence(
                sharpe=sharpe,
                sharpe_se=0.6,
                psr0=0.99,
                psr1=0.9,
                dsr=0.97,
                trials=3,
                trials_effective=1.3,
                min_track_years=0.8,
                outcomes="11010" * 24,
            ),
            BenchmarkEvidence(sharpe=sharpe, buy_hold_sharpe=0.4, beta=0.1, alpha=0.2, alpha_t=2.5, timing_p=0.01),
            WalkForwardEvidence(asked=0),
            OverfittingEvidence(seeds=2, bars=9_000, divisions=12_870, probability=0.3, logit=0.6),
            RegimeStartsEvidence(starts=30, results=(START, START)),
            BaselinesEvidence(
                results=(
                    BaselineResult(name="mean_action", sharpe=1.4, difference=0.4),
                    BaselineResult(name="follow_signal", sharpe=1.2, difference=0.6),
                )
            ),
        ],
        live=PROVEN_RECORD if live else None,
    )


def survived(scenario: str) -> CheckResult:
    """A scenario that its candidate came through."""
    numbers = {
        "seeds": 16,
        "quantile": 0.9,
        "max_drawdown": 0.1,
        "base_drawdown": 0.08,
        "excess_drawdown": 0.04,
        "total_return": 0.2,
        "base_return": 0.3,
        "sharpe": 1.1,
        "inside": -0.05,
        "base_inside": 0.01,
        "shock_loss": 0.05,
        "recovery": 0.2,
        "base_recovery": 0.1,
        "excess_recovery": 0.1,
        "breaches": 0,
        "trades": 110,
        "shocks": 64,
        "met": 0.95,
        "limits": {
            "trades": 20,
            "met": 0.5,
            "max_drawdown": 0.25,
            "excess_drawdown": 0.15,
            "total_return": -0.2,
            "shock_loss": 0.25,
            "excess_recovery": 0.5,
            "breaches": 0,
        },
        "broken": [],
    }
    return CheckResult(name=scenario, passed=True, observed=0.1, threshold=0.25, evidence=numbers)


def with_section(evidence: Evidence, section: CheckEvidence) -> Evidence:
    """The same evidence with another section of one check."""
    return evidence.model_copy(update={"checks": {**evidence.checks, section.check: section.as_json()}})


def without_section(evidence: Evidence, check: str) -> Evidence:
    """The same evidence of a night in which one check did not run."""
    return evidence.model_copy(
        update={"checks": {name: section for name, section in evidence.checks.items() if name != check}}
    )


def with_number(evidence: Evidence, place: Sequence[str], value: Number) -> Evidence:
    """The same evidence with another number at one place, such as ``("checks", "drift", "psi", "trend_slow")``."""
    data: Any = evidence.model_dump()
    inner = data
    for key in place[:-1]:
        inner = list(inner)[int(key)] if key.isdigit() else inner[key]
    inner[place[-1]] = value
    return Evidence.model_validate(data)


def only(section: CheckEvidence) -> Evidence:
    """Evidence of one check alone."""
    return gather("X", inputs={}, metrics={}, checks=[section], live=None)


def honest_leakage() -> LeakageEvidence:
    """Nothing found, and every fit inside its split."""
    results = {name: CheckResult(name=name, passed=True, observed=0, threshold=0) for name in LEAKAGE_CHECKS}
    parts = required_parts(trained_policy=True)
    return LeakageEvidence(
        **results,
        fits=tuple(FitRecord(part=part, first_ts=0, last_ts=SPLIT_ENDS[LATEST_SPLIT[part]]) for part in parts),
        required_fits=parts,
        split_ends=SPLIT_ENDS,
    )


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
    """The same drift of every feature over bars that tell it from chance, and nothing else that moved."""
    chance = same(FEATURE_NAMES, Chance(expected=0.0, limit=0.1, spread=0.05))
    return DriftEvidence(
        expected=FEATURE_NAMES,
        psi=dict.fromkeys(FEATURE_NAMES, psi),
        ks=dict.fromkeys(FEATURE_NAMES, ks),
        critical_psi=0.5,
        critical_ks=0.4,
        reference=FitRecord(part="drift", first_ts=0, last_ts=SPLIT_ENDS["train"]),
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
