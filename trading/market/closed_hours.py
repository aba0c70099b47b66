"""Leaves out the bars that open while the market is closed, for a night and for a replay alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import FUNDING
from trading.market.hours import Hours, is_open
from trading.market.raw import RawBars, Repair

_NAMED = 20


def within_hours(raw: RawBars, hours: Hours | None) -> RawBars:
    """The bars that open within the hours; the others, and whatever is wrong with them, are not there for the market.

    A row whose time cannot be read belongs nowhere and stays. If the source knows a funding of its own, what a closed
    bar owed is owed by the next bar that is left.

    Args:
        raw: bars in the order of their source, not repaired yet.
        hours: of the market; None is every hour.

    Returns:
        Bars that carry the hours, and say among their repairs how many were left out.

    Raises:
        DataError: ``BARS_TOO_FEW`` if there are bars and none of them opens within the hours.
    """
    if hours is None:
        return raw
    opened = is_open(hours, raw.ts)
    dropped = np.flatnonzero(~opened)
    if len(raw) and len(dropped) == len(raw):
        raise DataError(
            ReasonCode.BARS_TOO_FEW,
            f"{raw.symbol}: none of the {len(raw)} bars of {raw.source} opens within market.hours {str(hours)!r}.",
            remedy="Check days, times and zone of market.hours; ts of a bar is the UTC time of its open, and bars of a "
            "day open at midnight UTC.",
        )
    data = raw.data
    timed = np.array([problem.ts for problem in data.problems if problem.ts is not None], dtype=np.int64)
    closed = set(timed[~is_open(hours, timed)].tolist())
    problems = tuple(problem for problem in data.problems if problem.ts not in closed)
    values = {name: column[opened] for name, column in data.values.items()}
    if FUNDING in values:
        values[FUNDING] = _carried(data.values[FUNDING], raw.ts, opened)
    kept = replace(
        data.take(opened),
        values=values,
        problems=problems,
        problem_count=data.problem_count - len(data.problems) + len(problems),
    )
    if len(dropped) == 0:
        return replace(raw, data=kept, hours=hours)
    holidays = f" or on a holiday ({len(hours.holidays)} are known)" if hours.holidays else ""
    message = f"{len(dropped)} of {len(raw)} bars open outside market.hours {hours}{holidays} and were left out"
    rows = tuple(data.rows[dropped[:_NAMED]].tolist())
    return replace(
        raw, data=kept, hours=hours, repairs=(*raw.repairs, Repair(f"hours={hours}", len(dropped), message, rows))
    )


def _carried(funding: Floats, ts: Ints, opened: NDArray[np.bool_]) -> Floats:
    """The funding of the open rows, with that of each closed moment on the next of them."""
    moments, first = np.unique(ts[~opened], return_index=True)
    order = np.argsort(ts[opened], kind="stable")
    following = np.searchsorted(ts[opened][order], moments)
    owed = following < len(order)
    carried = funding[opened].copy()
    np.add.at(carried, order[following[owed]], funding[~opened][first][owed])
    return carried
