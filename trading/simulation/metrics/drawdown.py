"""Falls of equity from a peak: between closes, and down to the worst price inside a bar."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats


def max_drawdown(equity: Floats, initial: float) -> float:
    """Largest fall from a peak, share of that peak; the start counts as a peak.

    Args:
        equity: shape (n,), at every close, quote currency.
        initial: equity before the first bar.
    """
    path = np.r_[initial, equity]
    return float(np.max(1.0 - path / np.maximum.accumulate(path)))


def intrabar_drawdown(equity: Floats, low_equity: Floats, initial: float) -> float:
    """Largest fall from a peak of closes to a bar's worst equity, share of that peak; the start counts as a peak.

    The peak is of the closes before the bar, since nothing says whether its best or its worst price came first. It is
    never under :func:`max_drawdown`: a close is a price of its bar.

    Args:
        equity: shape (n,), at every close, quote currency.
        low_equity: shape (n,), of what was held in the bar at its adverse extreme: low when long, high when short.
        initial: equity before the first bar.
    """
    peak = np.maximum.accumulate(np.r_[initial, equity[:-1]])
    return float(np.max(np.r_[0.0, 1.0 - np.minimum(low_equity, equity) / peak]))
