"""Journals of release 0.1 are read as they lie, upgraded by the first runner, and traded on to the same numbers."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.live.support import Promotions
from trading.canonical import digest_of
from trading.live.feeds.replay import ReplayFeed, open_replay
from trading.live.journal.file import reading, schema_version
from trading.live.journal.journal import Journal
from trading.live.journal.schema import SCHEMA_VERSION
from trading.live.record import live_record
from trading.live.runner import Tick
from trading.live.session import open_runner
from trading.live.status import Status, status_of
from trading.live.watch.pointer import FixedModel, ModelSource, Pointer
from trading.model.bundle import load_bundle
from trading.settings.models import MarketSpec

FIXTURES = Path(__file__).parents[1] / "fixtures" / "release_0_1"
EXPECTED: dict[str, Any] = json.loads((FIXTURES / "expected.json").read_text())
JOURNALS = sorted(EXPECTED["journals"])
DECISION = "code, direction, confidence_raw, confidence, size, duration, stop, target, position, equity"
INTENT = "id, ts, quantity, wait_bars, duration_bars, stop_log, target_log"


@pytest.fixture(params=JOURNALS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def journal(name: str, folder: Path) -> Path:
    """A copy of a journal that release 0.1 wrote."""
    return Path(shutil.copy(FIXTURES / name, folder / name))


@pytest.fixture(scope="module")
def feed() -> ReplayFeed:
    """The bars that release 0.1 traded, and those after them."""
    spec = MarketSpec(source=str(FIXTURES / EXPECTED["bars"]["file"]), symbols=("SIM",), interval="1h")
    return open_replay(spec, "SIM", None)


def pointer_to(bundle: str, version: int | None = None) -> Pointer:
    folder = FIXTURES / bundle
    return Pointer(folder=str(folder), digest=load_bundle(folder).digest, version=version, epoch=version)


def go_on(path: Path, models: ModelSource, feed: ReplayFeed, after_ts: int | None = None, then: Any = None) -> Status:
    """Trade a journal to the end of the feed; ``then`` is done after one bar."""

    def progress(tick: Tick) -> None:
        if tick.ts == after_ts:
            then()

    with closing(Journal(path)) as journal, closing(open_runner(journal, models)) as runner:
        runner.run(feed, progress=progress)
    status = status_of(path)
    assert status is not None
    return status


def rows(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def digest(path: Path, columns: str, table: str) -> str:
    return digest_of([list(row) for row in rows(path, f"SELECT {columns} FROM {table} ORDER BY ts")])


def assert_as_expected(path: Path, status: Status, expected: dict[str, Any]) -> None:
    assert status.ledger_sha256 == expected["ledger_sha256"]
    assert (status.trades, status.bars) == (expected["trades"], expected["traded_bars"])
    assert (repr(status.equity), repr(status.position)) == (expected["equity"], expected["position"])
    assert (status.last_ts, status.bundle_digest) == (expected["last_ts"], expected["bundle"])
    assert status.warm_bars + status.bars == expected["bars"]
    assert digest(path, DECISION, "decisions") == expected["decisions_sha256"]
    assert digest(path, INTENT, "intents") == expected["intents_sha256"]
    assert rows(path, "SELECT COUNT(*) FROM intents") == [(expected["intents"],)]


def test_status_reads_a_journal_of_release_0_1_and_leaves_every_byte_of_it(name: str, journal: Path) -> None:
    before = hashlib.sha256(journal.read_bytes()).hexdigest()
    assert before == EXPECTED["files"][name]
    status = status_of(journal)
    assert status is not None
    assert (status.venue, status.state, status.swaps) == ("paper", "ACTIVE", 0)
    assert_as_expected(journal, status, EXPECTED["journals"][name]["stopped"])
    with reading(journal) as db:
        assert schema_version(db, journal) == 1
    assert hashlib.sha256(journal.read_bytes()).hexdigest() == before


def test_the_live_record_of_an_upgraded_journal_is_that_of_release_0_1(name: str, journal: Path) -> None:
    bundle = EXPECTED["journals"][name]["stopped"]["bundle"]
    before = live_record(journal)
    assert before is not None
    assert before.bars == EXPECTED["journals"][name]["stopped"]["traded_bars"]
    Journal(journal).close()
    with reading(journal) as db:
        assert schema_version(db, journal) == SCHEMA_VERSION
    assert live_record(journal) == live_record(journal, digest=bundle) == before
    status = status_of(journal)
    assert status is not None
    assert_as_expected(journal, status, EXPECTED["journals"][name]["stopped"])


def test_a_runner_of_release_0_1_goes_on_to_the_same_trades(name: str, journal: Path, feed: ReplayFeed) -> None:
    status = go_on(journal, FixedModel(pointer_to("bundle-1")), feed)
    assert_as_expected(journal, status, EXPECTED["journals"][name]["continued"])
    assert (status.swaps, status.refusals, status.quarantined) == (0, 0, 0)


def test_a_runner_of_release_0_1_changes_its_model_between_the_same_two_bars(
    name: str, journal: Path, feed: ReplayFeed
) -> None:
    expected = EXPECTED["journals"][name]["swapped"]
    models = Promotions(pointer_to("bundle-1"))

    def promote() -> None:
        assert rows(journal, "SELECT position FROM decisions ORDER BY ts DESC LIMIT 1") == [
            (float(expected["position_before"]),)
        ]
        models.pointer = pointer_to("bundle-2", 2)

    status = go_on(journal, models, feed, expected["swaps_row_ts"], promote)
    assert_as_expected(journal, status, expected)
    assert (status.swaps, status.version, status.refusals) == (1, 2, 0)
    first = rows(journal, f"SELECT MIN(ts) FROM decisions WHERE bundle = '{expected['bundle']}'")
    assert first == [(expected["swap_ts"],)]
    assert rows(journal, "SELECT ts FROM swaps") == [(expected["swaps_row_ts"],)]
