"""Returns of models that are equally good: correlated, heavy-tailed and uneven as those of one market are."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats

BARS_PER_YEAR = 8766.0
TEST_BARS = 11_900
"""Of the test split of 40,000 bars of one hour."""


def equal_pair(seed: int, *, count: int = TEST_BARS, gain: float = 0.0, sharpe: float = 5.0) -> tuple[Floats, Floats]:
    """Two series of bar returns with a correlation of 0.82; volatility moves with regimes of four days.

    Args:
        seed: of both.
        count: bars.
        gain: annual Sharpe ratio by which the first is truly better.
        sharpe: of the second.
    """
    one, other = models(seed, 2, count=count, sharpes=(sharpe + gain, sharpe))
    return one, other


def models(seed: int, number: int, *, count: int, sharpes: tuple[float, ...] = (), sharpe: float = 5.0) -> Floats:
    """Bar returns of several models of one market, shape (number, count).

    Args:
        seed: of all.
        number: how many.
        count: bars.
        sharpes: true annual ratio of each.
        sharpe: of all where ``sharpes`` is not given.
    """
    rng = np.random.default_rng(seed)
    lengths = rng.geometric(1.0 / 96.0, count // 24 + 10)
    volatility = np.exp(0.5 * np.repeat(rng.normal(size=len(lengths)), lengths)[:count])
    scale = 0.003 / math.sqrt(5.0 / 3.0) / math.exp(0.25)
    shared, own = rng.standard_t(5, size=count), rng.standard_t(5, size=(number, count))
    noise = volatility * scale * (math.sqrt(0.82) * shared + math.sqrt(0.18) * own)
    true = np.array(sharpes or (sharpe,) * number)[:, None]
    return noise + true * 0.003 / math.sqrt(BARS_PER_YEAR)
