"""Earlier candidates of the same model name: how many there were, and how their days went together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.results import Number
from trading.values import Measured

MOST_KEPT = 60
"""The newest earlier candidates whose days are compared; older ones count as being like these."""

FEWEST_SHARED_DAYS = 60
"""With fewer days in common, two candidates count as having nothing in common."""


class DailySeries(Measured):
    """Simple returns of UTC days.

    Attributes:
        ts: first millisecond of each day, UTC, increasing.
        value: return of each.
    """

    ts: tuple[int, ...] = ()
    value: tuple[Number, ...] = ()


class Trials(Measured):
    """Candidates of earlier nights, as of the moment of this one.

    Attributes:
        earlier: how many there were.
        days: what the newest of them earned on the days of their test splits, at most ``MOST_KEPT``; empty for one
            whose bundle does not say it or cannot be read.
    """

    earlier: int = 0
    days: tuple[DailySeries, ...] = ()


class Effective(NamedTuple):
    """How many independent trials a candidate and the earlier ones are worth.

    Attributes:
        trials: all, with the candidate.
        unknown: of which nothing is known; each counts as a trial of its own.
        correlation: of the daily returns of two of the others on average; NaN if there are not two.
        effective: independent ones that they are worth.
    """

    trials: int
    unknown: int
    correlation: float
    effective: float


def count_trials(own: DailySeries, trials: Trials) -> Effective:
    """Independent trials that a candidate and the earlier ones are worth.

    A candidate of which nothing is known is taken as independent of every other, which is the strict side. So is a pair
    with fewer than ``FEWEST_SHARED_DAYS`` days in common, or one that moves against each other.

    Args:
        own: the candidate's days.
        trials: the earlier candidates.
    """
    # Room for the distribution functions is made only where trials are counted.
    from trading.statistics.sharpe import effective_trials

    known = [days for days in trials.days if _moves(days)]
    unknown = len(trials.days) - len(known)
    alike = 1 + trials.earlier - unknown
    correlation = mean_correlation([own, *known])
    effective = unknown + effective_trials(alike, 0.0 if math.isnan(correlation) else correlation)
    return Effective(1 + trials.earlier, unknown, correlation, effective)


def mean_correlation(series: Sequence[DailySeries]) -> float:
    """Correlation of two of the series on their common days, averaged over all pairs; NaN without a pair.

    Args:
        series: daily returns; days that one lacks are left out for its pairs.
    """
    if len(series) < 2:
        return math.nan
    days = np.unique(np.concatenate([np.array(one.ts, dtype=np.int64) for one in series]))
    table = np.full((len(series), len(days)), np.nan)
    for row, one in zip(table, series, strict=True):
        row[np.searchsorted(days, np.array(one.ts, dtype=np.int64))] = np.array(one.value, dtype=np.float64)
    there = np.isfinite(table)
    found = [
        _correlation(table[i], table[j], there[i] & there[j])
        for i in range(len(series))
        for j in range(i + 1, len(series))
    ]
    return float(np.mean(found))


def _moves(days: DailySeries) -> bool:
    values = np.array(days.value, dtype=np.float64)
    return len(values) >= FEWEST_SHARED_DAYS and bool(np.isfinite(values).all()) and float(np.std(values)) > 0.0


def _correlation(one: Floats, other: Floats, shared: np.ndarray) -> float:
    """Of two rows on shared days, at least zero."""
    if int(shared.sum()) < FEWEST_SHARED_DAYS:
        return 0.0
    first, second = (values[shared] - values[shared].mean() for values in (one, other))
    spread = math.sqrt(float(first @ first) * float(second @ second))
    return max(float(first @ second) / spread, 0.0) if spread > 0.0 else 0.0
