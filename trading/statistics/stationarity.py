"""How far apart two stretches of a market that never changes are found: what a measured shift has to exceed.

Values of neighbouring bars hang together, and regimes last for weeks, so two stretches of one and the same market
differ by much more than independent values would: with bins B and effective sizes n and m, the population stability
index is about (B - 1) (1/n + 1/m) without any change, and the effective sizes are small. So both stretches are drawn
again and again out of one series in blocks long enough to hold regimes whole (Kuensch, Annals of Statistics 17, 1989),
and measured as the real ones are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats, Ints

CHUNKS_A_BLOCK = 30
"""Blocks start at every thirtieth part of their length: finer steps draw the same stretches again."""
ONE_SIDED = 0.95


class Lengths(NamedTuple):
    """Bars of what is drawn.

    Attributes:
        reference: of the stretch to compare with.
        current: of the stretch to compare.
        block: drawn in one piece.
    """

    reference: int
    current: int
    block: int


class Chance(NamedTuple):
    """What a measure shows of two stretches of a market that never changes; shape (K,) each.

    Attributes:
        expected: mean.
        limit: no measure of the K is over its own, but with the probability that was asked for.
        spread: how far the 95 % quantile of the measure alone is over the mean.
    """

    expected: Floats
    limit: Floats
    spread: Floats


def running_counts(codes: Ints, bins: int, block: int) -> tuple[Ints, int]:
    """How many bars of each bin lie before every place where a block may start.

    Args:
        codes: shape (n, K), bin of each of K series on each bar, under ``bins``.
        bins: most bins of a series.
        block: bars of a block.

    Returns:
        Counts of shape (places, K, bins), and the bars from one place to the next; bars after the last place are left
        out.
    """
    step = max(block // CHUNKS_A_BLOCK, 1)
    chunks = len(codes) // step
    flat = np.arange(chunks * step) // step * bins
    counted = [np.bincount(flat + column[: chunks * step], minlength=chunks * bins) for column in codes.T]
    counts = np.stack(counted, axis=1) if counted else np.zeros((chunks * bins, 0), dtype=np.int64)
    table = counts.reshape(chunks, bins, codes.shape[1]).transpose(0, 2, 1)
    return np.concatenate([np.zeros_like(table[:1]), np.cumsum(table, axis=0)]), step


def draw_pairs(codes: Ints, bins: int, lengths: Lengths, *, draws: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Counts of two stretches that are put together from blocks of one series, each drawn on its own.

    Args:
        codes: shape (n, K), bin of each of K series on each bar.
        bins: most bins of a series.
        lengths: of the two stretches and of a block; a block is at most a quarter of the series.
        draws: how many pairs.
        rng: where blocks start.

    Returns:
        Two arrays of shape (draws, K, bins).
    """
    block = min(lengths.block, max(len(codes) // 4, 1))
    running, step = running_counts(codes, bins, block)
    wanted = (max(round(bars / step), 1) for bars in (lengths.reference, lengths.current))
    first, second = (_drawn(running, chunks, max(block // step, 1), draws, rng) for chunks in wanted)
    return first, second


def chance_of(drawn: Floats, false_alarms: float) -> Chance:
    """Expectation and limits of measures, of which none may be over its limit by chance.

    The limit is a quantile of the largest of all measures, each as a square root and in units of its own spread (Romano
    and Wolf, Econometrica 73, 2005): an index is a squared distance and a share a count, whose roots are hardly skewed.

    Args:
        drawn: shape (draws, K), measures of pairs of stretches.
        false_alarms: probability that one of the K is over its limit by chance.
    """
    roots = np.sqrt(drawn)
    mean, deviation = roots.mean(axis=0), roots.std(axis=0)
    units = np.divide(roots - mean, deviation, out=np.zeros_like(roots), where=deviation > 0)
    reach = float(np.quantile(units.max(axis=1), 1.0 - false_alarms)) if drawn.shape[1] else 0.0
    expected = drawn.mean(axis=0)
    return Chance(expected, (mean + reach * deviation) ** 2, np.quantile(drawn, ONE_SIDED, axis=0) - expected)


def codes_of(columns: Sequence[Floats], edges: Sequence[Floats]) -> Ints:
    """The bin of every value; a value that is missing has the bin after the last.

    Args:
        columns: K series of shape (n,), NaN where there is none.
        edges: between the bins of each.
    """
    return np.stack(
        [
            np.where(np.isnan(column), len(cuts) + 1, np.searchsorted(cuts, column, side="right"))
            for column, cuts in zip(columns, edges, strict=True)
        ],
        axis=1,
    ).astype(np.int64)


def counts_of(codes: Ints, bins: int) -> Ints:
    """How many bars of each series are in each bin.

    Args:
        codes: shape (n, K).
        bins: most bins of a series.

    Returns:
        Shape (K, bins).
    """
    return np.stack([np.bincount(column, minlength=bins) for column in codes.T])


def _drawn(running: Ints, length: int, block: int, draws: int, rng: np.random.Generator) -> Ints:
    """Counts of stretches of ``length`` chunks made of blocks; the last block is cut to fit."""
    found = np.zeros((draws, *running.shape[1:]), dtype=np.int64)
    last = len(running) - 1
    for begin in range(0, length, block):
        size = min(block, length - begin)
        starts = rng.integers(0, last - size + 1, draws)
        found += running[starts + size] - running[starts]
    return found
