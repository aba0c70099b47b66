from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.live.journal import writing
from trading.live.journal.file import Session, reading, schema_version
from trading.live.journal.journal import Journal
from trading.live.journal.reading import read_account, read_trades
from trading.live.journal.schema import TABLES
from trading.live.journal.upgrade import ACCOUNT_1, account_1
from trading.live.status import status_of
from trading.simulation.trades import ledger_rows, trade_records

FIXTURES = Path(__file__).parents[2] / "fixtures" / "release_0_1"
OPEN, WAITING = "journal.db", "journal-waiting.db"
LATER_TABLES = ("session", "resumes")
UNKNOWN_TO_0_1 = ("spread", "slippage", "funding", "confidence", "mae", "mfe")
# The tables of release 0.1 that no bar has filled yet.
BEGUN_BY_NOBODY = """
CREATE TABLE session (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE bars (
    ts INTEGER PRIMARY KEY, open REAL NOT NULL, high REAL NOT NULL, low REAL NOT NULL, close REAL NOT NULL,
    volume REAL NOT NULL
);
CREATE TABLE decisions (
    ts INTEGER PRIMARY KEY, bundle TEXT NOT NULL, code TEXT NOT NULL, direction INTEGER NOT NULL,
    confidence_raw REAL NOT NULL, confidence REAL NOT NULL, size REAL, duration REAL, stop REAL, target REAL,
    cancelled INTEGER NOT NULL, position REAL NOT NULL, equity REAL NOT NULL
);
CREATE TABLE intents (
    id TEXT PRIMARY KEY, ts INTEGER NOT NULL UNIQUE, quantity REAL NOT NULL, wait_bars REAL NOT NULL,
    duration_bars REAL NOT NULL, stop_log REAL NOT NULL, target_log REAL NOT NULL
);
CREATE TABLE trades (
    number INTEGER PRIMARY KEY, ts INTEGER NOT NULL, bundle TEXT NOT NULL, entry_ts REAL NOT NULL,
    exit_ts REAL NOT NULL, quantity REAL NOT NULL, entry_price REAL NOT NULL, exit_price REAL NOT NULL,
    fees REAL NOT NULL, pnl REAL NOT NULL, reason REAL NOT NULL
);
CREATE TABLE bundles (
    digest TEXT PRIMARY KEY, folder TEXT NOT NULL, version INTEGER, epoch INTEGER, as_of_ms INTEGER NOT NULL,
    verdict TEXT NOT NULL, backtest_sharpe REAL, bars_per_year REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE snapshot (
    one INTEGER PRIMARY KEY CHECK (one = 1), ts INTEGER NOT NULL, bundle TEXT NOT NULL, account BLOB NOT NULL,
    ring BLOB NOT NULL, ring_rows INTEGER NOT NULL, belief BLOB NOT NULL, count INTEGER NOT NULL,
    started INTEGER NOT NULL, at TEXT NOT NULL
);
"""


def copied(name: str, folder: Path) -> Path:
    return Path(shutil.copy(FIXTURES / name, folder / name))


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def columns(path: Path) -> dict[str, list[tuple]]:
    with closing(sqlite3.connect(path)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: db.execute(f"PRAGMA table_info({table})").fetchall() for table in tables}


@pytest.mark.parametrize("name", [OPEN, WAITING])
def test_an_upgraded_journal_has_the_tables_of_a_new_one(folder: Path, name: str) -> None:
    path = copied(name, folder)
    Journal(path).close()
    Journal(folder / "new.db").close()
    assert columns(path) == columns(folder / "new.db")
    assert set(columns(path)) == set(TABLES)


@pytest.mark.parametrize("name", [OPEN, WAITING])
def test_an_upgrade_keeps_every_row_and_number(folder: Path, name: str) -> None:
    path = copied(name, folder)
    with reading(path) as db:
        account, trades = read_account(db, 1), read_trades(db, 1)
        kept = {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES if table not in LATER_TABLES}
    with closing(Journal(path)) as journal:
        snapshot, session = journal.snapshot(), journal.session()
    assert snapshot is not None
    assert account is not None
    assert (snapshot.ts, snapshot.bundle_digest, snapshot.stream) == (*kept["snapshot"][0][1:3], None)
    assert {**snapshot.account, "order_id": ""} == account
    with reading(path) as db:
        upgraded = read_trades(db, schema_version(db, path))
        assert ledger_rows(trade_records(upgraded)) == ledger_rows(trade_records(trades))
        assert len(trades) > 1
        # NULL, and not a number that would be taken for a measured one.
        assert {row[column] for row in ledger_rows(trade_records(upgraded)) for column in UNKNOWN_TO_0_1} == {None}
        # Nothing was charged before; an order had no limit but equity at its fill, and said nothing of its decision.
        kept["bars"] = [(*row, 0.0) for row in kept["bars"]]
        kept["intents"] = [(*row, 0.0, 1.0, 0.0, 0.0) for row in kept["intents"]]
        # Nothing was in Production by an override, and of a bundle neither depth nor transitions were noted.
        kept["bundles"] = [(*row, "", 0, None, None) for row in kept["bundles"]]
        # No bar said what regime it was taken for, or what its market was called.
        kept["decisions"] = [(*row, None, None) for row in kept["decisions"]]
        for table in set(kept) - {"snapshot", "trades"}:
            assert db.execute(f"SELECT * FROM {table}").fetchall() == kept[table]
    assert session is not None
    assert (session.symbol, session.interval, session.venue) == ("SIM", 3_600_000, "paper")


def test_the_account_knows_the_order_that_was_placed_before_its_bar(folder: Path) -> None:
    """An intent of the last bar is not placed yet; the runner submits it again."""
    for name, behind in ((OPEN, 1), (WAITING, 2)):
        path = copied(name, folder)
        with closing(Journal(path)) as journal:
            snapshot = journal.snapshot()
            assert snapshot is not None
            assert (journal.intent_at(snapshot.ts) is not None) == (name == WAITING)
        with closing(sqlite3.connect(path)) as db:
            intents = [row[0] for row in db.execute("SELECT id FROM intents ORDER BY ts")]
        assert snapshot.account["order_id"] == intents[-behind]


def test_upgrading_twice_changes_nothing_more(folder: Path) -> None:
    path = copied(OPEN, folder)
    Journal(path).close()
    once = dump(path)
    Journal(path).close()
    assert dump(path) == once


def test_a_journal_that_release_0_1_never_began_is_begun_by_this_one(folder: Path) -> None:
    path = folder / "j.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(BEGUN_BY_NOBODY)
    assert status_of(path) is None
    with closing(Journal(path)) as journal:
        assert journal.session() is None
        session = Session(symbol="SIM", interval=1, start_ms=2, initial_equity=3.0, venue="spot")
        journal.begin(session)
        assert journal.session() == session


def die_at(path: Path, statement: int, monkeypatch: pytest.MonkeyPatch) -> NoReturn:
    """Open a journal as a forked child that ends like a killed one before its n-th statement."""
    left = statement

    def count(_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(9)

    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def watched(*arguments: object, **options: object) -> sqlite3.Connection:
        db = connect(*arguments, **options)
        db.set_trace_callback(count)
        return db

    try:
        monkeypatch.setattr(writing.sqlite3, "connect", watched)
        Journal(path).close()
        os._exit(0)
    finally:
        os._exit(1)


def test_an_upgrade_killed_at_any_statement_leaves_the_old_journal_or_the_new_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(OPEN, folder)
    Journal(copied(OPEN, folder).rename(folder / "whole.db")).close()
    old, new = dump(FIXTURES / OPEN), dump(folder / "whole.db")
    seen, statement = [], 0
    while True:
        statement += 1
        path = copied(OPEN, folder).rename(folder / f"{statement}.db")
        child = os.fork()
        if child == 0:
            die_at(path, statement, monkeypatch)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, 9)
        left = dump(path)
        assert left in (old, new)
        seen.append(left == new)
        if code == 0:
            break
        Journal(path).close()
        assert dump(path) == new
    assert len(seen) > 10
    assert seen[-1] is True
    assert seen[0] is False


def test_an_account_of_another_size_is_a_damaged_one() -> None:
    with pytest.raises(LiveError, match="248 bytes, expected 256") as error:
        account_1(bytes(8 * (len(ACCOUNT_1) - 1)))
    assert error.value.code is ReasonCode.JOURNAL_FAILED


@pytest.mark.parametrize("version", ["8", "0", '"2"', "null"])
def test_a_journal_of_a_later_release_is_refused_by_runner_and_reader(folder: Path, version: str) -> None:
    path = folder / "j.db"
    Journal(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE session SET value = ? WHERE key = 'schema'", (version,))
        db.commit()
    for look in (Journal, status_of):
        with pytest.raises(LiveError, match="this release knows 1 to 7") as error:
            look(path)
        assert error.value.code is ReasonCode.JOURNAL_MISMATCH
    # A refused journal is not left locked.
    with pytest.raises(LiveError, match="JOURNAL_MISMATCH"):
        Journal(path)
