"""Bars as log moves from the previous close, the form in which shocks are added."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats


@dataclass(eq=False)
class Moves:
    """The bars of the test split as moves; a shock changes the arrays in place.

    Attributes:
        open: shape (n,), log distance from the previous close.
        high: shape (n,), the same of the high.
        low: shape (n,), the same of the low.
        close: shape (n,), the same of the close.
        volume: shape (n,), as traded.
        rng: where and which way a shock comes.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    rng: np.random.Generator

    def __len__(self) -> int:
        return len(self.close)

    def places(self, count: int, room: int) -> NDArray[np.int64]:
        """Up to ``count`` bars, one in each equal stretch, with ``room`` bars after each.

        Args:
            count: how many bars.
            room: bars that the shock needs.
        """
        stretch = max(len(self) // count, room + 1)
        starts = np.arange(0, len(self) - stretch + 1, stretch)
        return starts + self.rng.integers(0, max(1, stretch - room), size=len(starts))

    def shift(self, at: slice | NDArray[np.int64], by: Floats | float) -> None:
        """Move whole bars up or down, open included: a gap.

        Args:
            at: which bars.
            by: log distance.
        """
        for column in (self.open, self.high, self.low, self.close):
            column[at] += by

    def mirror(self, at: slice) -> None:
        """Turn bars upside down: every rise becomes the same fall.

        Args:
            at: the bars, as a range of positions.
        """
        self.open[at] *= -1.0
        self.close[at] *= -1.0
        high = -self.low[at]
        self.low[at] = -self.high[at]
        self.high[at] = high

    def stretch(self, at: slice, factor: float) -> None:
        """Make bars wider.

        Args:
            at: which bars.
            factor: how many times as wide.
        """
        for column in (self.open, self.high, self.low, self.close):
            column[at] *= factor

    def freeze(self, at: slice) -> None:
        """No trade and no price change; the next bar opens where the market really is.

        Args:
            at: the bars, as a range of positions; their moves are added up and made by the bar after it.
        """
        missed = float(self.close[at].sum())
        for column in (self.open, self.high, self.low, self.close, self.volume):
            column[at] = 0.0
        if at.stop < len(self):
            self.shift(slice(at.stop, at.stop + 1), missed)
