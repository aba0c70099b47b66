"""The gate of drift: whether this is still the market that the candidate learned."""

from __future__ import annotations

from trading.checks.drift import DriftEvidence, Stretch
from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_most
from trading.results import MEASURE_AGAIN, CheckResult, is_finite, missing, rule, unusable

OUTPUTS = ("test", "recent")
"""Stretches on which the candidate's outputs have to be compared."""
RETRAIN = "Train on more recent bars (lower market.history_bars), or find out what changed in the data."
LENGTHEN = "Give a longer history (market.history_bars), or bars of a shorter interval."


def drift_rules(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Reject a candidate whose market has moved, or of whose market too little is known to tell.

    PSI is the largest over features, test split against training split, over what it is on average in a market that
    never changes; a feature whose PSI is over the limit by chance alone has too few bars, which is no drift. Every
    feature that the platform computed has to be there.

    Args:
        evidence: its drift.
        limits: the thresholds of this gate.
    """
    found = evidence.section(DriftEvidence)
    return [
        _every_feature(found),
        _measured(found),
        rule(
            "critical",
            passed=not found.critical,
            observed=len(found.critical),
            threshold=0,
            code=ReasonCode.DRIFT_CRITICAL,
            message=f"critical drift of {', '.join(found.critical)}",
            remedy=RETRAIN,
            evidence={
                "features": list(found.critical),
                "critical_psi": found.critical_psi,
                "critical_ks": found.critical_ks,
            },
        ),
        _largest_psi(found, limits["max_psi"]),
        _enough_bars(found, limits["max_psi"]),
        _stretch("recent", found.recent, found.insufficient, ReasonCode.DRIFT_RECENT),
        *(
            _stretch(f"outputs_{name}", found.outputs.get(name), found.insufficient, ReasonCode.DRIFT_OUTPUTS)
            for name in OUTPUTS
        ),
        _conditional(found),
    ]


def _every_feature(found: DriftEvidence) -> CheckResult:
    if not found.expected:
        return missing("features", None, MEASURE_AGAIN)
    absent = [name for name in found.expected if name not in found.features]
    absent += [f"chance.{name}" for name in found.without_chance]
    if found.recent is not None:
        absent += [f"recent.{name}" for name in found.expected if name not in found.recent.psi]
    return rule(
        "features",
        passed=not absent,
        observed=len(absent),
        threshold=0,
        code=ReasonCode.EVIDENCE_MISSING,
        message=f"drift of {', '.join(absent)} was never measured",
        remedy=MEASURE_AGAIN,
        evidence={"features": absent},
    )


def _measured(found: DriftEvidence) -> CheckResult:
    stretches = {"recent": found.recent, **{f"outputs_{name}": stretch for name, stretch in found.outputs.items()}}
    unmeasured = list(found.unmeasured)
    for where, stretch in stretches.items():
        unmeasured += [f"{where}.{name}" for name in (stretch.unmeasured if stretch else ())]
    return rule(
        "measured",
        passed=not unmeasured,
        observed=len(unmeasured),
        threshold=0,
        code=ReasonCode.EVIDENCE_NOT_FINITE,
        message=f"drift of {', '.join(unmeasured)} could not be measured",
        remedy="Look for a constant, empty or broken column in the features and bars of this symbol.",
        evidence={"features": unmeasured},
    )


def _largest_psi(found: DriftEvidence, limit: float) -> CheckResult:
    untold = found.untold(limit)
    told = [name for name in found.features if name not in untold]
    if untold and not told:
        return rule(
            "max_psi",
            passed=False,
            observed=None,
            threshold=limit,
            code=ReasonCode.INSUFFICIENT_DATA,
            message="no feature has enough bars to tell a shift from chance",
            remedy=LENGTHEN,
        )
    return at_most("max_psi", found.largest_excess(told), limit, remedy=RETRAIN)


def _enough_bars(found: DriftEvidence, limit: float) -> CheckResult:
    untold = found.untold(limit)
    return rule(
        "enough_bars",
        passed=not untold,
        observed=len(untold),
        threshold=0,
        code=ReasonCode.INSUFFICIENT_DATA,
        message=f"too few bars to tell drift of {', '.join(untold)} from chance",
        remedy=LENGTHEN,
        evidence={"features": list(untold)},
    )


def _stretch(name: str, stretch: Stretch | None, insufficient: tuple[str, ...], code: ReasonCode) -> CheckResult:
    if stretch is None or not stretch.psi:
        return _untold(name) if name in insufficient else missing(name, None, MEASURE_AGAIN)
    moved = stretch.moved
    return rule(
        name,
        passed=not moved,
        observed=len(moved),
        threshold=0,
        code=code,
        message=f"{name}: {', '.join(moved)} moved further than in any stretch of the past as long",
        remedy=RETRAIN,
        evidence={"moved": list(moved), "bars": stretch.bars, "windows": stretch.windows},
    )


def _conditional(found: DriftEvidence) -> CheckResult:
    name, shift = "conditional", found.conditional
    if shift is None:
        return _untold(name) if name in found.insufficient else missing(name, None, MEASURE_AGAIN)
    allowed = shift.allowed
    if allowed is None or not is_finite(allowed):
        return unusable(name, allowed)
    return at_most(
        name,
        shift.difference,
        float(allowed),
        code=ReasonCode.DRIFT_CONDITIONAL,
        remedy="The confidence is not worth what it was: train on more recent bars, or wait for more of them.",
    )


def _untold(name: str) -> CheckResult:
    return rule(
        name,
        passed=False,
        observed=None,
        threshold=None,
        code=ReasonCode.INSUFFICIENT_DATA,
        message=f"{name} cannot be told on so few bars",
        remedy=LENGTHEN,
    )


DRIFT = Gate(name="drift", judge=drift_rules, checks=(DriftEvidence.check,), thresholds=("max_psi",))
