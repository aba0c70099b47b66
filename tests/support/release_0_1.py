"""What release 0.1 wrote and measured, as tests read it."""

from __future__ import annotations

import csv
import gzip
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from trading.market.bars import COLUMNS, Bars

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "release_0_1"
BUNDLES = ("bundle-1", "bundle-2")


@lru_cache(maxsize=1)
def expected() -> dict[str, Any]:
    """What the release itself measured."""
    return json.loads((FOLDER / "expected.json").read_text())


@lru_cache(maxsize=1)
def bars() -> Bars:
    """The bars that everything here was made of."""
    with gzip.open(FOLDER / "bars.csv.gz", "rt", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return Bars(
        symbol="SIM",
        interval=3_600_000,
        ts=np.array([int(row["ts"]) for row in rows], dtype=np.int64),
        **{name: np.array([float(row[name]) for row in rows]) for name in COLUMNS},
    )
