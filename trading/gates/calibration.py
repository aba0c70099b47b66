"""The gate of calibration: whether the stated confidence is how often the candidate is right, and tells anything."""

from __future__ import annotations

from trading.checks.calibration import SIDES, CalibrationEvidence, SideCalibration
from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_least, at_most, over
from trading.results import MEASURE_AGAIN, CheckResult, Number, is_finite, missing, rule

FEWEST_TRADES = 30
"""Under so many trades their own outcomes say nothing of a probability."""


def calibration_rules(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Reject a candidate whose confidence is not true, or tells no more than the base rate of its side.

    Args:
        evidence: its calibration.
        limits: the thresholds of this gate.
    """
    found = evidence.section(CalibrationEvidence)
    remedy = "Give the calibrator more bars (splits.train, splits.validation), or try another calibration.method."
    unskilled = (
        "The features tell nothing about this engine's signals on later bars: train on more history, try another "
        "engine, or leave this market alone."
    )
    return [
        at_least("outcomes", found.outcomes, 1, remedy=remedy),
        at_most("brier", found.brier, limits["max_brier"], remedy=remedy),
        at_most("ece", found.ece, limits["max_ece"], remedy=remedy),
        over("brier_skill", found.bss, limits["min_brier_skill"], remedy=unskilled),
        over("brier_skill_low", found.bss_low, limits["min_brier_skill"], remedy=unskilled),
        _informative_rule(found.informative, limits["min_brier_skill"], unskilled),
        at_most("share_at_mode", found.share_at_mode, limits["max_share_at_mode"], remedy=remedy),
        *_side_rules(found, limits["max_ece"], remedy),
        _trades_rule(found, limits["max_brier"]),
    ]


def _informative_rule(informative: bool | None, skill: float, remedy: str) -> CheckResult:
    """Whether the calibrator tells more than base rates; a note for an owner who asks for no skill."""
    if informative is None:
        return missing("informative", "true", MEASURE_AGAIN)
    if not informative and skill < 0.0:
        flat = "the calibrator is flat, and no skill is asked of it"
        return CheckResult(name="informative", passed=True, severity="warn", observed="false", message=flat)
    return rule(
        "informative",
        passed=informative,
        observed=str(informative).lower(),
        threshold="true",
        code=ReasonCode.BELOW_MINIMUM,
        message="the calibrator is flat: nothing told more about later outcomes than the base rate of each side",
        remedy=remedy,
    )


def _side_rules(found: CalibrationEvidence, limit: float, remedy: str) -> list[CheckResult]:
    """Calibration of each side that the model took."""
    if not found.per_side:
        return [missing(f"ece_{side}", limit, MEASURE_AGAIN) for side in SIDES]
    return [at_most(f"ece_{side.side}", _beyond_chance(side), limit, remedy=remedy) for side in found.per_side]


def _beyond_chance(side: SideCalibration) -> Number:
    """What of a side's calibration error chance does not explain; unusable if one of both is."""
    error, chance = side.ece_equal_mass, side.ece_chance
    if error is None or chance is None or not is_finite(chance):
        return None if error is None else chance
    return max(error - chance, 0.0) if is_finite(error) else error


def _trades_rule(found: CalibrationEvidence, limit: float) -> CheckResult:
    """The Brier score of the trades themselves; a note where they are too few for one."""
    if found.trades is not None and 0 <= found.trades < FEWEST_TRADES:
        return CheckResult(
            name="trades_brier",
            passed=True,
            severity="warn",
            observed=found.trades,
            threshold=FEWEST_TRADES,
            message=f"{found.trades} trades are too few to judge confidence by, {FEWEST_TRADES} are needed",
        )
    remedy = "Its trades do not do what its signals do: compare policy.max_duration with calibration.horizon_bars."
    return at_most("trades_brier", found.trades_brier, limit, remedy=remedy)


CALIBRATION = Gate(
    name="calibration",
    judge=calibration_rules,
    checks=(CalibrationEvidence.check,),
    thresholds=("max_brier", "max_ece", "min_brier_skill", "max_share_at_mode"),
)
