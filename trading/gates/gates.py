"""The seven gates: pure functions from evidence and thresholds to pass or fail, with a reason and a remedy."""

from __future__ import annotations

from collections.abc import Callable

from trading.checks.evidence import (
    LEAKAGE_CHECKS,
    SCENARIOS,
    CalibrationEvidence,
    DriftEvidence,
    Evidence,
    LeakageEvidence,
)
from trading.codes import ReasonCode
from trading.gates.rules import MEASURE_AGAIN, GateResult, all_present, at_least, at_most, decide
from trading.results import CheckResult, is_finite, rule, unusable
from trading.settings.models import GateSpec
from trading.steps.features import FEATURE_NAMES


def performance_gate(evidence: Evidence, limits: GateSpec) -> GateResult:
    """Reject a candidate that did not earn enough on bars it had never seen.

    All on the test split after costs: Sharpe ratio annualised, win rate as a share of trades, gross gains over
    gross losses.
    """
    found = evidence.metrics.get
    return decide(
        "performance",
        at_least(
            "trades",
            found("trades"),
            1,
            code=ReasonCode.NO_TRADES,
            message="the candidate made no trade on the test split, so there is no performance to judge",
            remedy="Lower risk.min_confidence or regimes.direction_threshold, or give it more history.",
        ),
        at_least(
            "sharpe",
            found("sharpe"),
            limits.min_sharpe,
            remedy="Train on more history, or trade a longer interval, where costs weigh less.",
        ),
        at_least(
            "win_rate",
            found("win_rate"),
            limits.min_win_rate,
            remedy="Raise risk.min_confidence, or allow closer targets with policy.min_target.",
        ),
        at_least(
            "profit_factor",
            found("profit_factor"),
            limits.min_profit_factor,
            remedy="Raise risk.min_confidence, or allow closer stops with policy.min_stop.",
        ),
    )


def risk_gate(evidence: Evidence, limits: GateSpec) -> GateResult:
    """Reject a candidate whose worst stretch would have hurt more than the owner allows.

    Drawdown and volatility are fractions of equity on the test split, volatility annualised.
    """
    found = evidence.metrics.get
    return decide(
        "risk",
        at_most(
            "max_drawdown",
            found("max_drawdown"),
            limits.max_drawdown,
            remedy="Lower risk.size_cap, or raise policy.risk_aversion.",
        ),
        at_most(
            "volatility",
            found("volatility"),
            limits.max_volatility,
            remedy="Lower risk.volatility_target.",
        ),
        at_most(
            "max_consecutive_losses",
            found("max_consecutive_losses"),
            limits.max_consecutive_losses,
            remedy="Raise risk.min_confidence or risk.cooldown_bars.",
        ),
    )


def calibration_gate(evidence: Evidence, limits: GateSpec) -> GateResult:
    """Reject a candidate whose stated confidence is not how often it is right."""
    found = evidence.calibration or CalibrationEvidence()
    remedy = "Give the calibrator more validation bars (splits.validation), or try the other calibration.method."
    rules = [
        at_least("outcomes", found.outcomes, 1, remedy=remedy),
        at_most("brier", found.brier, limits.max_brier, remedy=remedy),
        at_most("ece", found.ece, limits.max_ece, remedy=remedy),
    ]
    if evidence.calibration is not None and not found.informative:
        flat = "the calibrator is flat: raw confidence told nothing about the outcome on the validation split"
        rules.append(CheckResult(name="informative", passed=True, severity="warn", message=flat))
    return decide("calibration", *rules)


def stress_gate(evidence: Evidence, _limits: GateSpec) -> GateResult:
    """Reject a candidate that any of the eight scenarios breaks, or that was spared one of them."""
    return decide("stress", *all_present(SCENARIOS, evidence.stress, remedy=MEASURE_AGAIN))


def leakage_gate(evidence: Evidence, _limits: GateSpec) -> GateResult:
    """Reject a candidate whose numbers may have seen the future."""
    found = evidence.leakage or LeakageEvidence()
    return decide("leakage", *all_present(LEAKAGE_CHECKS, found.checks, remedy=MEASURE_AGAIN))


def drift_gate(evidence: Evidence, limits: GateSpec) -> GateResult:
    """Reject a candidate whose market is no longer the one it learned.

    PSI is the mean over features, test split against training split; one feature alone can be critical. Every feature
    that the platform computes has to be there.
    """
    found = evidence.drift or DriftEvidence()
    retrain = "Train on more recent bars (lower market.history_bars), or find out what changed in the data."
    names = ", ".join(found.critical)
    missing = [name for name in FEATURE_NAMES if name not in found.features]
    limits_known = {"critical_psi": found.critical_psi, "critical_ks": found.critical_ks}
    return decide(
        "drift",
        rule(
            "features",
            not missing,
            len(FEATURE_NAMES) - len(missing),
            len(FEATURE_NAMES),
            ReasonCode.EVIDENCE_MISSING,
            f"drift of {', '.join(missing)} was never measured",
            MEASURE_AGAIN,
            {"features": missing},
        ),
        rule(
            "measured",
            not found.unmeasured,
            len(found.unmeasured),
            0,
            ReasonCode.EVIDENCE_NOT_FINITE,
            f"drift of {', '.join(found.unmeasured)} could not be measured",
            "Look for a constant, empty or broken column in the features of this symbol.",
            {"features": list(found.unmeasured)},
        ),
        rule(
            "critical",
            not found.critical,
            len(found.critical),
            0,
            ReasonCode.DRIFT_CRITICAL,
            f"critical drift of {names}",
            retrain,
            {"features": list(found.critical), **limits_known},
        ),
        at_most("mean_psi", found.mean_psi, limits.max_psi, remedy=retrain),
    )


def live_consistency_gate(evidence: Evidence, limits: GateSpec) -> GateResult:
    """Reject candidates while what trades now falls too far short of its own backtest.

    The record is the champion's: it tells whether this symbol's backtests can be believed. With no record, or one
    of too few bars, the gate passes under a condition that :class:`trading.gates.verdict.Verdict` enforces.
    """
    live = evidence.live
    if live is None:
        return _no_record("there is no live record of this symbol yet", None, limits)
    if live.bars is None or not is_finite(live.bars):
        return decide("live_consistency", unusable("live_bars", live.bars, limits.min_live_bars))
    if live.bars < limits.min_live_bars:
        text = f"the live record has {live.bars} bars, and {limits.min_live_bars} are needed to compare"
        return _no_record(text, live.bars, limits)
    base = at_least(
        "backtest_sharpe",
        live.backtest_sharpe,
        0.0,
        remedy="Archive the version in Production: its backtest promises nothing to compare with.",
    )
    promised = live.backtest_sharpe if base.passed and live.backtest_sharpe is not None else 0.0
    return decide(
        "live_consistency",
        at_least("live_bars", live.bars, limits.min_live_bars, remedy=""),
        base,
        at_least(
            "live_sharpe",
            live.sharpe,
            limits.min_live_ratio * promised,
            code=ReasonCode.LIVE_BELOW_BACKTEST,
            remedy="Compare costs and slippage in the journal with [costs], or archive the version in Production: "
            "with nothing in Production a candidate starts again on paper.",
        ),
    )


def _no_record(message: str, bars: float | int | None, limits: GateSpec) -> GateResult:
    return decide(
        "live_consistency",
        CheckResult(
            name="live_bars",
            passed=False,
            severity="warn",
            observed=bars,
            threshold=limits.min_live_bars,
            code=ReasonCode.LIVE_RECORD_MISSING,
            message=f"{message}; such a model may enter Production only when nothing is there, on paper only",
            remedy="Let `sevengates live` trade the version in Production on paper.",
        ),
    )


Gate = Callable[[Evidence, GateSpec], GateResult]

GATES: dict[str, Gate] = {
    "performance": performance_gate,
    "risk": risk_gate,
    "calibration": calibration_gate,
    "stress": stress_gate,
    "leakage": leakage_gate,
    "drift": drift_gate,
    "live_consistency": live_consistency_gate,
}
"""The gates by name, in the order in which a verdict lists them."""
