"""The gate of stress: whether the candidate survives what the history did not show."""

from __future__ import annotations

from trading.checks.evidence import Evidence
from trading.checks.scenarios import SCENARIOS
from trading.checks.stress import StressEvidence, contradictions
from trading.codes import ReasonCode
from trading.gates.gate import Gate, Limits
from trading.gates.rules import all_present
from trading.results import MEASURE_AGAIN, CheckResult, is_finite


def stress_rules(evidence: Evidence, _limits: Limits) -> list[CheckResult]:
    """Reject a candidate that any scenario breaks, or that was spared one of them.

    Args:
        evidence: its stress test, judged by the limits of ``[stress]``.
    """
    results = [_believed(result) for result in evidence.section(StressEvidence).results]
    return all_present(tuple(SCENARIOS), results, remedy=MEASURE_AGAIN)


def _believed(result: CheckResult) -> CheckResult:
    """A scenario that says it passed has to show the numbers that say so too."""
    measured = isinstance(result.observed, float | int) and is_finite(result.observed)
    wrong = contradictions(result) if result.passed and measured else []
    if not wrong:
        return result
    message = f"{result.name} says that it passed, but does not keep the limits beside it: {', '.join(wrong)}"
    return result.model_copy(
        update={"passed": False, "code": ReasonCode.STRESS_FAILED, "message": message, "remedy": MEASURE_AGAIN}
    )


STRESS = Gate(name="stress", judge=stress_rules, checks=(StressEvidence.check,))
