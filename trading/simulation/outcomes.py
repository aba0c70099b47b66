"""What became of a signal: the yes or no that confidence is calibrated against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.engines.stream import Signals
from trading.market.bars import Bars
from trading.model.spec import Costs
from trading.steps.opinion import CONFIDENCE


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Signals whose end is known.

    Attributes:
        index: shape (m,), bars with a direction.
        raw: shape (m,), the engine's confidence before calibration.
        effective: shape (m,), confidence after calibration.
        won: shape (m,), whether the signal profited after costs.
    """

    index: Ints
    raw: Floats
    effective: Floats
    won: NDArray[np.bool_]


def signal_outcomes(
    bars: Bars, signals: Signals, part: tuple[int, int], *, horizon_bars: int, costs: Costs
) -> Outcomes:
    """Follow every signal of a range from the next open for some bars, without leaving the range.

    A signal wins if the move in its direction is over the round trip of fees and spread.

    Args:
        bars: of the market.
        signals: of the same bars.
        part: half-open range of bars.
        horizon_bars: how long a signal is followed.
        costs: of trading.
    """
    start, stop = part
    last = stop - horizon_bars - 1
    index = np.arange(start, max(start, last))
    index = index[signals.direction[index] != 0]
    side = signals.direction[index]
    moved = side * np.log(bars.open[index + 1 + horizon_bars] / bars.open[index + 1])
    round_trip = 2.0 * costs.fee_bps * 1e-4 + costs.spread_bps * 1e-4
    return Outcomes(index, signals.opinions[index, CONFIDENCE], signals.confidence[index], moved > round_trip)
