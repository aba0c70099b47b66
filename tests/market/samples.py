"""Small markets for tests: clean bars, their CSV text, and a source string for a file of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from trading.market.bars import COLUMNS, Bars
from trading.market.raw import Columns, RawBars
from trading.settings.models import MarketSpec

START_MS = 1_704_067_200_000
HOUR_MS = 3_600_000
HEADER = "ts,open,high,low,close,volume"

MARKET_DATA = os.environ.get("SEVENGATES_MARKET_DATA", "")
needs_market_data = pytest.mark.skipif(not MARKET_DATA, reason="SEVENGATES_MARKET_DATA names no market data folder")


def market_file(name: str) -> str:
    return str(Path(MARKET_DATA) / name)


def clean_bars(n: int = 600, interval: int = HOUR_MS, seed: int = 1) -> Bars:
    """A random walk whose bars go on where the last one ended."""
    rng = np.random.default_rng(seed)
    close = np.round(100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.004, n))), 4)
    opens = np.r_[100.0, close[:-1]]
    high = np.round(np.maximum(opens, close) + rng.uniform(0.0, 0.3, n), 4)
    low = np.round(np.minimum(opens, close) - rng.uniform(0.0, 0.3, n), 4)
    volume = np.round(rng.uniform(1.0, 500.0, n), 3)
    return Bars("TEST", interval, START_MS + interval * np.arange(n, dtype=np.int64), opens, high, low, close, volume)


def rows_of(bars: Bars) -> list[list[str]]:
    """Bars as cells of text, without funding."""
    return [[str(cell) for cell in bars.row(index)[:6]] for index in range(len(bars))]


def csv_text(rows: list[list[str]], header: str = HEADER) -> str:
    lines = [",".join(row) for row in rows]
    return "\n".join([header, *lines] if header else lines) + "\n"


def raw_of(bars: Bars) -> RawBars:
    """Bars as if read from a CSV file with a header."""
    values = {name: getattr(bars, name).copy() for name in COLUMNS}
    columns = Columns(bars.ts.copy(), values, np.arange(2, len(bars) + 2, dtype=np.int64))
    return RawBars(bars.symbol, "test.csv", bars.interval, columns)


def spec_for(path: Path | str, **settings: object) -> MarketSpec:
    return MarketSpec.model_validate({"symbols": ("TEST",), "source": str(path), **settings})
