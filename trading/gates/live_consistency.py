"""The gate of live consistency: whether this symbol's backtests can be believed."""

from __future__ import annotations

from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_least
from trading.results import CheckResult, Number, is_finite, unusable


def live_consistency_rules(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Reject candidates while what trades now falls too far short of its own backtest.

    The record is the champion's: it tells whether this symbol's backtests can be believed. With no record, or one
    of too few bars, the gate passes under a condition that :class:`trading.gates.verdict.Verdict` enforces.

    Args:
        evidence: the live record.
        limits: the thresholds of this gate.
    """
    live, min_bars = evidence.live, limits["min_live_bars"]
    if live is None:
        return [_no_record("there is no live record of this symbol yet", None, min_bars)]
    if live.bars is None or not is_finite(live.bars):
        return [unusable("live_bars", live.bars, min_bars)]
    if live.bars < min_bars:
        text = f"the live record has {live.bars} bars, and {min_bars} are needed to compare"
        return [_no_record(text, live.bars, min_bars)]
    base = at_least(
        "backtest_sharpe",
        live.backtest_sharpe,
        0.0,
        remedy="Archive the version in Production: its backtest promises nothing to compare with.",
    )
    promised = live.backtest_sharpe if base.passed and live.backtest_sharpe is not None else 0.0
    return [
        at_least("live_bars", live.bars, min_bars, remedy=""),
        base,
        at_least(
            "live_sharpe",
            live.sharpe,
            limits["min_live_ratio"] * promised,
            code=ReasonCode.LIVE_BELOW_BACKTEST,
            remedy="Compare costs and slippage in the journal with [costs], or archive the version in Production: "
            "with nothing in Production a candidate starts again on paper.",
        ),
    ]


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
    name="live_consistency", judge=live_consistency_rules, thresholds=("min_live_ratio", "min_live_bars")
)
