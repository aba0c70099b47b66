"""What the bundles and journals of release 0.1 trade now, measured as the release measured it."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.live.support import Promotions, quick_folder, trades_of
from tests.support.release_0_1 import BUNDLES, FOLDER, PARTS, bars, expected, ledger_of_0_1
from trading.arrays import Ints
from trading.canonical import digest_of
from trading.live.feeds.replay import ReplayFeed, open_replay
from trading.live.journal.journal import Journal
from trading.live.runner import Tick
from trading.live.session import open_runner
from trading.live.status import Status, status_of
from trading.live.watch.pointer import FixedModel, ModelSource, Pointer
from trading.model.bundle import load_bundle
from trading.night.artifacts import numbers
from trading.settings.models import MarketSpec
from trading.simulation.backtest import BacktestResult, run_backtest

_DECISION = "code, direction, confidence_raw, confidence, size, duration, stop, target, position, equity"
_INTENT = "id, ts, quantity, wait_bars, duration_bars, stop_log, target_log"


def measured() -> dict[str, Any]:
    """Ledgers and metrics of the bundles, and how the journals end, alone and with a change of the model."""
    return {
        "bundles": {bundle: {part: run_numbers(traded(bundle, part)) for part in PARTS} for bundle in BUNDLES},
        "journals": {name: _journal_ends(name) for name in sorted(expected()["journals"])},
    }


def traded(bundle: str, part: str) -> BacktestResult:
    """A bundle over the bars that the release traded it over.

    Args:
        bundle: one of the bundles.
        part: of the bars, ``all`` or ``traded``.
    """
    then = expected()["bundles"][bundle][part]
    return run_backtest(load_bundle(FOLDER / bundle).model, bars(), then["start"], then["stop"])


def run_numbers(run: BacktestResult) -> dict[str, Any]:
    """What the release measured of a backtest, its ledger in the columns of that release and of this one.

    Args:
        run: of a bundle.
    """
    return {
        "ledger_sha256": ledger_of_0_1(run.trades),
        "ledger_sha256_now": run.ledger_sha256,
        "codes_sha256": codes_sha256(run.codes),
        "metrics": numbers(run.metrics),
        "trades": len(run.trades),
    }


def codes_sha256(codes: Ints) -> str:
    """The digest of the breaker's answers as the release wrote it.

    Args:
        codes: shape (n,).
    """
    return hashlib.sha256(np.ascontiguousarray(codes, dtype="<i8").tobytes()).hexdigest()


@lru_cache(maxsize=1)
def feed() -> ReplayFeed:
    """The bars that release 0.1 traded live, and those after them."""
    spec = MarketSpec(source=str(FOLDER / expected()["bars"]["file"]), symbols=("SIM",), interval="1h")
    return open_replay(spec, "SIM", None)


def pointer_to(bundle: str, version: int | None = None) -> Pointer:
    """A promotion of a bundle.

    Args:
        bundle: one of the bundles.
        version: as it is registered; None names it by its path.
    """
    folder = FOLDER / bundle
    return Pointer(folder=str(folder), digest=load_bundle(folder).digest, version=version, epoch=version)


def go_on(
    path: Path, models: ModelSource, after_ts: int | None = None, then: Callable[[], None] | None = None
) -> Status:
    """Trade a journal to the end of the feed.

    Args:
        path: of the journal.
        models: what trades.
        after_ts: open of the bar after which something is done.
        then: what is done.
    """

    def progress(tick: Tick) -> None:
        if then is not None and tick.ts == after_ts:
            then()

    with closing(Journal(path)) as journal, closing(open_runner(journal, models)) as runner:
        runner.run(feed(), progress=progress)
    status = status_of(path)
    assert status is not None
    return status


def go_on_swapped(path: Path, then: Callable[[], None] | None = None) -> Status:
    """Trade a journal to the end of the feed, with the other bundle promoted where the release promoted it.

    Args:
        path: of the journal.
        then: what is done besides when the bundle is promoted.
    """
    models = Promotions(pointer_to("bundle-1"))

    def promote() -> None:
        models.pointer = pointer_to("bundle-2", 2)
        if then is not None:
            then()

    return go_on(path, models, expected()["journals"][path.name]["swapped"]["swaps_row_ts"], promote)


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a journal answers to a query.

    Args:
        path: of the journal.
        query: in SQL.
    """
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def journal_state(path: Path, status: Status) -> dict[str, Any]:
    """What the release measured of a journal, its ledger in the columns of that release and of this one.

    Args:
        path: of the journal.
        status: of the same.
    """
    return {
        "bars": status.warm_bars + status.bars,
        "bundle": status.bundle_digest,
        "decisions": rows(path, "SELECT COUNT(*) FROM decisions")[0][0],
        "decisions_sha256": _digest(path, _DECISION, "decisions"),
        "equity": repr(status.equity),
        "intents": rows(path, "SELECT COUNT(*) FROM intents")[0][0],
        "intents_sha256": _digest(path, _INTENT, "intents"),
        "last_ts": status.last_ts,
        "ledger_sha256": ledger_of_0_1(trades_of(path)),
        "ledger_sha256_now": status.ledger_sha256,
        "position": repr(status.position),
        "traded_bars": status.bars,
        "trades": status.trades,
    }


def _journal_ends(name: str) -> dict[str, Any]:
    with quick_folder() as folder:
        path = folder / name
        shutil.copy(FOLDER / name, path)
        alone = journal_state(path, go_on(path, FixedModel(pointer_to("bundle-1"))))
    with quick_folder() as folder:
        path = folder / name
        shutil.copy(FOLDER / name, path)
        swapped = journal_state(path, go_on_swapped(path))
    return {"continued": alone, "swapped": swapped}


def _digest(path: Path, columns: str, table: str) -> str:
    return digest_of([list(row) for row in rows(path, f"SELECT {columns} FROM {table} ORDER BY ts")])
