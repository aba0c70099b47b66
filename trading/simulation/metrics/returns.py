"""Simple returns of equity: of every bar, and of every UTC day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.moments import DAY_MS

DAYS_PER_YEAR = 365.25


class DailyReturns(NamedTuple):
    """What an account earned from day to day.

    Attributes:
        returns: shape (d,), simple return of each UTC day that has a bar, oldest first.
        days_per_year: how many such days a year has.
    """

    returns: Floats
    days_per_year: float


def bar_returns(equity: Floats, initial: float) -> Floats:
    """Simple return of each bar, shape (n,); NaN after an equity of nothing.

    Args:
        equity: shape (n,), at every close, quote currency.
        initial: equity before the first bar.
    """
    before = np.r_[initial, equity[:-1]]
    return np.divide(np.diff(np.r_[initial, equity]), before, out=np.full(len(equity), np.nan), where=before > 0.0)


def daily_returns(ts: Ints, equity: Floats, initial: float) -> DailyReturns:
    """Simple returns between the last bars of UTC days.

    A bar belongs to the day in which it opens. The first day's return starts from the initial equity, and a first or
    last day that the bars cover in part counts as a day. A day without a bar, on which the market was closed, has no
    return of its own. After an equity that is not over zero there is no return: NaN.

    A year has ``365.25 * days with a bar / calendar days from the first to the last``: 365.25 for a market that never
    closes, about 261 for one that trades from Monday to Friday.

    Args:
        ts: shape (n,), open of each bar, UTC milliseconds, increasing.
        equity: shape (n,), at every close, quote currency.
        initial: equity before the first bar.
    """
    if not len(ts):
        return DailyReturns(np.empty(0), DAYS_PER_YEAR)
    day = ts // DAY_MS
    last = np.r_[np.flatnonzero(day[1:] != day[:-1]), len(ts) - 1]
    closes = np.r_[initial, equity[last]]
    before = np.where(closes[:-1] > 0.0, closes[:-1], np.nan)
    calendar_days = int(day[-1] - day[0]) + 1
    return DailyReturns(closes[1:] / before - 1.0, DAYS_PER_YEAR * len(last) / calendar_days)


def compounded(returns: Floats) -> Floats:
    """Equity after each return, from a start of one; shape (n,).

    Args:
        returns: shape (n,), simple return of each bar or day.
    """
    return np.multiply.accumulate(1.0 + returns)
