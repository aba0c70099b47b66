"""What release 0.1 wrote and measured, as tests read it."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.accepted import Accepted, read_accepted
from trading.canonical import digest_of
from trading.market.bars import COLUMNS, Bars

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "release_0_1"
CHANGES = FOLDER / "changes.json"
BUNDLES = ("bundle-1", "bundle-2")
PARTS = ("all", "traded")
_TRADE_OF_0_1 = ("entry_ts", "exit_ts", "quantity", "entry_price", "exit_price", "fees", "pnl", "reason")


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


def accepted() -> Accepted:
    """What its bundles and journals trade since steps were changed on purpose, with the reasons."""
    return read_accepted(CHANGES)


def ledger_of_0_1(rows: Iterable[Mapping[str, Any]]) -> str:
    """The digest of a ledger by what a trade said in release 0.1, under which the release named its own.

    Args:
        rows: of the trade ledger, of any release.
    """
    return digest_of([{name: row[name] for name in _TRADE_OF_0_1} for row in rows])
