"""Features that know nothing of the future, to be spoiled by tests."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats
from trading.checks.leakage.target import Columns
from trading.market.bars import Bars

NAMES = ("momentum", "volume")


def honest(bars: Bars) -> Floats:
    """Momentum of five bars, and the logarithm of the volume."""
    momentum = np.full(len(bars), np.nan)
    momentum[5:] = np.log(bars.close[5:] / bars.close[:-5])
    return np.column_stack([momentum, np.log(bars.volume)])


def columns_of(table: Floats) -> Columns:
    """Features alone, without the columns of the bars."""
    return Columns(NAMES, table)
