"""Counts the bars that should be there and are not: by known hours, by sessions, or of markets that never close."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from trading.arrays import Ints
from trading.market.hours import Hours, count_open
from trading.moments import DAY_MS, moment_text
from trading.settings.models import MarketSpec

SESSION_DAYS = 21
SESSION_SHARE = 0.25
LONGEST_CLOSURE_DAYS = 14
_SLOT_BLOCK = 4_096
# A share that is met on paper must not fail on a last digit.
_ROUNDING = 1e-9


def missing_before(ts: Ints, interval: int, spec: MarketSpec, hours: Hours | None = None) -> Ints:
    """How many bars are missing between each bar and the one before it, shape (n,); the first is 0.

    A market whose hours are known misses every grid point within them that has no bar. A continuous market misses every
    grid point without a bar. A market with sessions misses a grid point when it lies between the first and the last bar
    of its UTC day and at least a quarter of the 21 traded days around that day have a bar at this time of day: so
    nights, weekends, holidays, early closes and daily breaks are no gaps, also where daylight saving moves them. No
    bars at all for more than 14 days are no holiday: there the average number of bars per day is missing.

    Args:
        ts: shape (n,), strictly increasing UTC milliseconds.
        interval: milliseconds of the source's bars.
        spec: its ``session`` chooses the rule where no hours are known.
        hours: within which all bars open, if they are known.
    """
    missing = np.zeros(len(ts), dtype=np.int64)
    if len(ts) < 2:
        return missing
    if hours is not None:
        missing[1:] = count_open(hours, ts[:-1] + interval, ts[1:], interval)
        return missing
    if spec.session == "continuous" or interval > DAY_MS:
        missing[1:] = np.maximum(np.diff(ts) // interval - 1, 0)
        return missing
    holes = _session_holes(ts, interval)
    if len(holes):
        missing += np.bincount(np.searchsorted(ts, holes), minlength=len(ts))[: len(ts)]
    return missing + _long_closures(ts)


def gap_share(missing: Ints) -> float:
    """Missing bars as a share of the bars there should be.

    Args:
        missing: shape (n,), as :func:`missing_before` gives it.
    """
    total = int(missing.sum())
    return total / (total + len(missing)) if len(missing) else 0.0


def fewest_bars(missing: Ints, max_share: float) -> int:
    """How many bars there must be of all that should be there, for the gap share to be at most ``max_share``.

    Args:
        missing: shape (n,), as :func:`missing_before` gives it.
        max_share: largest share of missing bars.
    """
    return math.ceil((1.0 - max_share) * (len(missing) + int(missing.sum())) - _ROUNDING)


def largest_gaps(ts: Ints, missing: Ints, count: int) -> list[dict[str, Any]]:
    """The gaps with most missing bars, largest first; ``from`` is the last bar before, ``until`` the first after.

    Args:
        ts: shape (n,), strictly increasing UTC milliseconds.
        missing: shape (n,), as :func:`missing_before` gives it.
        count: at most so many.
    """
    places = [int(at) for at in np.argsort(-missing, kind="stable")[:count] if missing[at] > 0]
    return [
        {
            "missing": int(missing[at]),
            "from": moment_text(ts[at - 1]),
            "until": moment_text(ts[at]),
            "until_ms": int(ts[at]),
        }
        for at in places
    ]


def longest_stretch(missing: Ints, max_share: float) -> tuple[int, int]:
    """The longest run of bars whose gap share is at most ``max_share``, as start and stop index; the first wins a tie.

    With ``f[k]`` growing by ``max_share`` for every bar and falling by ``1 - max_share`` for every missing one, a run
    from i to j is good exactly if ``f[j] >= f[i] - max_share``, so one sweep over the falling minima of ``f`` from the
    left and the rising maxima from the right finds the longest.

    Args:
        missing: shape (n,), as :func:`missing_before` gives it.
        max_share: largest share of missing bars.
    """
    n = len(missing)
    if n == 0:
        return 0, 0
    f = max_share * np.arange(n) - (1.0 - max_share) * np.cumsum(missing)
    slack = max_share + _ROUNDING
    latest_best = np.maximum.accumulate(f[::-1])[::-1]
    best, stop = (0, 1), 0
    lowest = np.inf
    for start in range(n):
        if f[start] >= lowest:
            continue
        lowest = float(f[start])
        # The furthest good stop only moves right as f[start] falls.
        stop = max(stop, start)
        while stop < n and latest_best[stop] >= lowest - slack:
            stop += 1
        if stop - start > best[1] - best[0]:
            best = (start, stop)
    return best


def _session_holes(ts: Ints, interval: int) -> Ints:
    days, day_of = np.unique(ts // DAY_MS, return_inverse=True)
    slot_of = (ts % DAY_MS) // interval
    slots = -(-DAY_MS // interval)
    starts = np.flatnonzero(np.r_[True, np.diff(day_of) > 0])
    first, last = slot_of[starts], slot_of[np.r_[starts[1:], len(ts)] - 1]
    half = SESSION_DAYS // 2
    low = np.maximum(np.arange(len(days)) - half, 0)
    high = np.minimum(np.arange(len(days)) + half + 1, len(days))
    found: list[Ints] = []
    for block in range(0, slots, _SLOT_BLOCK):
        width = min(_SLOT_BLOCK, slots - block)
        inside = (slot_of >= block) & (slot_of < block + width)
        present = np.zeros((len(days), width), dtype=np.bool_)
        present[day_of[inside], slot_of[inside] - block] = True
        running = np.zeros((len(days) + 1, width), dtype=np.int32)
        np.cumsum(present, axis=0, out=running[1:])
        usual = (running[high] - running[low]) >= SESSION_SHARE * (high - low)[:, None]
        slot = block + np.arange(width)
        within = (slot > first[:, None]) & (slot < last[:, None])
        day_at, slot_at = np.nonzero(usual & within & ~present)
        found.append(days[day_at] * DAY_MS + (slot_at + block) * interval)
    return np.concatenate(found)


def _long_closures(ts: Ints) -> Ints:
    closed = np.r_[0, np.diff(ts // DAY_MS) - 1]
    long = closed > LONGEST_CLOSURE_DAYS
    open_days = int(ts[-1] // DAY_MS - ts[0] // DAY_MS + 1 - closed[long].sum())
    return np.where(long, np.maximum(closed * len(ts) // max(open_days, 1), 1), 0).astype(np.int64)
