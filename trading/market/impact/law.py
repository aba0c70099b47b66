"""A power law fitted in logarithms, and the standard error of anything by a moving-block bootstrap."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats, Ints
from trading.values import Frozen


class Law(Frozen):
    """``cost = y * sigma * participation ** exponent``.

    Attributes:
        y: cost of an order of the whole volume, in volatilities.
        exponent: 0.5 is the square root.
        r2: share of the variance of log cost that the law explains; under 0 it is worse than a constant.
    """

    y: float
    exponent: float
    r2: float


class Estimate(Frozen):
    """A number with its standard error."""

    value: float
    error: float


def fit_law(participation: Floats, cost: Floats, exponent: float | None = None) -> Law:
    """Least squares in logarithms, every size with the same weight.

    Args:
        participation: shape (k,), order sizes over volume, over 0.
        cost: shape (k,), in volatilities, over 0.
        exponent: held at this value; None fits it too.
    """
    x, y = np.log(participation), np.log(cost)
    if exponent is None:
        exponent = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    intercept = float((y - exponent * x).mean())
    left = ((y - intercept - exponent * x) ** 2).sum()
    return Law(y=float(np.exp(intercept)), exponent=exponent, r2=float(1.0 - left / ((y - y.mean()) ** 2).sum()))


def block_draws(count: int, *, block: int, draws: int, seed: int) -> Ints:
    """Indexes of resampled series: blocks of neighbours, each start as likely, joined to about the first length.

    Source: Kuensch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics 17
    (1989).

    Args:
        count: observations in order of time.
        block: observations in a block, at most ``count``.
        draws: resampled series.
        seed: of the draws.

    Returns:
        Shape (draws, blocks * block).
    """
    starts = np.random.default_rng(seed).integers(0, count - block + 1, size=(draws, max(count // block, 1)))
    return (starts[:, :, None] + np.arange(block)).reshape(draws, -1).astype(np.int64)
