"""Where climbs begin: centres of k-means over bars and over averages of bars, and rows drawn at random.

EM climbs to the nearest top, and the highest is not found from one start. Regimes last longer than bars, so that the
centres of averages lie nearer to them than those of bars, which tell up bars from down bars.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.engines.regimes.em import HmmParameters

MIN_COVARIANCE = 1e-3
"""Added to the variances that a climb begins with."""
AVERAGED = (1, 12, 48)
"""Bars of the averages whose centres are found, one after the other."""
STAYS = 0.9
"""Chance of staying in a state that begins with a single bar."""
THINNED = 4_000
"""Rows that k-means looks at, evenly spread."""


def start_of(number: int, rows: Floats, states: int, seed: int) -> tuple[str, HmmParameters]:
    """One of the starts: by k-means over bars, over averages of 12 and of 48, and of random rows, by turns.

    Args:
        number: of the start, from 0.
        rows: shape (n, K), standardised regime features of the training rows.
        states: how many.
        seed: of this start.

    Returns:
        What kind it is, and the parameters: one covariance for all, and states that mostly stay.
    """
    kind = number % (len(AVERAGED) + 1)
    if kind < len(AVERAGED):
        bars = AVERAGED[kind]
        return f"k-means, {bars} bars", _around(_centres(_averaged(rows, bars), states, seed), rows, bars)
    drawn = np.random.default_rng(seed).choice(len(rows), size=states, replace=False)
    return "random", _around(_averaged(rows, AVERAGED[1])[drawn], rows, AVERAGED[1])


def _around(means: Floats, rows: Floats, bars: int) -> HmmParameters:
    states, size = len(means), rows.shape[1]
    spread = np.atleast_2d(np.cov(rows.T)) + MIN_COVARIANCE * np.eye(size)
    stays = max(STAYS, 1.0 - 1.0 / bars)
    stay = np.full((states, states), (1.0 - stays) / (states - 1))
    np.fill_diagonal(stay, stays)
    return HmmParameters(np.full(states, 1.0 / states), stay, means, np.stack([spread] * states))


def _averaged(rows: Floats, bars: int) -> Floats:
    """Mean of each row and those before it, so many in all, fewer at the beginning."""
    if bars == 1:
        return rows
    total = np.vstack([np.zeros(rows.shape[1]), np.cumsum(rows, axis=0)])
    last = np.arange(1, len(rows) + 1)
    first = np.maximum(last - bars, 0)
    return (total[last] - total[first]) / (last - first)[:, None]


def _centres(rows: Floats, states: int, seed: int) -> Floats:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    thin = rows[:: max(1, len(rows) // THINNED)]
    arguments: dict[str, Any] = {"n_clusters": states, "n_init": 1, "random_state": seed}
    # Its threads wait for each other longer than so few rows take.
    with threadpool_limits(1):
        return np.asarray(KMeans(**arguments).fit(thin).cluster_centers_, dtype=np.float64)
