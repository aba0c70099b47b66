"""The gate of live consistency: what the record of the version in Production says about this symbol's backtests."""

from __future__ import annotations

from enum import StrEnum

from trading.checks.evidence import Evidence, LiveRecord
from trading.codes import ReasonCode
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_least
from trading.results import CheckResult, Number, is_finite, unusable
from trading.statistics.sequential import DECISIVE


class LiveAnswer(StrEnum):
    """What a live record says."""

    NO_RECORD = "NO_RECORD"
    FAIL = "FAIL"
    CONDITIONAL = "CONDITIONAL"
    PROVEN = "PROVEN"


def live_answer(live: LiveRecord | None, limits: Limits) -> LiveAnswer:
    """Judge a live record, a champion's or a challenger's own.

    FAIL if the live Sharpe ratio, with its error added, is under the owner's share of the backtest's, and of the
    backtest's as drawn back for having been chosen. PROVEN if it has that share and its e-value says that it gains.
    Between them CONDITIONAL. A record that is too short, never moved or is not of the market's bars is none.

    Args:
        live: the record, or None.
        limits: the thresholds of this gate.
    """
    if live is None or _why_none(live, limits):
        return LiveAnswer.NO_RECORD
    rules = {rule.name: rule for rule in _compared(live, limits)}
    if rules["live_high"].code is ReasonCode.LIVE_BELOW_BACKTEST:
        return LiveAnswer.FAIL
    return LiveAnswer.PROVEN if all(rule.passed for rule in rules.values()) else LiveAnswer.CONDITIONAL


def decayed(live: LiveRecord | None, limits: Limits) -> bool:
    """Whether a record proves that its model does not keep the owner's share of what was promised.

    Args:
        live: the record, or None.
        limits: the thresholds of this gate.
    """
    if live is None or _why_none(live, limits):
        return False
    value = live.decay_e_value
    return value is not None and is_finite(value) and value >= DECISIVE


def live_consistency_rules(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Say under which condition candidates may enter, by the record of what trades now.

    Every answer but PROVEN passes under the condition that :class:`trading.gates.verdict.Verdict` enforces: such a
    candidate enters an empty Production only, on paper. A champion that fails is no fault of the candidate: promotion
    demotes the champion (:mod:`trading.registry.promotion`).

    Args:
        evidence: the live record of the version in Production.
        limits: the thresholds of this gate.
    """
    live, min_bars = evidence.live, limits["min_live_bars"]
    if live is None:
        return [_no_record("there is no live record of this symbol yet", None, min_bars)]
    if not live.refused and (live.bars is None or not is_finite(live.bars)):
        return [unusable("live_bars", live.bars, min_bars)]
    why = _why_none(live, limits)
    if why:
        return [_no_record(why, live.bars, min_bars)]
    return [at_least("live_bars", live.bars, min_bars, remedy=""), *_compared(live, limits)]


def _why_none(live: LiveRecord, limits: Limits) -> str:
    """Why a record counts as none; empty if it counts."""
    bars, needed = live.bars, limits["min_live_bars"]
    if live.refused:
        return live.refused
    if bars is None or not is_finite(bars) or not bars >= needed:
        return f"the live record has {bars} bars, and {needed} are needed to compare"
    if live.sharpe is None or not is_finite(live.sharpe):
        return f"the account of the live record never moved in {bars} bars"
    if live.backtest_sharpe is None or not is_finite(live.backtest_sharpe) or not live.backtest_sharpe > 0.0:
        return f"the backtest of the version in Production, {live.backtest_sharpe}, promises nothing to compare with"
    return ""


def _compared(live: LiveRecord, limits: Limits) -> list[CheckResult]:
    promised, ratio = live.backtest_sharpe or 0.0, limits["min_live_ratio"]
    shrunken = live.shrunken_sharpe
    least = min(promised, shrunken) if shrunken is not None and is_finite(shrunken) else promised
    rules = [
        at_least(
            "live_high",
            live.high,
            ratio * least,
            code=ReasonCode.LIVE_BELOW_BACKTEST,
            message="the version in Production fails live: with its error added, its Sharpe ratio is under "
            f"{ratio:.0%} of its backtest's; it is demoted, and an approved candidate enters on paper",
            remedy="Look at what changed in the market since its night.",
        ),
        at_least(
            "live_sharpe",
            live.sharpe,
            ratio * promised,
            code=ReasonCode.LIVE_UNPROVEN,
            remedy=_MORE,
        ),
        at_least(
            "live_e_value",
            live.e_value,
            DECISIVE,
            code=ReasonCode.LIVE_UNPROVEN,
            remedy=_MORE,
        ),
    ]
    return [rule if rule.passed else rule.model_copy(update={"severity": "warn"}) for rule in rules]


_MORE = "Let `sevengates live` trade on: until it is proven, such a model enters an empty Production only, on paper."


def _no_record(message: str, bars: Number, min_bars: float) -> CheckResult:
    return CheckResult(
        name="live_bars",
        passed=False,
        severity="warn",
        observed=bars,
        threshold=min_bars,
        code=ReasonCode.LIVE_RECORD_MISSING,
        message=f"{message}; such a model may enter Production only when nothing is there, on paper only",
        remedy="Let `sevengates live` trade the version in Production on paper.",
    )


LIVE_CONSISTENCY = Gate(
    name="live_consistency",
    judge=live_consistency_rules,
    thresholds=("min_live_ratio", "min_live_bars"),
)
