"""Naming states by what follows them: the return of the next bar, and how sure it is that it is not zero."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.statistics.benchmark import long_run_variance
from trading.steps.regimes import BY_RANK, REGIMES


class Mean(NamedTuple):
    """A weighted mean and how sure it is that it is not zero.

    Attributes:
        mean: of the values.
        t: its t-value, with the error of Newey and West (Econometrica 55, 1987); NaN if nothing can be said.
    """

    mean: float
    t: float


class Following(NamedTuple):
    """What the bars after a state earned, over how probable the state was.

    Attributes:
        earned: log return of the next bar.
        apart: the same less the mean of all bars.
    """

    earned: Mean
    apart: Mean

    def sign(self, least_t: float) -> int:
        """1 for a state to be long in, -1 for one to be short in, 0 if that is not sure.

        What it earned has to differ from nothing, and from what all bars earned to the same side: a state that only
        rose with its market is no regime.

        Args:
            least_t: absolute t-value that is sure enough.
        """
        for sign in (1, -1):
            if sign * self.earned.t >= least_t and sign * self.apart.t >= least_t:
                return sign
        return 0


def followings(beliefs: Floats, returns: Floats) -> list[Following]:
    """What followed each state.

    The bar at which a state is believed in does not count: emissions may contain its return, and then the state with
    the highest return is that of bars that rose, which says nothing of what can still be earned.

    Args:
        beliefs: shape (n, S), filtered probabilities of the states at the close of each bar.
        returns: shape (n,), log return of each bar.
    """
    later = returns[1:]
    apart = later - np.mean(later)
    return [Following(weighted_mean(of[:-1], later), weighted_mean(of[:-1], apart)) for of in beliefs.T]


def order_of(signs: Sequence[int], following: Sequence[Following]) -> list[int]:
    """The states in the order bull, bear, chop, and within these by what they earn.

    Args:
        signs: of the states.
        following: of the states.
    """
    place = {1: 0, -1: 1, 0: 2}
    return sorted(range(len(signs)), key=lambda k: (place[signs[k]], -following[k].earned.mean * (signs[k] or 1)))


def names_of(options: Mapping[str, Any]) -> list[str]:
    """Names of a model's states: that of the regime, with a number if it has more states than one.

    Args:
        options: of the engine, as a bundle holds them.
    """
    place = {1: 0, -1: 1, 0: 2}
    regimes = [REGIMES[place[sign]] for sign in options.get("signs", BY_RANK)]
    seen = dict[str, int]()
    names = list[str]()
    for regime in regimes:
        seen[regime] = seen.get(regime, 0) + 1
        names.append(regime if regimes.count(regime) == 1 else f"{regime} {seen[regime]}")
    return names


def weighted_mean(weights: Floats, values: Floats) -> Mean:
    """The mean of values that come one after the other.

    Args:
        weights: shape (n,), at least 0.
        values: shape (n,).
    """
    count, mass = len(values), float(np.sum(weights))
    if not (count > 1 and mass > 0.0):
        return Mean(math.nan, math.nan)
    mean = float(np.sum(weights * values)) / mass
    # As many autocovariances as Newey and West take (Review of Economic Studies 61, 1994).
    lags = min(math.floor(4.0 * (count / 100.0) ** (2.0 / 9.0)), count - 1)
    error = math.sqrt(long_run_variance(weights * (values - mean), lags) * count) / mass
    return Mean(mean, mean / error if error > 0.0 else math.nan)
