"""Rows drawn so that newer ones weigh more: contiguous blocks, each of them a sequence of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.statistics.bootstrap import SHORTEST_BLOCK


class Sequences(NamedTuple):
    """What a fit is shown.

    Attributes:
        rows: shape (m, K), sequences one after the other.
        lengths: shape (B,), rows of each sequence.
        effective: rows that would tell as much if each were there once.
    """

    rows: Floats
    lengths: Ints
    effective: float


def drawn_blocks(rows: Floats, half_life: int, seed: int) -> Sequences:
    """Draw blocks of rows, as many as there are, each with a chance that halves with every half-life of its age.

    A row alone cannot be drawn: what follows it is half of what a hidden Markov model learns from. Blocks of contiguous
    rows keep every transition inside them true (Künsch, Annals of Statistics 17, 1989), and a border between two blocks
    is where a sequence ends and another begins, so that no transition is made up. The draw is systematic (Kitagawa,
    J. Computational and Graphical Statistics 5, 1996): one random number, and every block comes as often as it is
    expected to, rounded up or down.

    Args:
        rows: shape (n, K), oldest first.
        half_life: rows of age at which a row counts half, over 0.
        seed: of the random number.

    Returns:
        About n rows, in order of time; a block that is drawn twice is there twice.
    """
    n = len(rows)
    # Whole blocks at the new end, where they count.
    edges = np.r_[0, np.arange(n, 0, -SHORTEST_BLOCK)[::-1]]
    begins, lengths = edges[:-1], np.diff(edges)
    weights = np.add.reduceat(0.5 ** ((n - 1 - np.arange(n)) / half_life), begins)
    count = len(begins)
    places = (np.arange(count) + np.random.default_rng(seed).random()) / count
    drawn = np.minimum(np.searchsorted(np.cumsum(weights) / weights.sum(), places, side="right"), count - 1)
    rows_of = [rows[begins[block] : begins[block] + lengths[block]] for block in drawn]
    times = np.bincount(drawn, minlength=count).astype(np.float64)
    return Sequences(np.concatenate(rows_of), lengths[drawn], kish(np.repeat(times, lengths)))


def kish(weights: Floats) -> float:
    """Effective number of weighted observations (Kish, Survey Sampling, 1965).

    Args:
        weights: shape (n,), at least 0, not all 0.

    >>> kish(np.array([2.0, 2.0, 0.0, 0.0]))
    2.0
    """
    return float(weights.sum() ** 2 / (weights**2).sum())
