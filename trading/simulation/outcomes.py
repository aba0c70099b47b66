"""What became of a signal: the yes or no that confidence is calibrated against."""

from __future__ import annotations

from dataclasses import dataclass, fields

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
        side: shape (m,), 1 long, -1 short.
        features: shape (m, F), of these bars, standardised.
        raw: shape (m,), the engine's confidence before calibration.
        effective: shape (m,), calibrated confidence times the modifier of training depth.
        gain: shape (m,), log return of following the signal, after costs.
    """

    index: Ints
    side: Ints
    features: Floats
    raw: Floats
    effective: Floats
    gain: Floats

    @property
    def won(self) -> NDArray[np.bool_]:
        """Shape (m,), whether the signal profited after costs."""
        return self.gain > 0.0

    def chosen(self, which: NDArray[np.bool_]) -> Outcomes:
        """Some of them.

        Args:
            which: shape (m,), true for those to keep.
        """
        return Outcomes(**{each.name: getattr(self, each.name)[which] for each in fields(self)})


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
    return Outcomes(
        index=index,
        side=side,
        features=signals.features[index],
        raw=signals.opinions[index, CONFIDENCE],
        effective=signals.confidence[index],
        gain=np.asarray(moved - round_trip, dtype=np.float64),
    )


def calibrated(effective: Floats, modifier: float) -> Floats:
    """What the calibrator said before training depth took its part: a probability again, and what may be judged as one.

    Args:
        effective: shape (m,), confidences, rounded to 1e-6, and so is what is given back, over the modifier.
        modifier: of the model's training depth, over 0 and up to 1.
    """
    # Rounding may have lifted a certainty over 1.
    return np.minimum(effective / modifier, 1.0)
