"""The gate of drift: whether this is still the market that the candidate learned."""

from __future__ import annotations

from trading.checks.drift import DriftEvidence
from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_most
from trading.results import MEASURE_AGAIN, CheckResult, missing, rule


def drift_rules(evidence: Evidence, limits: Limits) -> list[CheckResult]:
    """Reject a candidate whose market has moved.

    PSI is the mean over features, test split against training split; one feature alone can be critical. Every feature
    that the platform computed has to be there.

    Args:
        evidence: its drift.
        limits: the thresholds of this gate.
    """
    found = evidence.section(DriftEvidence)
    retrain = "Train on more recent bars (lower market.history_bars), or find out what changed in the data."
    return [
        _every_feature(found),
        rule(
            "measured",
            passed=not found.unmeasured,
            observed=len(found.unmeasured),
            threshold=0,
            code=ReasonCode.EVIDENCE_NOT_FINITE,
            message=f"drift of {', '.join(found.unmeasured)} could not be measured",
            remedy="Look for a constant, empty or broken column in the features of this symbol.",
            evidence={"features": list(found.unmeasured)},
        ),
        rule(
            "critical",
            passed=not found.critical,
            observed=len(found.critical),
            threshold=0,
            code=ReasonCode.DRIFT_CRITICAL,
            message=f"critical drift of {', '.join(found.critical)}",
            remedy=retrain,
            evidence={
                "features": list(found.critical),
                "critical_psi": found.critical_psi,
                "critical_ks": found.critical_ks,
            },
        ),
        at_most("mean_psi", found.mean_psi, limits["max_psi"], remedy=retrain),
    ]


def _every_feature(found: DriftEvidence) -> CheckResult:
    if not found.expected:
        return missing("features", None, MEASURE_AGAIN)
    absent = [name for name in found.expected if name not in found.features]
    return rule(
        "features",
        passed=not absent,
        observed=len(found.expected) - len(absent),
        threshold=len(found.expected),
        code=ReasonCode.EVIDENCE_MISSING,
        message=f"drift of {', '.join(absent)} was never measured",
        remedy=MEASURE_AGAIN,
        evidence={"features": absent},
    )


DRIFT = Gate(name="drift", judge=drift_rules, checks=(DriftEvidence.check,), thresholds=("max_psi",))
