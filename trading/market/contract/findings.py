"""Turns what the contract's suite found into check results that name rows, values and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trading.arrays import Ints
from trading.market.bars import FUNDING
from trading.market.contract.continuity import MAX_DISCONTINUITY
from trading.market.contract.gaps import gap_share, largest_gaps
from trading.market.contract.rules import Rule
from trading.market.raw import RawBars
from trading.moments import duration_text, moment_text
from trading.results import CheckResult, Severity
from trading.settings.models import MarketSpec

NAMED_ROWS = 20
_IN_MESSAGE = 3


@dataclass(frozen=True)
class Facts:
    """Numbers about the whole history that the suite and the messages need.

    Attributes:
        missing: bars missing before each bar, times in order.
        fewest: bars there must be for the gap share to keep its limit.
        max_jump: largest ratio between an open and the close before.
        max_zero_volume_share: largest share of bars without volume.
        discontinuity: see :func:`trading.market.contract.continuity.discontinuity`.
    """

    missing: Ints
    fewest: int
    max_jump: float
    max_zero_volume_share: float
    discontinuity: float


@dataclass(frozen=True)
class Finding:
    """What one expectation found wrong.

    Attributes:
        count: how many rows.
        places: the first of them, as positions in the frame.
        column: it looked at; empty for a whole row or table.
        trouble: what it saw instead of rows, or why it could not run.
    """

    count: int
    places: tuple[int, ...]
    column: str
    trouble: str = ""


def rule_result(
    rule: Rule, *, findings: Sequence[Finding], raw: RawBars, spec: MarketSpec, facts: Facts
) -> CheckResult:
    """The result of one rule of the contract.

    Args:
        rule: the rule.
        findings: of the expectations that belong to it; none if all were met.
        raw: the bars.
        spec: limits and options.
        facts: about the whole history.
    """
    match rule.name:
        case "schema":
            return _schema_result(rule, findings, raw)
        case "column_order":
            return _column_order_result(rule, raw, facts)
        case "gaps":
            return _gap_result(rule, bool(findings), raw, spec, facts)
        case "zero_volume":
            return _zero_volume_result(rule, bool(findings), raw, spec)
        case _:
            return _row_result(rule, findings, raw)


def _row_result(rule: Rule, findings: Sequence[Finding], raw: RawBars) -> CheckResult:
    if not findings:
        return CheckResult(name=rule.name, passed=True, observed=0, threshold=0)
    places = sorted({place for finding in findings for place in finding.places})[:NAMED_ROWS]
    # A row may fail several expectations of one rule; the largest count is the least number of rows that do.
    count = max(len(places), *(finding.count for finding in findings))
    shown = "; ".join(f"{raw.place(place)} {_describe(rule.name, raw, place)}" for place in places[:_IN_MESSAGE])
    more = f"; {count - _IN_MESSAGE} more" if count > _IN_MESSAGE else ""
    evidence: dict[str, Any] = {"rows": [_row(raw, place) for place in places]}
    trouble = [finding.trouble for finding in findings if finding.trouble]
    if trouble:
        evidence["trouble"] = trouble
        shown = "; ".join([shown, *trouble]).lstrip("; ")
    return CheckResult(
        name=rule.name,
        passed=False,
        observed=count,
        threshold=0,
        code=rule.code,
        message=f"{raw.source}: {rule.what} in {count} of {len(raw)} bars: {shown}{more}.",
        remedy=rule.remedy,
        evidence=evidence,
    )


def _schema_result(rule: Rule, findings: Sequence[Finding], raw: RawBars) -> CheckResult:
    count = raw.data.problem_count + len(findings)
    if count == 0:
        return CheckResult(name=rule.name, passed=True, observed=0, threshold=0)
    problems = raw.data.problems[:NAMED_ROWS]
    word = "line" if "line" in raw.data.row_word else "row"
    trouble = [f"{word} {problem.row} {problem}" for problem in problems[:_IN_MESSAGE]]
    trouble += [finding.trouble or f"column {finding.column} has another type" for finding in findings]
    more = f"; {count - _IN_MESSAGE} more" if count > len(trouble) else ""
    return CheckResult(
        name=rule.name,
        passed=False,
        observed=count,
        threshold=0,
        code=rule.code,
        message=f"{raw.source}: {count} unreadable: {'; '.join(trouble)}{more}.",
        remedy=rule.remedy,
        evidence={
            "rows": [
                {"row": problem.row, "column": problem.column, "text": problem.text, "why": problem.why}
                for problem in problems
            ]
        },
    )


def _column_order_result(rule: Rule, raw: RawBars, facts: Facts) -> CheckResult:
    ratio = facts.discontinuity
    common = {"name": rule.name, "observed": ratio, "threshold": MAX_DISCONTINUITY}
    if ratio <= MAX_DISCONTINUITY:
        return CheckResult(**common, passed=True)
    return CheckResult(
        **common,
        passed=False,
        code=rule.code,
        message=f"{raw.source}: {rule.what}: from one bar to the next, open to close before moves {ratio:.3g} times as "
        "far as close to open before.",
        remedy=rule.remedy,
    )


def _gap_result(rule: Rule, failed: bool, raw: RawBars, spec: MarketSpec, facts: Facts) -> CheckResult:
    share = gap_share(facts.missing)
    ordered = np.unique(raw.ts)
    gaps = largest_gaps(ordered, facts.missing, NAMED_ROWS)
    severity: Severity = "warn" if spec.on_gap == "allow" else "block"
    total = int(facts.missing.sum())
    expected, bar = total + len(ordered), duration_text(raw.interval)
    summary = f"{raw.source}: {total} of {expected} bars of {bar} are missing ({share:.2%})"
    if not failed:
        return CheckResult(
            name=rule.name,
            passed=True,
            severity=severity,
            observed=share,
            threshold=spec.max_gap_share,
            message=f"{summary}.",
            evidence={"gaps": gaps},
        )
    place_of = {int(ts): place for place, ts in enumerate(raw.ts.tolist())}
    for gap in gaps:
        gap["row"] = int(raw.data.rows[place_of[gap["until_ms"]]])
    shown = "; ".join(
        f"{gap['missing']} before {raw.data.row_word} {gap['row']} {gap['until']}" for gap in gaps[:_IN_MESSAGE]
    )
    return CheckResult(
        name=rule.name,
        passed=False,
        severity=severity,
        observed=share,
        threshold=spec.max_gap_share,
        code=rule.code,
        message=f"{summary} in {int((facts.missing > 0).sum())} gaps, at most {spec.max_gap_share:.2%} may; "
        f"largest: {shown}.",
        remedy=rule.remedy,
        evidence={"gaps": gaps},
    )


def _zero_volume_result(rule: Rule, failed: bool, raw: RawBars, spec: MarketSpec) -> CheckResult:
    zero = np.flatnonzero(raw.column("volume") == 0)
    share = len(zero) / len(raw) if len(raw) else 0.0
    summary = f"{raw.source}: {len(zero)} of {len(raw)} bars have no volume ({share:.2%})"
    common = {"name": rule.name, "observed": share, "threshold": spec.max_zero_volume_share}
    # The expectation counts negative volumes too; those are another rule's.
    if not failed or share <= spec.max_zero_volume_share:
        return CheckResult(**common, passed=True, message=f"{summary}.")
    shown = "; ".join(f"{raw.place(place)} {moment_text(raw.ts[place])}" for place in zero[:_IN_MESSAGE].tolist())
    return CheckResult(
        **common,
        passed=False,
        code=rule.code,
        message=f"{summary}, at most {spec.max_zero_volume_share:.2%} may; first: {shown}.",
        remedy=rule.remedy,
        evidence={"rows": [_row(raw, place) for place in zero[:NAMED_ROWS].tolist()]},
    )


def _row(raw: RawBars, place: int) -> dict[str, Any]:
    """A row as report data; values as text, because they may be no numbers of JSON."""
    values = {name: repr(float(raw.column(name)[place])) for name in raw.names}
    return {"row": int(raw.data.rows[place]), "ts": moment_text(raw.ts[place]), **values}


def _describe(rule: str, raw: RawBars, place: int) -> str:
    ts = int(raw.ts[place])
    if rule == "increasing":
        before = int(raw.ts[place - 1])
        verb = "repeats" if ts == before else f"goes back from {moment_text(before)} at"
        return f"ts {moment_text(ts)} {verb} {raw.place(place - 1)}"
    if rule == "on_grid":
        off, grid = duration_text(ts % raw.interval), duration_text(raw.interval)
        return f"ts {moment_text(ts)} is {off} off the grid of {grid}"
    if rule == "jumps":
        before = float(raw.column("close")[place - 1])
        return f"{moment_text(ts)} opens at {float(raw.column('open')[place])!r} after a close of {before!r}"
    values = {name: float(raw.column(name)[place]) for name in raw.names}
    if rule == "finite":
        return _values(ts, {name: value for name, value in values.items() if not np.isfinite(value)})
    values.pop(FUNDING, None)
    if rule == "positive":
        values = {name: value for name, value in values.items() if value < 0 or (value == 0 and name != "volume")}
    else:
        del values["volume"]
    return _values(ts, values)


def _values(ts: int, values: dict[str, float]) -> str:
    return f"{moment_text(ts)} " + ", ".join(f"{name} {value!r}" for name, value in values.items())
