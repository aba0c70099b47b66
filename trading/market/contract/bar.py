"""The contract of one bar, for whoever meets bars one at a time: the rules and codes of the batch contract."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trading.codes import ReasonCode
from trading.market.bars import COLUMNS
from trading.moments import moment_text
from trading.results import CheckResult

FIELDS = ("ts", *COLUMNS)


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
        row: ``ts, open, high, low, close, volume``.
        interval: milliseconds of a bar.
        previous_close: close of the bar before, or None not to compare with it.
        max_jump: largest ratio, up or down, between this open and the close before; None not to compare.
    """
    if len(row) != len(FIELDS):
        return _breach("schema", ReasonCode.BARS_SCHEMA, f"a bar has {len(row)} values", _SCHEMA_REMEDY)
    ts = row[0]
    if isinstance(ts, bool) or not isinstance(ts, int):
        return _breach(
            "schema", ReasonCode.BARS_SCHEMA, f"ts {ts!r} is no whole number of milliseconds", _SCHEMA_REMEDY
        )
    numbers: list[float] = []
    for name, value in zip(COLUMNS, row[1:], strict=True):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return _at(ts, "schema", ReasonCode.BARS_SCHEMA, f"{name} {value!r} is not a number", _SCHEMA_REMEDY)
        numbers.append(float(value))
    for name, value in zip(COLUMNS, numbers, strict=True):
        if not math.isfinite(value):
            return _at(ts, "finite", ReasonCode.BARS_NOT_FINITE, f"{name} is {value}", _VALUE_REMEDY)
    for name, value in zip(COLUMNS, numbers, strict=True):
        if value < 0 or (value == 0 and name != "volume"):
            return _at(ts, "positive", ReasonCode.BARS_NOT_POSITIVE, f"{name} is {value}", _VALUE_REMEDY)
    opening, high, low, close, _ = numbers
    if high < max(opening, close, low) or low > min(opening, close):
        prices = f"open {opening}, high {high}, low {low}, close {close}"
        return _at(ts, "high_low", ReasonCode.BARS_HIGH_LOW, f"high or low does not contain {prices}", _VALUE_REMEDY)
    if previous_ts is not None and ts <= previous_ts:
        verb = "repeats" if ts == previous_ts else "goes back from"
        remedy = "Send each bar once, oldest first."
        return _at(ts, "increasing", ReasonCode.BARS_NOT_INCREASING, f"time {verb} {moment_text(previous_ts)}", remedy)
    if ts % interval:
        message = f"time is {ts % interval} ms after a multiple of {interval} ms"
        return _at(ts, "on_grid", ReasonCode.BARS_OFF_GRID, message, "Send the time of the bar's open.")
    if previous_close is not None and max_jump is not None:
        ratio = opening / previous_close
        if not 1.0 / max_jump <= ratio <= max_jump:
            message = f"open {opening} is {ratio:.4g} times the close before, {previous_close}"
            return _at(ts, "jumps", ReasonCode.BARS_JUMP, message, "Check for a split, another unit or another symbol.")
    return None


_SCHEMA_REMEDY = "Send ts in milliseconds and five numbers."
_VALUE_REMEDY = "Correct the bar at its source."


def _at(ts: int, name: str, code: ReasonCode, what: str, remedy: str) -> CheckResult:
    return _breach(name, code, f"bar {moment_text(ts)}: {what}", remedy)


def _breach(name: str, code: ReasonCode, message: str, remedy: str) -> CheckResult:
    return CheckResult(name=name, passed=False, code=code, message=f"{message}.", remedy=remedy)
