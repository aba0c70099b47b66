"""Tells whether each bar goes on where the one before ended, which it does not if open and close are swapped."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats

MAX_DISCONTINUITY = 1.5
_FEWEST_BARS = 100


def discontinuity(opens: Floats, closes: Floats) -> float:
    """How far an open lies from the close before, over how far a close lies from the open before.

    The first distance spans no bar, the second two whole bars, so the ratio is under 1 in any market, and over 1 when
    the columns are swapped. Near 1 it says nothing: a price that only bounces between bid and ask gives 1 both ways.

    Args:
        opens: shape (n,), open of each bar, oldest first.
        closes: shape (n,), close of each bar.

    Returns:
        The ratio of the mean absolute log distances, at most 1e9; 0 with fewer than 100 usable bars.
    """
    good = np.isfinite(opens) & np.isfinite(closes) & (opens > 0) & (closes > 0)
    if int(good.sum()) < _FEWEST_BARS:
        return 0.0
    log_open, log_close = np.log(opens[good]), np.log(closes[good])
    without = float(np.abs(log_open[1:] - log_close[:-1]).mean())
    across = float(np.abs(log_close[1:] - log_open[:-1]).mean())
    return without / max(across, without * 1e-9) if without > 0.0 else 0.0
