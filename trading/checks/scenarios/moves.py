"""Bars as log moves from the previous close, the form in which shocks are added, and where a shock meets a position."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.checks.scenarios.held import HeldPositions

AT_ENTRY, AT_EXIT = 0.25, 0.25
"""How often a shock is placed on the bar of an entry or of an exit; else on any bar of a trade."""
ANYWHERE = 2


class Window(NamedTuple):
    """The bars of one shock, its aftermath included: positions in the test split, the end not among them."""

    begin: int
    end: int


@dataclass(eq=False)
class Moves:
    """The bars of the test split as moves; a shock changes the arrays in place.

    Attributes:
        open: shape (n,), log distance from the previous close.
        high: shape (n,), the same of the high.
        low: shape (n,), the same of the low.
        close: shape (n,), the same of the close.
        volume: shape (n,), as traded.
        held: the positions of the base path, which shocks are to meet.
        against: whether shocks come against the position that they meet; else with it.
        rng: where a shock comes.
        windows: of the shocks so far.
        wanted: how many shocks were asked for; where the base path never held a position, one cannot be placed. None
            if the shock never asks, and lasts all the time.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    held: HeldPositions
    against: bool
    rng: np.random.Generator
    windows: list[Window] = field(default_factory=list)
    wanted: int | None = None

    def __len__(self) -> int:
        return len(self.close)

    def meet(self, count: int, length: int, *, opening: bool = False, mirrored: int = 0) -> list[Window]:
        """Windows of up to ``count`` shocks, one in each equal stretch, that begin where the base path was in a trade.

        A quarter begins on an entry, a quarter on an exit, the others on any bar of a trade, as far as the stretch has
        such bars. Of a stretch without a trade there is no window.

        Args:
            count: how many.
            length: bars of each.
            opening: the shock moves the open, so that only a position that was there before feels it.
            mirrored: the shock turns so many bars upside down; it begins where that is against the position, or with
                it. 0 is none.
        """
        stretch = max(len(self) // count, length + 1)
        starts = np.arange(0, len(self) - stretch + 1, stretch)
        self.wanted = (self.wanted or 0) + count
        kinds = self._meeting(opening)
        hurt = kinds if mirrored == 0 else [bars[self._turns(mirrored)[bars]] for bars in kinds]
        found: list[Window] = []
        for start in starts.tolist():
            kind = int(self.rng.choice(3, p=(AT_ENTRY, AT_EXIT, 1.0 - AT_ENTRY - AT_EXIT)))
            for bars in (hurt[kind], hurt[ANYWHERE], kinds[ANYWHERE]):
                near = bars[(bars >= start) & (bars < start + max(1, stretch - length))]
                if len(near):
                    begin = int(self.rng.choice(near))
                    found.append(Window(begin, begin + length))
                    break
        self.windows.extend(found)
        return found

    def fitting(self, length: int) -> int:
        """The length of a long shock: shorter where the range is too short for several.

        Args:
            length: bars, if there is room.
        """
        return max(1, min(length, len(self) // 8))

    def way(self, at: int) -> float:
        """The direction of a shock on a bar of a trade: 1 up, -1 down.

        Args:
            at: the bar.
        """
        return -self.held.side[at] if self.against else self.held.side[at]

    def gain(self, window: Window) -> float:
        """What the base path's position gained over a window as log moves of the price, whatever its size.

        Args:
            window: the bars.
        """
        part = slice(*window)
        return float(np.sum(self.held.side[part] * self.close[part]))

    def shift(self, at: int, by: float) -> None:
        """Move a whole bar up or down, open included: a gap.

        Args:
            at: which bar.
            by: log distance.
        """
        for column in (self.open, self.high, self.low, self.close):
            column[at] += by

    def mirror(self, window: Window) -> None:
        """Turn bars upside down: every rise becomes the same fall.

        Args:
            window: the bars.
        """
        at = slice(*window)
        self.open[at] *= -1.0
        self.close[at] *= -1.0
        high = -self.low[at]
        self.low[at] = -self.high[at]
        self.high[at] = high

    def stretch(self, window: Window, factor: float) -> None:
        """Make bars wider.

        Args:
            window: the bars.
            factor: how many times as wide.
        """
        for column in (self.open, self.high, self.low, self.close):
            column[slice(*window)] *= factor

    def freeze(self, window: Window) -> float:
        """No trade and no price change.

        Args:
            window: the bars.

        Returns:
            The log distance that the market went unseen.
        """
        at = slice(*window)
        missed = float(self.close[at].sum())
        for column in (self.open, self.high, self.low, self.close, self.volume):
            column[at] = 0.0
        return missed

    def _meeting(self, opening: bool) -> list[Ints]:
        """Bars of the base path's trades: those of entries, those of exits, and all."""
        held = self.held
        if not opening:
            return [held.entries, held.exits, np.flatnonzero(held.side)]
        # The open of the bar it entered on was before the trade.
        lasting = held.exits > held.entries
        anywhere = np.setdiff1d(np.flatnonzero(held.side), held.entries)
        return [held.entries[lasting] + 1, held.exits[lasting], anywhere]

    def _turns(self, mirrored: int) -> NDArray[np.bool_]:
        """Bars from which on so many mirrored ones hurt the base path; help it where shocks come with the position."""
        gained = np.r_[0.0, np.cumsum(self.held.side * self.close)]
        first = np.arange(len(self))
        gains = gained[np.minimum(first + mirrored, len(self))] - gained[first]
        return gains > 0.0 if self.against else gains < 0.0
