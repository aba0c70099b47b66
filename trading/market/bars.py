"""Bars as columns of numbers: the one form in which market data moves through the platform."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.moments import DAY_MS, duration_text
from trading.steps.bar import Bar, BarColumns

COLUMNS = ("open", "high", "low", "close", "volume")
FUNDING = "funding"
"""The column that bars may have beside :data:`COLUMNS`."""
YEAR_MS = 365.25 * DAY_MS


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars of one symbol, oldest first.

    Attributes:
        symbol: the name of the market.
        interval: milliseconds from a bar's open to its close.
        ts: shape (n,), int64, UTC milliseconds of each bar's open.
        open: shape (n,), price of the first trade, in quote currency.
        high: shape (n,), highest price.
        low: shape (n,), lowest price.
        close: shape (n,), price of the last trade.
        volume: shape (n,), traded quantity in units of the asset.
        funding: shape (n,), share of notional that longs pay shorts at each bar's open; None if none is known.
    """

    symbol: str
    interval: int
    ts: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    funding: Floats | None = None

    def __len__(self) -> int:
        return len(self.ts)

    def slice(self, start: int, stop: int | None = None) -> Bars:
        """The bars ``start`` up to but without ``stop``.

        Args:
            start: position of the first bar.
            stop: position after the last; None is the end.
        """
        part = slice(start, stop)
        columns = {name: getattr(self, name)[part] for name in COLUMNS}
        funding = None if self.funding is None else self.funding[part]
        return replace(self, ts=self.ts[part], funding=funding, **columns)

    def until(self, as_of_ms: int) -> Bars:
        """The bars that had closed at a moment: nothing later is visible.

        Args:
            as_of_ms: UTC milliseconds.
        """
        return self.slice(0, int(np.searchsorted(self.ts + self.interval, as_of_ms, side="right")))

    def columns(self) -> BarColumns:
        """The same as compiled loops take it; where no funding is known, nothing is paid."""
        funding = np.zeros(len(self)) if self.funding is None else self.funding
        return BarColumns(self.interval, self.ts, self.open, self.high, self.low, self.close, self.volume, funding)

    def rows(self) -> Iterator[Bar]:
        """Every bar, oldest first."""
        return map(Bar, *(column.tolist() for column in self.columns()[1:]))

    def row(self, index: int) -> tuple[int, float, float, float, float, float, float]:
        """One bar as ``ts, open, high, low, close, volume, funding``.

        Args:
            index: position of the bar.
        """
        return (
            int(self.ts[index]),
            float(self.open[index]),
            float(self.high[index]),
            float(self.low[index]),
            float(self.close[index]),
            float(self.volume[index]),
            0.0 if self.funding is None else float(self.funding[index]),
        )

    @property
    def bars_per_year(self) -> float:
        """Bars in a year as this market trades: fewer than the clock allows where nights are closed."""
        if len(self) < 2:
            return YEAR_MS / self.interval
        span = float(self.ts[-1] - self.ts[0])
        return (len(self) - 1) * YEAR_MS / span

    def digest(self) -> str:
        """SHA-256 over symbol, interval and every number; bars without funding keep the digest of their prices."""
        h = hashlib.sha256(f"{self.symbol}|{self.interval}|".encode())
        h.update(np.ascontiguousarray(self.ts, dtype="<i8").tobytes())
        for name in COLUMNS:
            h.update(np.ascontiguousarray(getattr(self, name), dtype="<f8").tobytes())
        if self.funding is not None:
            h.update(b"|funding|")
            h.update(np.ascontiguousarray(self.funding, dtype="<f8").tobytes())
        return h.hexdigest()


def resample(bars: Bars, interval: int) -> Bars:
    """Join bars into longer ones on the UTC grid; a last bar that is not complete is left out.

    A long bar exists when at least one short bar falls into it, so a gap in the input stays a gap.

    Args:
        bars: of a shorter interval, oldest first.
        interval: milliseconds of the longer bars.

    Raises:
        DataError: if the wanted interval is not a multiple of the bars' own.
    """
    if interval == bars.interval:
        return bars
    if interval < bars.interval or interval % bars.interval:
        raise DataError(
            ReasonCode.BARS_INTERVAL,
            f"{bars.symbol}: bars of {duration_text(bars.interval)} cannot make bars of {duration_text(interval)}.",
            remedy="Set market.interval to a multiple of the source's interval.",
        )
    if len(bars) == 0:
        return replace(bars, interval=interval)
    bucket = bars.ts // interval
    starts = np.flatnonzero(np.r_[True, np.diff(bucket) > 0])
    ends = np.r_[starts[1:], len(bars)] - 1
    joined = Bars(
        symbol=bars.symbol,
        interval=interval,
        ts=bucket[starts] * interval,
        open=bars.open[starts],
        high=np.maximum.reduceat(bars.high, starts),
        low=np.minimum.reduceat(bars.low, starts),
        close=bars.close[ends],
        volume=np.add.reduceat(bars.volume, starts),
        funding=None if bars.funding is None else np.add.reduceat(bars.funding, starts),
    )
    complete = bars.ts[-1] + bars.interval >= joined.ts[-1] + interval
    return joined if complete else joined.slice(0, len(joined) - 1)
