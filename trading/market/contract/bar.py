"""The contract for whoever meets bars one at a time, or as plain rows: the rules and codes of a whole history's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from trading.market.bars import COLUMNS, FUNDING
from trading.market.contract.rules import CODES
from trading.moments import moment_text
from trading.results import CheckResult

FIELDS = ("ts", *COLUMNS)
"""What every bar has; funding may follow."""
_CLOSE = FIELDS.index("close")


def check_bar(
    previous_ts: int | None,
    row: Sequence[object],
    interval: int,
    *,
    previous_close: float | None = None,
    max_jump: float | None = None,
) -> CheckResult | None:
    """The first rule that a bar breaks, or None if it keeps them all.

    A missing bar before this one breaks no rule here: gaps and bars without volume are judged as shares of a history.

    Args:
        previous_ts: time of the bar before, UTC milliseconds; None for the first.
        row: ``ts, open, high, low, close, volume``, and funding if it is known.
        interval: milliseconds of a bar.
        previous_close: close of the bar before, which kept the contract, or None not to compare with it.
        max_jump: largest ratio, up or down, between this open and the close before; None not to compare.
    """
    if len(row) not in (len(FIELDS), len(FIELDS) + 1):
        return _breach("schema", f"a bar has {len(row)} values", _SCHEMA_REMEDY)
    ts = row[0]
    if isinstance(ts, bool) or not isinstance(ts, int):
        return _breach("schema", f"ts {ts!r} is no whole number of milliseconds", _SCHEMA_REMEDY)
    names = (*COLUMNS, FUNDING)[: len(row) - 1]
    numbers: list[float] = []
    for name, value in zip(names, row[1:], strict=True):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return _at(ts, "schema", f"{name} {value!r} is not a number", _SCHEMA_REMEDY)
        numbers.append(_as_float(value))
    for name, value in zip(names, numbers, strict=True):
        if not math.isfinite(value):
            return _at(ts, "finite", f"{name} is {value}", _VALUE_REMEDY)
    for name, value in zip(COLUMNS, numbers, strict=False):
        if value < 0 or (value == 0 and name != "volume"):
            return _at(ts, "positive", f"{name} is {value}", _VALUE_REMEDY)
    opening, high, low, close = numbers[:4]
    if high < max(opening, close, low) or low > min(opening, close):
        prices = f"open {opening}, high {high}, low {low}, close {close}"
        return _at(ts, "high_low", f"high or low does not contain {prices}", _VALUE_REMEDY)
    if previous_ts is not None and ts <= previous_ts:
        verb = "repeats" if ts == previous_ts else "goes back from"
        return _at(ts, "increasing", f"time {verb} {moment_text(previous_ts)}", "Send each bar once, oldest first.")
    if ts % interval:
        message = f"time is {ts % interval} ms after a multiple of {interval} ms"
        return _at(ts, "on_grid", message, "Send the time of the bar's open.")
    if previous_close is not None and max_jump is not None:
        ratio = opening / previous_close
        if not 1.0 / max_jump <= ratio <= max_jump:
            message = f"open {opening} is {ratio:.4g} times the close before, {previous_close}"
            return _at(ts, "jumps", message, "Check for a split, another unit or another symbol.")
    return None


def first_breach(
    rows: Iterable[Sequence[object]], interval: int, *, max_jump: float | None = None
) -> tuple[int, CheckResult] | None:
    """The first of many bars that breaks a rule, and the rule; None if all keep the contract.

    Args:
        rows: bars as :func:`check_bar` takes them, oldest first.
        interval: milliseconds of a bar.
        max_jump: largest ratio, up or down, between an open and the close before; None not to compare.

    Returns:
        The position of the bar, counted from 0, and the result of the rule.
    """
    previous_ts: int | None = None
    previous_close: float | None = None
    for position, row in enumerate(rows):
        breach = check_bar(previous_ts, row, interval, previous_close=previous_close, max_jump=max_jump)
        if breach is not None:
            return position, breach
        # The contract has just looked at every type.
        previous_ts, previous_close = row[0], row[_CLOSE]  # pyright: ignore[reportAssignmentType]
    return None


def known_funding(previous_ts: int | None, row: Sequence[object]) -> float:
    """What is still owed of a row that broke a rule: its funding, unless that is no number or the bar before has it.

    Args:
        previous_ts: time of the bar before, UTC milliseconds; None for the first.
        row: as :func:`check_bar` takes it.
    """
    if len(row) != len(FIELDS) + 1 or row[0] == previous_ts:
        return 0.0
    value = row[-1]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    number = _as_float(value)
    return number if math.isfinite(number) else 0.0


_SCHEMA_REMEDY = "Send ts in milliseconds and five numbers, and funding as a sixth if it is known."
_VALUE_REMEDY = "Correct the bar at its source."


def _as_float(number: int | float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _at(ts: int, rule: str, what: str, remedy: str) -> CheckResult:
    return _breach(rule, f"bar {moment_text(ts)}: {what}", remedy)


def _breach(rule: str, message: str, remedy: str) -> CheckResult:
    return CheckResult(name=rule, passed=False, code=CODES[rule], message=f"{message}.", remedy=remedy)
