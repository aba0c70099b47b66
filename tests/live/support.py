"""What the live tests share: bundles of random models, and replays of the embedded market in memory."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import random_model
from trading.live.feeds.replay import ReplayFeed
from trading.live.journal.file import reading, schema_version
from trading.live.journal.journal import Journal
from trading.live.journal.reading import read_trades
from trading.live.runner import Tick
from trading.live.session import open_runner
from trading.live.status import Status, status_of
from trading.live.venues.base import VenueKind
from trading.live.venues.opening import PAPER
from trading.live.watch.pointer import FixedModel, ModelSource, Pointer
from trading.market.bars import Bars
from trading.market.raw import raw_from_bars
from trading.model.bundle import Bundle, write_bundle
from trading.model.lineage import Lineage
from trading.model.model import TradingModel
from trading.simulation.trades import ledger_rows, trade_records

_MEMORY = Path("/dev/shm")


@contextmanager
def quick_folder() -> Generator[Path]:
    """A folder in memory where the machine has one: a full sync then costs nothing."""
    folder = Path(tempfile.mkdtemp(prefix="sevengates-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def write_model(
    folder: Path,
    model: TradingModel,
    *,
    as_of_ms: int = 0,
    decision: str = "APPROVED",
    paper_only: bool = True,
    sharpe: float = 1.5,
) -> Bundle:
    """A bundle around a model, with no more of a verdict than the runner looks at."""
    lineage = Lineage(symbol=model.spec.symbol, interval=f"{model.spec.interval // 1000}s", as_of_ms=as_of_ms)
    verdict = {"decision": decision, "paper_only": paper_only}
    return write_bundle(folder, model, lineage, {"metrics": {"sharpe": sharpe}}, verdict, "# Card\n")


def bundle_of(folder: Path, seed: int) -> Bundle:
    return write_model(folder / f"bundle-{seed}", random_model(seed))


def pointer_to(bundle: Bundle, version: int | None = None) -> Pointer:
    return Pointer(folder=str(bundle.folder.resolve()), digest=bundle.digest, version=version, epoch=version)


def fixed(bundle: Bundle) -> FixedModel:
    return FixedModel(pointer_to(bundle))


@dataclass
class Promotions:
    """A model source that a test moves."""

    pointer: Pointer | None

    def current(self) -> Pointer | None:
        return self.pointer


def replay_of(bars: Bars) -> ReplayFeed:
    return ReplayFeed(raw_from_bars(bars, "memory"))


def trades_of(path: Path) -> list[dict[str, Any]]:
    """The trade ledger of a journal, as the backtest would write it."""
    with reading(path) as db:
        return ledger_rows(trade_records(read_trades(db, schema_version(db, path))))


def trade(
    path: Path,
    models: ModelSource,
    bars: Bars,
    start: int,
    progress: Callable[[Tick], None] | None = None,
    venue: VenueKind = PAPER,
) -> Status:
    """Run a journal to the end of some bars, trading from one of them on."""
    with (
        closing(Journal(path)) as journal,
        closing(open_runner(journal, models, start_ms=int(bars.ts[start]), venue=venue)) as runner,
    ):
        runner.run(replay_of(bars), progress=progress)
    status = status_of(path)
    assert status is not None
    return status
