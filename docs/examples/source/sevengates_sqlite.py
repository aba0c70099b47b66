"""Bars in a SQLite database as a source of Sevengates: ``sqlite:PATH``.

Its table ``bars`` has the columns symbol, ts (UTC milliseconds of the bar's open), open, high, low, close and volume.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cached_property
from pathlib import Path

import numpy as np

from trading.canonical import sha256
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import Bars
from trading.market.raw import RawBars, raw_from_bars
from trading.moments import interval_ms
from trading.settings.models import MarketSpec


class SqliteSource:
    """One symbol of the table, in bars of the traded interval."""

    path = None  # The database holds other symbols too, so no file of it is copied to quarantine.

    def __init__(self, target: str, *, symbol: str, spec: MarketSpec) -> None:
        self.name = f"sqlite:{Path(target).name}"
        self._database, self._symbol, self._interval = Path(target), symbol, interval_ms(spec.interval)

    def identity(self) -> str:
        return sha256(self._symbol.encode() + self._rows.tobytes())

    def label(self, identity: str) -> str:
        return f"sqlite:{identity}"

    def end_ms(self) -> int | None:
        return int(self._rows[-1, 0]) + self._interval if len(self._rows) else None

    def replay_end_ms(self, start_ms: int) -> int | None:
        return None

    def read(self, until_ms: int | None) -> RawBars:
        ts = self._rows[:, 0].astype(np.int64)
        closed = slice(None) if until_ms is None else ts + self._interval <= until_ms
        columns = self._rows[closed, 1:].T
        return raw_from_bars(Bars(self._symbol, self._interval, ts[closed], *columns), self.name)

    @cached_property
    def _rows(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        if not self._database.is_file():
            raise DataError(ReasonCode.SOURCE_MISSING, f"no database {self._database}.", remedy="Check market.source.")
        query = "SELECT ts, open, high, low, close, volume FROM bars WHERE symbol = ? ORDER BY ts"
        try:
            with closing(sqlite3.connect(f"{self._database.resolve().as_uri()}?mode=ro", uri=True)) as database:
                rows = database.execute(query, (self._symbol,)).fetchall()
            return np.array(rows, dtype=np.float64).reshape(-1, 6)
        except (sqlite3.Error, ValueError) as error:
            what = f"{self.name} cannot be read: {error}."
            raise DataError(ReasonCode.SOURCE_UNREADABLE, what, remedy="Look at its table bars.") from error
