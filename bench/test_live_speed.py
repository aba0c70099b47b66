"""Speed of the live runner: a whole bar with its journal, in memory and on disk, and an empty commit on that disk.

What a full sync costs is the disk's affair, so it is measured beside the bar; the limit holds for the rest.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from bench.model import bench_model
from trading.live.decider import SignalStream
from trading.live.feeds.replay import ReplayFeed
from trading.live.journal.journal import Journal
from trading.live.runner import Tick
from trading.live.session import open_runner
from trading.live.watch.pointer import FixedModel, Pointer
from trading.market.bars import Bars
from trading.market.raw import raw_from_bars
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.model.bundle import write_bundle
from trading.model.lineage import Lineage
from trading.model.model import TradingModel
from trading.steps.bar import Bar

BARS, HISTORY = 6_000, 3_000
HOUR_MS = 3_600_000
START_MS = 1_609_459_200_000
LONGEST_BAR_MS = 2.0


@pytest.fixture(scope="module")
def bars() -> Bars:
    return simulate(SimulatedMarket(), START_MS + BARS * HOUR_MS).bars


@pytest.fixture(scope="module")
def model() -> TradingModel:
    return bench_model(HOUR_MS)[0]


def microseconds_per_bar(folder: Path, model: TradingModel, bars: Bars) -> np.ndarray:
    """Time from one traded bar's end to the next one's, shape (BARS - HISTORY - 1,)."""
    lineage = Lineage(symbol="SIM", interval="1h", as_of_ms=0)
    bundle = write_bundle(folder / "bundle", model, lineage, {}, {"decision": "APPROVED"}, "")
    moments: list[float] = []

    def clock(tick: Tick) -> None:
        if not tick.warming:
            moments.append(time.perf_counter())

    with closing(Journal(folder / "journal.db")) as journal:
        models = FixedModel(Pointer(folder=str(bundle.folder), digest=bundle.digest))
        runner = open_runner(journal, models, start_ms=int(bars.ts[HISTORY]))
        runner.run(ReplayFeed(raw_from_bars(bars, "memory")), progress=clock)
    return np.diff(moments) * 1e6


def microseconds_per_commit(folder: Path, commits: int = 200) -> float:
    """What the disk asks for one row under full sync."""
    with closing(sqlite3.connect(folder / "empty.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE rows (number INTEGER)")
        began = time.perf_counter()
        for number in range(commits):
            db.execute("INSERT INTO rows VALUES (?)", (number,))
        return (time.perf_counter() - began) / commits * 1e6


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder without a disk under it, where the machine has one."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    yield folder
    shutil.rmtree(folder)


def test_live_speed(tmp_path: Path, memory: Path, bars: Bars, model: TradingModel) -> None:
    stream = SignalStream(model)
    rows = [Bar(*bars.row(index)) for index in range(HISTORY)]
    began = time.perf_counter()
    for row in rows:
        stream.on_bar(row)
    signal = (time.perf_counter() - began) / HISTORY * 1e6
    print(f"\n{'one bar, microseconds':48} {'median':>8} {'99 %':>8}")
    print(f"{'features and regimes (a first start, a swap)':48} {signal:8.0f}")
    in_memory = np.percentile(microseconds_per_bar(memory, model, bars), (50, 99))
    on_disk = np.percentile(microseconds_per_bar(tmp_path, model, bars), (50, 99))
    print(f"{'contract to journal, journal in memory':48} {in_memory[0]:8.0f} {in_memory[1]:8.0f}")
    print(f"{'contract to journal, journal on disk':48} {on_disk[0]:8.0f} {on_disk[1]:8.0f}")
    print(f"{'an empty commit on that disk':48} {microseconds_per_commit(tmp_path):8.0f}")
    assert in_memory[0] < LONGEST_BAR_MS * 1_000
