"""Plain data that a peer is given and gives back: bars and entries in, trades out. Needs numpy and nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Asked:
    """Bars, and the entries that a peer is to make and leave.

    Attributes:
        ts: shape (n,), UTC milliseconds of each bar's open, as the next five.
        open: price.
        high: price.
        low: price.
        close: price.
        interval: milliseconds of a bar.
        tick: smallest price step.
        lot: smallest quantity.
        fee: share of the notional of a fill, for takers and makers alike.
        entry: shape (m,), bar at whose open each trade is entered.
        quantity: shape (m,), signed.
        stop: shape (m,), price.
        target: shape (m,), price.
        duration: shape (m,), bars held at most; the position is left at the next open.
    """

    ts: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    interval: int
    tick: float
    lot: float
    fee: float
    entry: NDArray[np.int64]
    quantity: NDArray[np.float64]
    stop: NDArray[np.float64]
    target: NDArray[np.float64]
    duration: NDArray[np.int64]

    def until(self, bars: int) -> Asked:
        """The first bars, and the entries of which every possible exit lies in them.

        Args:
            bars: how many.
        """
        kept = self.entry + self.duration < bars
        trades = {name: getattr(self, name)[kept] for name in ENTRY_COLUMNS}
        columns = {name: getattr(self, name)[:bars] for name in BAR_COLUMNS}
        return Asked(interval=self.interval, tick=self.tick, lot=self.lot, fee=self.fee, **columns, **trades)


BAR_COLUMNS = ("ts", "open", "high", "low", "close")
ENTRY_COLUMNS = ("entry", "quantity", "stop", "target", "duration")


class Trade(NamedTuple):
    """One finished trade.

    Attributes:
        entry_bar: position of the bar.
        entry_price: average.
        exit_bar: position of the bar.
        exit_price: average.
        reason: ``stop``, ``target`` or ``time``.
    """

    entry_bar: int
    entry_price: float
    exit_bar: int
    exit_price: float
    reason: str


def write_asked(path: Path, asked: Asked) -> None:
    """Write what a peer is asked as an npz file.

    Args:
        path: of the file.
        asked: bars and entries.
    """
    columns: dict[str, Any] = {field.name: np.asarray(getattr(asked, field.name)) for field in fields(Asked)}
    np.savez(path, **columns)


def read_asked(path: Path) -> Asked:
    """Read what :func:`write_asked` wrote.

    Args:
        path: of the file.
    """
    with np.load(path) as stored:
        values: dict[str, Any] = {name: stored[name] for name in stored.files}
    return Asked(**{name: value.item() if value.ndim == 0 else value for name, value in values.items()})
