"""Bars of the market data folder as they are, without the contract."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from trading.market.bars import COLUMNS, Bars


def real_bars(folder: Path, name: str, *, newest: int = 40_000) -> Bars:
    """The newest bars of a file."""
    path = folder / name
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    ts = table["ts"].to_numpy(np.int64)
    columns = {column: table[column].to_numpy(np.float64) for column in COLUMNS}
    bars = Bars(symbol="REAL", interval=int(np.median(np.diff(ts))), ts=ts, **columns)
    return bars.slice(max(len(bars) - newest, 0))
