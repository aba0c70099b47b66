"""The gate of performance: whether the candidate earned enough on bars it had never seen."""

from __future__ import annotations

from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_least
from trading.results import CheckResult


def performance_rules(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Reject a candidate that did not earn enough.

    All on the test split after costs: Sharpe ratio annualised, win rate as a share of trades, gross gains over
    gross losses.

    Args:
        evidence: its metrics.
        limits: the thresholds of this gate.
    """
    found = evidence.metrics.get
    return [
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
            limits["min_sharpe"],
            remedy="Train on more history, or trade a longer interval, where costs weigh less.",
        ),
        at_least(
            "win_rate",
            found("win_rate"),
            limits["min_win_rate"],
            remedy="Raise risk.min_confidence, or allow closer targets with policy.min_target.",
        ),
        at_least(
            "profit_factor",
            found("profit_factor"),
            limits["min_profit_factor"],
            remedy="Raise risk.min_confidence, or allow closer stops with policy.min_stop.",
        ),
    ]


PERFORMANCE = Gate(
    name="performance",
    judge=performance_rules,
    thresholds=("min_sharpe", "min_win_rate", "min_profit_factor"),
)
