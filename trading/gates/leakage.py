"""The gate of leakage: whether the candidate's numbers and decisions may have seen the future."""

from __future__ import annotations

from trading.checks.drift import DriftEvidence
from trading.checks.evidence import Evidence
from trading.checks.leakage import LEAKAGE_CHECKS, LeakageEvidence
from trading.codes import ReasonCode
from trading.gates.gate import Gate, Limits
from trading.gates.rules import all_present
from trading.model.fits import LATEST_SPLIT, FitRecord, FittedPart, required_parts
from trading.moments import moment_text
from trading.results import MEASURE_AGAIN, CheckResult, missing, rule


def leakage_rules(evidence: Evidence, _limits: Limits) -> list[CheckResult]:
    """Reject a candidate for which one of the leakage checks found something, or did not run.

    A fitted part that saw a bar beyond its split, or does not say what it saw, counts as a leak as well.

    Args:
        evidence: its leakage, judged by the limits of ``[leakage]``, and the reference of its drift.
    """
    found = evidence.section(LeakageEvidence)
    reference = evidence.section(DriftEvidence).reference
    rules = all_present(LEAKAGE_CHECKS, found.results, remedy=MEASURE_AGAIN)
    records: dict[FittedPart, FitRecord] = {record.part: record for record in found.fits}
    required = found.required_fits or required_parts(trained_policy=True)
    parts: list[FittedPart] = [*required, *(part for part in records if part not in required)]
    rules += [_within_its_split(part, records.get(part), found.split_ends) for part in parts]
    return [*rules, _within_its_split("drift", reference, found.split_ends)]


def _within_its_split(part: FittedPart, record: FitRecord | None, ends: dict[str, int]) -> CheckResult:
    """Whether a fitted part saw nothing later than the last bar of the split it may know."""
    name, split = f"fit_{part}", LATEST_SPLIT[part]
    end = ends.get(split)
    if record is None or end is None:
        return missing(name, None, MEASURE_AGAIN)
    last, limit = moment_text(record.last_ts), moment_text(end)
    return rule(
        name,
        passed=record.first_ts <= record.last_ts <= end,
        observed=last,
        threshold=limit,
        code=ReasonCode.LEAK_FIT,
        message=f"the {part} saw bars up to {last}, and the {split} split ends at {limit}",
        remedy=f"Fit it on bars of the {split} split or before.",
    )


LEAKAGE = Gate(name="leakage", judge=leakage_rules, checks=(LeakageEvidence.check, DriftEvidence.check))
