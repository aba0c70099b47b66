"""What became of a signal: the yes or no that confidence is calibrated against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats
from trading.market.bars import Bars
from trading.settings.models import CostSpec


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Signals whose end is known.

    Attributes:
        index: shape (m,), bars with a direction.
        raw: shape (m,), probability of the signalled regime before calibration.
        effective: shape (m,), confidence after calibration.
        won: shape (m,), whether the signal profited after costs.
    """

    index: NDArray[np.int64]
    raw: Floats
    effective: Floats
    won: NDArray[np.bool_]


def signal_outcomes(
    bars: Bars,
    beliefs: Floats,
    direction: NDArray[np.int64],
    confidence: Floats,
    start: int,
    stop: int,
    horizon: int,
    costs: CostSpec,
) -> Outcomes:
    """Follow every signal of a range from the next open for ``horizon`` bars, without leaving the range.

    A signal wins if the move in its direction is over the round trip of fees and spread.
    """
    last = stop - horizon - 1
    index = np.arange(start, max(start, last))
    index = index[direction[index] != 0]
    side = direction[index]
    moved = side * np.log(bars.open[index + 1 + horizon] / bars.open[index + 1])
    round_trip = 2.0 * costs.fee_bps * 1e-4 + costs.spread_bps * 1e-4
    raw = np.where(side > 0, beliefs[index, 0], beliefs[index, 1])
    return Outcomes(index, raw, confidence[index], moved > round_trip)
