"""Any section of the evidence as tables, so that what was measured is shown even if nobody drew a picture of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trading.reports.page.data import PageData
from trading.reports.page.html import Html, LeftOut, element, joined, note, table
from trading.reports.page.numbers import NOTHING, label, plain

DRAWN = ("leakage", "stress", "drift", "calibration")
"""Sections with a picture of their own; here they are folded."""
MOST_ROWS = 60


def other_evidence(data: PageData) -> Html | LeftOut:
    """Every section that no other part of the page draws.

    Args:
        data: of the page.
    """
    found = {name: section for name, section in data.evidence.checks.items() if name not in DRAWN}
    if not found:
        return LeftOut("Every section of the evidence has a part of the page of its own.")
    return joined(part for name, section in found.items() for part in (element("h3", label(name)), nested(section)))


def all_evidence(data: PageData) -> Html | LeftOut:
    """Everything else that was measured, folded: the sections that have pictures, the live record, and digests.

    Args:
        data: of the page.
    """
    sections: dict[str, Any] = {name: data.evidence.checks[name] for name in DRAWN if name in data.evidence.checks}
    if data.evidence.live is not None:
        sections["live record of the champion"] = data.evidence.live.model_dump()
    sections["digests of what was measured"] = data.evidence.inputs
    return joined(
        element("details", element("summary", label(name)), nested(section)) for name, section in sections.items()
    )


def nested(value: Any, depth: int = 4) -> Html:
    """JSON data as tables: what is simple in one table of names, what is nested under a heading of its own.

    Args:
        value: of the data.
        depth: level of the headings under it.
    """
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _sequence(value, depth)
    return element("p", plain(value))


def _mapping(value: Mapping[str, Any], depth: int) -> Html:
    if not value:
        return note("empty")
    inner = {name: item for name, item in value.items() if _is_nested(item)}
    simple = [[label(str(name)), plain(item)] for name, item in value.items() if name not in inner]
    if len(inner) > 1 and not simple and all(isinstance(item, Mapping) for item in inner.values()):
        rows = [{"": label(str(name)), **item} for name, item in inner.items()]
        if not any(_is_nested(cell) for row in rows for cell in row.values()):
            return _rows(rows)
    parts = [table(("name", "value"), simple, numbers=(1,))] if simple else []
    for name, item in inner.items():
        parts += [element(f"h{min(depth, 6)}", label(str(name))), nested(item, depth + 1)]
    return joined(parts)


def _sequence(value: Sequence[Any], depth: int) -> Html:
    if not value:
        return note("empty")
    if all(isinstance(item, Mapping) for item in value):
        return _rows([dict(item) for item in value])
    if any(_is_nested(item) for item in value):
        return joined(nested(item, depth) for item in value[:MOST_ROWS])
    more = f" … of {len(value)}" if len(value) > MOST_ROWS else ""
    return element("p", plain(list(value[:MOST_ROWS])) + more)


def _rows(rows: Sequence[Mapping[str, Any]]) -> Html:
    """A table with a column for every name that a row has; a column without any value is left out."""
    names = [
        name
        for name in dict.fromkeys(name for row in rows for name in row)
        if any(row.get(name) not in (None, "", {}, []) for row in rows)
    ]
    shown = [[plain(row[name]) if name in row else NOTHING for name in names] for row in rows[:MOST_ROWS]]
    parts = [table([label(str(name)) for name in names], shown)]
    if len(rows) > MOST_ROWS:
        parts.append(note(f"The first {MOST_ROWS} of {len(rows)} rows."))
    return joined(parts)


def _is_nested(value: Any) -> bool:
    """Whether a value needs a place of its own: data with names, or a list that is long or holds such data."""
    if isinstance(value, Mapping):
        return bool(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return len(value) > 6 or any(isinstance(item, Mapping | list | tuple) for item in value)
    return False
