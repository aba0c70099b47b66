"""Probability of backtest overfitting: how often the best of several candidates is under their median elsewhere.

Source: Bailey, Borwein, López de Prado and Zhu, "The probability of backtest overfitting", Journal of Computational
Finance 20(4), 2017: combinatorially symmetric cross-validation.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats


class Overfitting(NamedTuple):
    """What choosing the best of several candidates is worth on bars that did not choose it.

    Attributes:
        probability: share of the divisions in which the chosen one is in the lower half elsewhere.
        logit: mean log odds of its relative rank elsewhere; zero is chance.
        divisions: how many there were.
    """

    probability: float
    logit: float
    divisions: int


def overfitting(returns: Floats, *, parts: int = 16) -> Overfitting:
    """Divide the record into equal parts in every way into two halves; choose by one half, and rank on the other.

    Candidates are compared by their Sharpe ratio. The chosen one has the relative rank ``rank / (N + 1)`` on the other
    half, one being the worst, and a tie the mean of its ranks; the choice is overfitted where that is at most one half.

    Args:
        returns: shape (n, N), of N candidates in the same n periods, oldest first; rows beyond a multiple of ``parts``
            at the start are left out.
        parts: an even number of parts, at least two, and no more than periods.

    Returns:
        NaN if a candidate's return is not finite, or it never moves in one half.

    Raises:
        ValueError: if there are fewer than two candidates, or the parts cannot be made.
    """
    count, candidates = returns.shape
    if candidates < 2:
        raise ValueError(f"{candidates} candidates; choosing needs at least two")
    if parts < 2 or parts % 2 or parts > count:
        raise ValueError(f"{parts} parts of {count} periods; expected an even number of parts that are not empty")
    length = count // parts
    blocks = returns[count - parts * length :].reshape(parts, length, candidates)
    chosen = np.array(list(combinations(range(parts), parts // 2)))
    inside = np.zeros((len(chosen), parts))
    np.put_along_axis(inside, chosen, 1.0, axis=1)
    size = length * parts // 2
    fit, elsewhere = (_ratios(blocks, half, size) for half in (inside, 1.0 - inside))
    if not (np.isfinite(fit).all() and np.isfinite(elsewhere).all()):
        return Overfitting(math.nan, math.nan, len(chosen))
    best = np.take_along_axis(elsewhere, fit.argmax(axis=1)[:, None], axis=1)
    rank = (elsewhere < best).sum(axis=1) + 0.5 * ((elsewhere == best).sum(axis=1) + 1.0)
    relative = rank / (candidates + 1.0)
    return Overfitting(
        float(np.mean(relative <= 0.5)), float(np.mean(np.log(relative / (1.0 - relative)))), len(chosen)
    )


def _ratios(blocks: Floats, half: Floats, size: int) -> Floats:
    """Sharpe ratios of one period, shape (divisions, N), from the sums of each part."""
    centred = blocks - blocks.mean(axis=(0, 1))
    means = half @ centred.sum(axis=1) / size
    squares = half @ (centred**2).sum(axis=1) / size
    variances = np.maximum(squares - means**2, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variances > 1e-30, (means + blocks.mean(axis=(0, 1))) / np.sqrt(variances), np.nan)
