"""The gate of stress: whether the candidate survives what the history did not show."""

from __future__ import annotations

from trading.checks.evidence import Evidence
from trading.checks.scenarios import SCENARIOS
from trading.checks.stress import StressEvidence
from trading.gates.gate import Gate, Limits
from trading.gates.rules import all_present
from trading.results import MEASURE_AGAIN, CheckResult


def stress_rules(evidence: Evidence, _limits: Limits) -> list[CheckResult]:
    """Reject a candidate that any scenario breaks, or that was spared one of them.

    Args:
        evidence: its stress test, judged by the limits of ``[stress]``.
    """
    return all_present(tuple(SCENARIOS), evidence.section(StressEvidence).results, remedy=MEASURE_AGAIN)


STRESS = Gate(name="stress", judge=stress_rules, checks=(StressEvidence.check,))
