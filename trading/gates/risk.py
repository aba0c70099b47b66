"""The gate of risk: how bad the candidate's worst stretch was."""

from __future__ import annotations

from trading.checks.evidence import Evidence
from trading.checks.significance import SignificanceEvidence
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_most
from trading.results import MEASURE_AGAIN, CheckResult, Number, missing
from trading.statistics.runs import losing_run_probability


def risk_rules(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Reject a candidate whose worst stretch would have hurt more than the owner allows.

    Drawdown and volatility are fractions of equity on the test split, volatility annualised.

    Args:
        evidence: its metrics, and whether each of its trades gained.
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
        _losing_run(found("max_consecutive_losses"), evidence.section(SignificanceEvidence).outcomes, limits),
    ]


def _losing_run(longest: Number, outcomes: str | None, limits: Limits) -> CheckResult:
    """The longest run of losses among all trades or the last ones, and beside it how likely it is by chance alone."""
    name, limit, window = "max_consecutive_losses", limits["max_consecutive_losses"], int(limits["losses_over_trades"])
    if outcomes is None:
        return missing(name, limit, MEASURE_AGAIN)
    seen = outcomes[-window:] if window else outcomes
    if window:
        longest = max(map(len, seen.split("1")))
    asked = at_most(name, longest, limit, remedy="Raise risk.min_confidence or risk.cooldown_bars.")
    if not seen:
        return asked
    win_rate = seen.count("1") / len(seen)
    chance = losing_run_probability(int(limit), trades=len(seen), win_rate=win_rate)
    beside = (
        f"with {len(seen)} trades of which {win_rate:.0%} gain, independent ones break the limit of {limit} with a "
        f"probability of {chance:.1%}"
    )
    remedy = asked.remedy
    if not asked.passed and chance > 0.5:
        remedy = f"{remedy} So many trades break this limit mostly by chance: gates.losses_over_trades judges the last."
    return asked.model_copy(
        update={
            "message": f"{asked.message}; {beside}" if asked.message else beside,
            "remedy": remedy,
            "evidence": {"trades": len(seen), "win_rate": win_rate, "probability": chance},
        }
    )


RISK = Gate(
    name="risk",
    judge=risk_rules,
    checks=(SignificanceEvidence.check,),
    thresholds=("max_drawdown", "max_volatility", "max_consecutive_losses", "losses_over_trades"),
)
