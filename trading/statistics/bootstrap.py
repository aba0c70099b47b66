"""The stationary bootstrap (Politis and Romano, JASA 89, 1994): series drawn again in blocks, so dependence is kept."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats, Ints

SHORTEST_BLOCK = 96
"""Bars that a block of a bootstrap has at least, and shifts of positions move at least."""

FEWEST_PARTS = 10
"""Blocks that a test split has at least, unless the shortest are longer."""


def stationary_blocks(rng: np.random.Generator, count: int, draws: int, mean_block: float) -> tuple[Ints, Ints]:
    """Blocks that cover a series once in every draw.

    Args:
        rng: where starts and lengths come from.
        count: returns of the series.
        draws: how many series are drawn.
        mean_block: mean length of a block before the last is cut to fit, at least one.

    Returns:
        Starts and lengths, both of shape (draws, blocks); the lengths of a draw sum to ``count``, blocks that are not
        needed have length zero.
    """
    expected = count / mean_block
    shape = (draws, math.ceil(expected + 4.0 * math.sqrt(expected)) + 1)
    lengths = rng.geometric(1.0 / mean_block, shape)
    while int(lengths.sum(axis=1).min()) < count:
        lengths = np.hstack([lengths, rng.geometric(1.0 / mean_block, shape)])
    ends = np.minimum(np.cumsum(lengths, axis=1), count)
    return rng.integers(0, count, lengths.shape), np.diff(ends, axis=1, prepend=0)


def block_sums(values: Floats, starts: Ints, lengths: Ints) -> Floats:
    """Sum over every draw of the values in its blocks, at the cost of its blocks and not of its values.

    Args:
        values: shape (2 * count,), a series laid end to end with itself, as blocks go around its end.
        starts: shape (draws, blocks), from :func:`stationary_blocks`.
        lengths: shape (draws, blocks).
    """
    running = np.r_[0.0, np.cumsum(values)]
    return (running[starts + lengths] - running[starts]).sum(axis=1)


def covering_block(count: int, regime: float, held: Floats | Ints) -> float:
    """Bars of a block that covers a regime and two trades, at least ``SHORTEST_BLOCK``.

    A regime that hardly ever ends would leave no blocks to compare: over the shortest, a block is at most one part in
    ``FEWEST_PARTS`` of the bars.

    Args:
        count: bars there are.
        regime: mean length of a regime, bars.
        held: shape (m,), bars that each trade was held.
    """
    covering = max(regime, 2.0 * float(np.mean(held)) if len(held) else 0.0)
    return max(SHORTEST_BLOCK, min(covering, count / FEWEST_PARTS))


def drawn_ratios(returns: Floats, *, mean_block: float, draws: int, rng: np.random.Generator) -> Floats:
    """Ratios of one period of series drawn again, shape (draws,); NaN for a draw whose returns are all equal.

    Args:
        returns: shape (n,), finite and not all equal.
        mean_block: mean length of a block.
        draws: how many series.
        rng: where blocks come from.
    """
    count = len(returns)
    starts, lengths = stationary_blocks(rng, count, draws, mean_block)
    centre, deviation = float(np.mean(returns)), float(np.std(returns))
    # The moments of a block are a difference of running sums, so a draw costs its blocks and not its returns.
    z = np.tile((returns - centre) / deviation, 2)
    means, squares = (block_sums(values, starts, lengths) / count for values in (z, z**2))
    variances = (squares - means**2) * count / (count - 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variances > 1e-9, (means + centre / deviation) / np.sqrt(variances), np.nan)
