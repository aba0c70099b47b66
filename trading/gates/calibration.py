"""The gate of calibration: whether the stated confidence is how often the candidate is right."""

from __future__ import annotations

from trading.checks.calibration import CalibrationEvidence
from trading.checks.evidence import Evidence
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_least, at_most
from trading.results import CheckResult


def calibration_rules(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Reject a candidate whose confidence is not true; note one whose confidence tells nothing.

    Args:
        evidence: its calibration.
        limits: the thresholds of this gate.
    """
    found = evidence.section(CalibrationEvidence)
    remedy = "Give the calibrator more validation bars (splits.validation), or try the other calibration.method."
    rules = [
        at_least("outcomes", found.outcomes, 1, remedy=remedy),
        at_most("brier", found.brier, limits["max_brier"], remedy=remedy),
        at_most("ece", found.ece, limits["max_ece"], remedy=remedy),
    ]
    if not found.informative:
        flat = "the calibrator is flat: raw confidence told nothing about the outcome on the validation split"
        rules.append(CheckResult(name="informative", passed=True, severity="warn", message=flat))
    return rules


CALIBRATION = Gate(
    name="calibration",
    judge=calibration_rules,
    checks=(CalibrationEvidence.check,),
    thresholds=("max_brier", "max_ece"),
)
