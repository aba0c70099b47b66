"""Reads numbers and times out of text cells, saying of each unreadable cell what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from trading.arrays import Floats, Ints
from trading.moments import EARLIEST_MS, EARLIEST_YEAR, END_MS, LATEST_YEAR, datetime_ms, iso_ms

UNITS = ("nothing", "epoch seconds", "epoch milliseconds", "epoch microseconds", "epoch nanoseconds", "ISO time")
UNREADABLE = 0
ISO = 5


def parse_numbers(cells: Sequence[str]) -> tuple[Floats, list[int]]:
    """Numbers of a column and the positions of cells that are none; those are NaN in the array.

    Python's own spelling ``1_000`` is refused, ``nan`` and ``inf`` are numbers here: the contract names them.

    Args:
        cells: texts of the column.
    """
    if "_" not in "".join(cells):
        try:
            return np.array(list(map(float, cells)), dtype=np.float64), []
        except ValueError:
            pass  # at least one cell is no number: the loop below finds out which
    values = np.full(len(cells), np.nan)
    bad: list[int] = []
    for index, cell in enumerate(cells):
        number = _number(cell)
        if number is None:
            bad.append(index)
        else:
            values[index] = number
    return values, bad


def parse_times(cells: Sequence[str]) -> tuple[Ints, Ints]:
    """Times of a column as UTC milliseconds, and the unit of each cell as an index into :data:`UNITS`.

    Args:
        cells: texts of the column.
    """
    if "_" not in "".join(cells):
        try:
            return epoch_times(np.array(list(map(int, cells)), dtype=np.int64))
        except (ValueError, OverflowError):
            pass  # ISO time, fractions or damage: see below
    if not any(cell.isdigit() for cell in cells):
        try:
            times = [datetime_ms(datetime.fromisoformat(cell)) for cell in cells]
        except ValueError:
            pass  # not only ISO time: cell by cell below
        else:
            ts = np.array(times, dtype=np.int64)
            return ts, np.where((ts >= EARLIEST_MS) & (ts < END_MS), ISO, UNREADABLE)
    ts = np.zeros(len(cells), dtype=np.int64)
    units = np.zeros(len(cells), dtype=np.int64)
    for index, cell in enumerate(cells):
        ts[index], units[index] = _time(cell)
    return ts, units


def epoch_times(numbers: Ints | Floats) -> tuple[Ints, Ints]:
    """UTC milliseconds and units of epoch numbers, the unit told by magnitude; fractions of a millisecond are cut.

    Args:
        numbers: shape (n,), since 1970 UTC.
    """
    units = np.zeros(len(numbers), dtype=np.int64)
    ts = np.zeros(len(numbers), dtype=np.int64)
    for unit, (low, high) in enumerate(_RANGES, start=1):
        inside = (numbers >= low) & (numbers < high)
        if not inside.any():
            continue
        units[inside] = unit
        part = numbers[inside]
        if unit == 1:
            ts[inside] = np.floor(part * 1000 + 1e-3) if part.dtype.kind == "f" else part * 1000
        else:
            ts[inside] = part // 1000 ** (unit - 2)
    return ts, units


# Outside the allowed years a time is taken for damage; within them the four units cannot be mistaken.
_RANGES = (
    (EARLIEST_MS // 1000, END_MS // 1000),
    (EARLIEST_MS, END_MS),
    (EARLIEST_MS * 1000, END_MS * 1000),
    (EARLIEST_MS * 1_000_000, END_MS * 1_000_000),
)


def time_trouble(cell: str, unit: int, file_unit: int) -> str:
    """What to say about a time that cannot be used, after its text.

    Args:
        cell: its text.
        unit: index into :data:`UNITS` that it was read in.
        file_unit: the unit of most of the file.
    """
    if unit != UNREADABLE:
        return f"is in {UNITS[unit]} where most of the file is in {UNITS[file_unit]}"
    if not cell.strip():
        return "is empty"
    if _number(cell) is not None:
        units = "epoch seconds, milliseconds, microseconds or nanoseconds"
        return f"is no time of the years {EARLIEST_YEAR} to {LATEST_YEAR} in {units}"
    return "is neither an epoch number nor an ISO time"


def number_trouble(cell: str) -> str:
    """What to say about a cell that is no number, after its text.

    Args:
        cell: its text.
    """
    if not cell.strip():
        return "is empty"
    if _number(cell.replace(",", "").replace(" ", "").replace("'", "").replace("_", "")) is not None:
        return "is not a plain number: write it without thousands separators and with a decimal point"
    return "is not a number"


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _time(cell: str) -> tuple[int, int]:
    try:
        whole = None if "_" in cell else int(cell)
    except ValueError:
        whole = None
    number = whole if whole is not None else _number(cell)
    if number is not None:
        for low, high in _RANGES:
            if low <= number < high:
                ts, units = epoch_times(
                    np.array([number], np.int64) if whole is not None else np.array([number], float)
                )
                return int(ts[0]), int(units[0])
        return 0, UNREADABLE
    try:
        ts_ms = iso_ms(cell.strip())
    except ValueError:
        return 0, UNREADABLE
    return (ts_ms, ISO) if EARLIEST_MS <= ts_ms < END_MS else (0, UNREADABLE)
