"""When a path held a position, bar by bar: where a shock can meet it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.steps.account import TRADE_ENTRY_TS, TRADE_EXIT_TS, TRADE_QUANTITY

if TYPE_CHECKING:
    from trading.simulation.lanes import LaneRun


@dataclass(frozen=True, eq=False)
class HeldPositions:
    """The trades of one path over n bars; a bar belongs to a trade from the one it entered on to the one it left on.

    Attributes:
        bars: n.
        entries: shape (m,), bar on which each trade was entered, increasing.
        exits: shape (m,), bar on which it was left; the last bar of the path for one that is still open.
        ways: shape (m,), 1 of a long trade, -1 of a short one.
    """

    bars: int
    entries: Ints
    exits: Ints
    ways: Floats

    @cached_property
    def side(self) -> Floats:
        """Shape (n,), 1 on a bar of a long trade, -1 of a short one, 0 of none."""
        side = np.zeros(self.bars)
        for entered, left, way in zip(self.entries.tolist(), self.exits.tolist(), self.ways.tolist(), strict=True):
            side[entered : left + 1] = way
        return side

    def on(self, bars: Ints) -> NDArray[np.bool_]:
        """Whether each of some bars belongs to a trade.

        Args:
            bars: shape (k,), positions in the path.
        """
        if len(self.entries) == 0:
            return np.zeros(len(bars), dtype=np.bool_)
        last = np.searchsorted(self.entries, bars, side="right") - 1
        return (last >= 0) & (self.exits[last] >= bars)


def held_positions(ts: Ints, run: LaneRun) -> HeldPositions:
    """When a lane held a position.

    Args:
        ts: shape (n,), open of each traded bar, UTC milliseconds.
        run: what the lane did on these bars.
    """
    trades = np.concatenate([run.trades, run.last])
    entries, exits = (
        np.searchsorted(ts, trades[:, column].astype(np.int64)) for column in (TRADE_ENTRY_TS, TRADE_EXIT_TS)
    )
    return HeldPositions(len(ts), entries, exits, np.sign(trades[:, TRADE_QUANTITY]))
