"""The stationary bootstrap (Politis and Romano, JASA 89, 1994): series drawn again in blocks, so dependence is kept."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats, Ints


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
