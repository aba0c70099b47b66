"""The gate of risk: how bad the candidate's worst stretch was."""

from __future__ import annotations

from trading.checks.evidence import Evidence
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_most
from trading.results import CheckResult


def risk_rules(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Reject a candidate whose worst stretch would have hurt more than the owner allows.

    Drawdown and volatility are fractions of equity on the test split, volatility annualised.

    Args:
        evidence: its metrics.
        limits: the thresholds of this gate.
    """
    found = evidence.metrics.get
    return [
        at_most(
            "max_drawdown",
            found("max_drawdown"),
            limits["max_drawdown"],
            remedy="Lower risk.size_cap, or raise policy.risk_aversion.",
        ),
        at_most(
            "volatility",
            found("volatility"),
            limits["max_volatility"],
            remedy="Lower risk.volatility_target.",
        ),
        at_most(
            "max_consecutive_losses",
            found("max_consecutive_losses"),
            limits["max_consecutive_losses"],
            remedy="Raise risk.min_confidence or risk.cooldown_bars.",
        ),
    ]


RISK = Gate(name="risk", judge=risk_rules, thresholds=("max_drawdown", "max_volatility", "max_consecutive_losses"))
