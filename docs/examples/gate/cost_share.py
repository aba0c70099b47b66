"""A gate: whether costs eat too much of what the candidate earns."""

from __future__ import annotations

from trading.checks.evidence import Evidence
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_most
from trading.results import CheckResult


def cost_share_rules(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Reject a candidate that pays away too large a share of its gross gains on the test split.

    Args:
        evidence: its metrics.
        limits: the thresholds of this gate.
    """
    return [
        at_most(
            "cost_share",
            evidence.metrics.get("cost_share"),
            limits["max_cost_share"],
            remedy="Trade a longer interval, or raise risk.min_confidence so that it trades less.",
        )
    ]


COST_SHARE = Gate(name="cost_share", judge=cost_share_rules, thresholds=("max_cost_share",))
