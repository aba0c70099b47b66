"""What each gate asked and found."""

from __future__ import annotations

import math

from trading.gates.gate import GateResult
from trading.gates.stress import STRESS
from trading.gates.verdict import Row
from trading.reports.page.data import PageData
from trading.reports.page.html import Html, LeftOut, element, joined, note, prose, table
from trading.reports.page.numbers import NOTHING, label
from trading.results import CheckResult

_COLUMNS = ("rule", "measured", "threshold", "margin", "outcome", "reason", "remedy")
_MANY = 10.0


def gates(data: PageData) -> Html | LeftOut:
    """Every rule of every gate: measured, threshold, margin, outcome, reason and remedy.

    Args:
        data: of the page.
    """
    lines = iter(data.verdict.rows())
    rows: list[list[object]] = []
    for gate in data.verdict.gates:
        rows.append([_heading(gate), *[""] * (len(_COLUMNS) - 1)])
        rows += [_line(next(lines), rule, shown_below=gate.name == STRESS.name) for rule in gate.rules]
    return joined(
        [
            table(_COLUMNS, rows, numbers=(1, 2, 3), class_="gates"),
            note(
                "The margin is the distance of the measured number from its threshold over the threshold: how close "
                f"it was; + if the rule holds. Evidence {data.verdict.evidence_digest[:12]}."
            ),
        ]
    )


def margin(rule: CheckResult) -> str:
    """How far a rule's number is from its limit, as a share of the limit; a dash where both are not numbers.

    Of some numbers more is better and of others less, so the sign is the outcome's: + of a rule that holds.

    Args:
        rule: of a gate.
    """
    observed, limit = rule.observed, rule.threshold
    if isinstance(observed, str | bool | None) or isinstance(limit, str | bool | None):
        return NOTHING
    distance = abs(observed - limit)
    if not math.isfinite(distance):
        return NOTHING
    sign = "+" if rule.passed else "-"
    if limit == 0:
        return f"{sign}{distance:.4g}"
    share = distance / abs(limit)
    return f"{sign}{share:.0%}" if share < _MANY else f"{sign}{share:,.0f} times"


def _heading(gate: GateResult) -> Html:
    outcome = "FAIL" if not gate.passed else "passed, on a condition" if gate.conditional else "passed"
    mark = element("span", outcome, class_="mark pass" if gate.passed else "mark fail")
    return element("strong", label(gate.name), " ", mark, class_="gate")


def _line(row: Row, rule: CheckResult, *, shown_below: bool) -> list[object]:
    """One rule; the numbers of a scenario that was survived have a table of their own."""
    mark = element("span", row.outcome, class_=f"mark {row.outcome.lower()}")
    reason = "" if shown_below and rule.passed else row.message
    return [
        *(label(row.rule), row.observed, row.threshold, margin(rule), mark),
        *(prose(reason), prose(row.remedy)),
    ]
