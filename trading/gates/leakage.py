"""The gate of leakage: whether the candidate's numbers may have seen the future."""

from __future__ import annotations

from trading.checks.evidence import Evidence
from trading.checks.leakage import LEAKAGE_CHECKS, LeakageEvidence
from trading.gates.gate import Gate, Limits
from trading.gates.rules import all_present
from trading.results import MEASURE_AGAIN, CheckResult


def leakage_rules(evidence: Evidence, _limits: Limits) -> list[CheckResult]:
    """Reject a candidate for which one of the leakage checks found something, or did not run.

    Args:
        evidence: its leakage, judged by the limits of ``[leakage]``.
    """
    return all_present(LEAKAGE_CHECKS, evidence.section(LeakageEvidence).results, remedy=MEASURE_AGAIN)


LEAKAGE = Gate(name="leakage", judge=leakage_rules, checks=(LeakageEvidence.check,))
