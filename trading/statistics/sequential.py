"""What may be said at any look: error spent over contests, and evidence that stays valid however often it is read."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats

DECISIVE = 20.0
"""An e-value that under its hypothesis is reached with a chance of at most 5 %, at whatever look."""

BETS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Mean of a day in deviations that each part of the mixture is best against: Sharpe ratios of 0.6 to 9.6 a year."""

MAX_VARIANCE = 1.5
"""Largest variance, given the past, of a return over the deviation that the past foretold."""

MIN_SCALE_DAYS = 10
"""Days from which the first deviation is foretold; they are no evidence themselves."""

SCALE_DAYS = 30.0
"""Time constant of the foretold deviation, days."""

LOOK_ERROR = 0.05
"""Chance that an end of :func:`anytime_interval` is ever on the wrong side."""

LOOK_YEARS = 0.5
"""Where :func:`anytime_interval` is tightest, compared with an interval for one look."""


class AnytimeInterval(NamedTuple):
    """Ends that hold at every look; both NaN if there is none."""

    low: float
    high: float


def spent_alpha(total: float, contest: int) -> float:
    """The error that one of endless contests may spend: ``total * 6 / pi ** 2 / contest ** 2``, ``total`` in all.

    Args:
        total: chance of ever being wrong, over all contests.
        contest: number of the contest, from one.
    """
    if contest < 1:
        raise ValueError(f"contests are counted from one, not {contest}")
    return total * 6.0 / (math.pi * contest) ** 2


def gain_e_values(daily_returns: Floats) -> Floats:
    """Evidence after each day against "nothing is earned": the expected return of a day, given the past, is at most 0.

    Args:
        daily_returns: shape (d,), simple returns, oldest first.

    Returns:
        Shape (d,). Under the hypothesis the chance that it ever reaches ``x`` is at most ``1 / x``.
    """
    return _e_values(_foretold(daily_returns))


def decay_e_values(daily_returns: Floats, *, promised: float, days_per_year: float) -> Floats:
    """Evidence after each day against "it earns what was promised", an annualised Sharpe ratio of at least so much.

    The promise is held against days that moved alone, as if flat ones had not been counted in it either; that asks
    for less than was promised.

    Args:
        daily_returns: shape (d,), simple returns, oldest first.
        promised: annualised Sharpe ratio.
        days_per_year: how many days a year has.

    Returns:
        Shape (d,), as of :func:`gain_e_values`.
    """
    return _e_values(promised / math.sqrt(days_per_year) - _foretold(daily_returns))


def anytime_interval(sharpe: float, se: float, years: float) -> AnytimeInterval:
    """A Sharpe ratio with an error that may be looked at every night.

    The boundary of a normal mixture (Robbins, Annals of Mathematical Statistics 41, 1970), with a standard error in
    the place of the known deviation (Waudby-Smith et al., Annals of Statistics 52, 2024): about 2.8 to 3.3 standard
    errors where an interval for one look has 1.6. Each end is ever on the wrong side with a chance of at most
    ``LOOK_ERROR``, as far as the ratio is normal.

    Args:
        sharpe: annualised, over all bars so far.
        se: its standard error.
        years: length of the record.
    """
    if not (math.isfinite(sharpe) and math.isfinite(se) and years > 0.0 and se > 0.0):
        return AnytimeInterval(math.nan, math.nan)
    share = years / LOOK_YEARS
    width = se * math.sqrt((1.0 + 1.0 / share) * math.log((1.0 + share) / (2.0 * LOOK_ERROR) ** 2))
    return AnytimeInterval(sharpe - width, sharpe + width)


def shrunken_sharpe(sharpe: float, se: float, *, prior_mean: float = 1.0, prior_sd: float = 1.0) -> float:
    """A Sharpe ratio that was chosen for being high, drawn back to what such models have.

    The mean of the normal law that a normal prior and the measurement give: of candidates that passed a threshold, the
    measured ratio is too high by the winner's curse. The default prior has the mean of the least that a gate lets
    through.

    Args:
        sharpe: measured, annualised.
        se: its standard error.
        prior_mean: Sharpe ratio of models as they come.
        prior_sd: by how much they differ.
    """
    if not (math.isfinite(sharpe) and math.isfinite(se) and se > 0.0):
        return math.nan
    weight = prior_sd**2 / (prior_sd**2 + se**2)
    return prior_mean + weight * (sharpe - prior_mean)


def _foretold(returns: Floats) -> Floats:
    """Returns over the deviation that the days before foretold; NaN on days that are no evidence.

    A day that did not move says nothing about what is earned on days that do, and the first days only set the scale.
    """
    found = np.full(len(returns), math.nan)
    square, weight, seen = 0.0, 0.0, 0
    keep = 1.0 - 1.0 / SCALE_DAYS
    for day, value in enumerate(returns):
        if not math.isfinite(value) or value == 0.0:
            continue
        if seen >= MIN_SCALE_DAYS:
            found[day] = value / math.sqrt(square / weight)
        square, weight, seen = keep * square + value * value, keep * weight + 1.0, seen + 1
    return found


def _e_values(values: Floats) -> Floats:
    """The running e-value against "the mean given the past is at most 0", NaN being no evidence.

    ``exp(b x - b^2 (x^2 + 2 v) / 6)`` has a mean of at most one for any law of ``x`` with mean at most 0 and second
    moment at most ``v`` (Delyon, Electronic Journal of Probability 14, 2009), however heavy its tails. So its running
    product is a supermartingale, the equal mixture over bets is one, and Ville's inequality bounds what it ever
    reaches.
    """
    x = np.nan_to_num(values, nan=0.0)[:, None]
    known = np.isfinite(values)[:, None]
    bets = np.array(BETS)
    steps = np.where(known, bets * x - bets**2 * (x**2 + 2.0 * MAX_VARIANCE) / 6.0, 0.0)
    # A product of many days may leave the range of a number; at the ends it decides nothing more.
    return np.exp(np.clip(np.cumsum(steps, axis=0), -700.0, 700.0)).mean(axis=1)
