"""How far two samples' distributions are apart: population stability index and Kolmogorov-Smirnov distance."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats, Ints

MINIMUM_SHARE = 1e-4
"""Share given to an empty bin, as Evidently does, so that its logarithm exists."""


def psi(reference: Floats, current: Floats, bins: int) -> float:
    """Population stability index of one series, over quantile bins of the reference alone (Siddiqi 2006).

    The sum over bins of (p - q) ln(p / q) with p and q the shares of reference and current. Bins come from the
    reference, so that the same reference judges every later period by the same ruler, and one far outlier in the
    current data cannot stretch them.

    Args:
        reference: shape (n,), values to compare with.
        current: shape (m,), values to compare.
        bins: number of quantile bins.

    >>> psi(np.arange(100.0), np.arange(100.0), 10)
    0.0
    """
    edges = quantile_edges(reference, bins)
    p, q = (
        np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
        for values in (reference, current)
    )
    return float(psi_of_counts(p, q))


def psi_of_counts(reference: Ints, current: Ints, minimum_share: float = MINIMUM_SHARE) -> Floats:
    """Population stability index of values that are counted already; a bin empty on both sides adds nothing.

    Args:
        reference: shape (..., B), values in each bin.
        current: shape (..., B), values in the same bins.
        minimum_share: given to a bin that holds less.

    Returns:
        Shape (...).
    """
    p, q = (np.maximum(shares(counts), minimum_share) for counts in (reference, current))
    return ((p - q) * np.log(p / q)).sum(axis=-1)


def ks_distance(reference: Floats, current: Floats) -> float:
    """Largest distance between the two empirical distribution functions, 0 to 1 (Kolmogorov 1933, Smirnov 1939).

    The distance and not its p-value: with tens of thousands of dependent bars every difference is significant.

    Args:
        reference: shape (n,), values to compare with.
        current: shape (m,), values to compare.
    """
    first, second = np.sort(reference), np.sort(current)
    values = np.concatenate([first, second])
    apart = np.searchsorted(first, values, side="right") / len(first)
    apart -= np.searchsorted(second, values, side="right") / len(second)
    return float(np.abs(apart).max())


def ks_of_counts(reference: Ints, current: Ints) -> Floats:
    """The largest distance between both distribution functions at the edges of the bins: at most that of the values.

    Args:
        reference: shape (..., B), values in each bin.
        current: shape (..., B), values in the same bins.

    Returns:
        Shape (...).
    """
    return np.abs(np.cumsum(shares(reference), axis=-1) - np.cumsum(shares(current), axis=-1)).max(axis=-1)


def quantile_edges(reference: Floats, bins: int) -> Floats:
    """Edges between quantile bins; a value that takes up a whole bin gets one of its own, so that it can be missed.

    Args:
        reference: shape (n,), at least one value.
        bins: number of quantile bins.

    >>> quantile_edges(np.arange(101.0), 4)
    array([25., 50., 75.])
    """
    levels = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    edges, times = np.unique(np.quantile(reference, levels), return_counts=True)
    return np.sort(np.concatenate([edges, np.nextafter(edges[times > 1], np.inf)]))


def shares(counts: Ints) -> Floats:
    """Counts as shares of their sum.

    Args:
        counts: shape (..., B), a positive sum in each row.
    """
    return counts / counts.sum(axis=-1, keepdims=True)
