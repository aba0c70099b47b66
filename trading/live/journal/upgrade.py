"""What earlier releases wrote, and the one transaction that brings such a journal to the schema of this one.

An upgrade never uses a layout of this release: what release 0.1 meant by its bytes is written down here.
"""

from __future__ import annotations

import json
import math
import sqlite3
import struct
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from trading.live.journal.encoding import account_text, damaged
from trading.live.journal.schema import SCHEMA_VERSION
from trading.simulation.accounts import ORDER_ID, SavedAccount

ACCOUNT_1 = (
    *("cash", "quantity", "entry_price", "entry_ts", "entry_quantity", "stop", "target", "held", "duration"),
    *("trade_fees", "exit_value", "exit_reason", "exit_wait", "order_quantity", "order_wait", "order_duration"),
    *("order_stop", "order_target", "cooldown", "equity", "peak", "halted", "last_return", "win_rate", "since_exit"),
    *("direction", "direction_age", "turnover", "costs", "exposed", "entry_equity", "entry_sigma"),
)
"""Version 1 stored the account as 32 little-endian float64 in this order."""

REASONS_1 = MappingProxyType({1: "stop", 2: "target", 3: "time"})
"""Version 1 stored why a trade was left as a number."""

_NEVER_WRITTEN_1 = "entry_sigma"

# Version 2, as its release wrote it.
_SNAPSHOT_2 = """CREATE TABLE snapshot (
    one INTEGER PRIMARY KEY CHECK (one = 1), ts INTEGER NOT NULL, bundle TEXT NOT NULL, account TEXT NOT NULL,
    stream BLOB, at TEXT NOT NULL
)"""
_TRADES_2 = """CREATE TABLE trades (
    number INTEGER PRIMARY KEY, ts INTEGER NOT NULL REFERENCES bars, bundle TEXT NOT NULL REFERENCES bundles,
    entry_ts INTEGER NOT NULL, exit_ts INTEGER NOT NULL, quantity REAL NOT NULL, entry_price REAL NOT NULL,
    exit_price REAL NOT NULL, fees REAL NOT NULL, pnl REAL NOT NULL, reason TEXT NOT NULL
)"""
_INSERT_TRADES_2 = """INSERT INTO trades
    (number, ts, bundle, entry_ts, exit_ts, quantity, entry_price, exit_price, fees, pnl, reason)
    VALUES (:number, :ts, :bundle, :entry_ts, :exit_ts, :quantity, :entry_price, :exit_price, :fees, :pnl, :reason)"""
_RESUMES_4 = """CREATE TABLE resumes (
    number INTEGER PRIMARY KEY, ts INTEGER NOT NULL, operator TEXT NOT NULL, reason TEXT NOT NULL,
    equity REAL NOT NULL, peak REAL NOT NULL, at TEXT NOT NULL
)"""
TRADES_1 = """SELECT number, ts, bundle, CAST(entry_ts AS INTEGER) AS entry_ts, CAST(exit_ts AS INTEGER) AS exit_ts,
    quantity, entry_price, exit_price, fees, pnl, CAST(reason AS INTEGER) AS reason FROM trades ORDER BY number"""


def upgrade(db: sqlite3.Connection, version: int) -> None:
    """Bring a journal to this release's schema; the caller holds the transaction.

    Args:
        db: of the journal, in a transaction.
        version: of its schema now.
    """
    for known in range(version, SCHEMA_VERSION):
        _UPGRADES[known](db)


def account_1(data: bytes, order_id: str = "") -> SavedAccount:
    """An account of version 1 by names.

    Args:
        data: as version 1 stored it.
        order_id: of the newest order that had been placed.

    Raises:
        LiveError: ``JOURNAL_FAILED`` if the bytes are damaged.
    """
    if len(data) != 8 * len(ACCOUNT_1):
        raise damaged(f"account: {len(data)} bytes, expected {8 * len(ACCOUNT_1)}")
    named = dict(zip(ACCOUNT_1, struct.unpack(f"<{len(ACCOUNT_1)}d", data), strict=True))
    # Nothing wrote this field in release 0.1; a later account need not have it.
    del named[_NEVER_WRITTEN_1]
    return {ORDER_ID: order_id, **{name: None if math.isnan(value) else value for name, value in named.items()}}


def _from_1_to_2(db: sqlite3.Connection) -> None:
    """Account by names instead of bytes in order, a reason instead of its number, a venue in the session.

    The stream's arrays lay as the steps of release 0.1 had them. They are left out: a runner shows the journal's bars
    to the model again, which gives the same stream whatever its layout is now.
    """
    snapshot = _rows(db, "SELECT * FROM snapshot")
    trades = _rows(db, TRADES_1)
    db.execute("DROP TABLE snapshot")
    db.execute(_SNAPSHOT_2)
    for row in snapshot:
        newest = db.execute("SELECT id FROM intents WHERE ts < ? ORDER BY ts DESC LIMIT 1", (row["ts"],)).fetchone()
        db.execute(
            "INSERT INTO snapshot (one, ts, bundle, account, at) VALUES (1, :ts, :bundle, :account, :at)",
            {
                **{name: row[name] for name in ("ts", "bundle", "at")},
                "account": account_text(account_1(row["account"], "" if newest is None else newest[0])),
            },
        )
    db.execute("DROP TABLE trades")
    db.execute(_TRADES_2)
    db.executemany(_INSERT_TRADES_2, [{**row, "reason": REASONS_1[row["reason"]]} for row in trades])
    begun = db.execute("SELECT 1 FROM session").fetchone() is not None
    if begun:
        db.execute("INSERT INTO session (key, value) VALUES ('venue', ?)", (json.dumps("paper"),))
    db.execute("INSERT OR REPLACE INTO session (key, value) VALUES ('schema', '2')")


def _from_2_to_3(db: sqlite3.Connection) -> None:
    """More of a bar, a trade and an order: no funding was charged, and no limit but equity held at the fill."""
    for name in ("spread REAL", "slippage REAL", "funding REAL", "held INTEGER", "confidence REAL", "regime INTEGER"):
        db.execute(f"ALTER TABLE trades ADD COLUMN {name}")
    for name in ("mae", "mfe"):
        db.execute(f"ALTER TABLE trades ADD COLUMN {name} REAL")
    for name, value in (("ready_ms", 0), ("cap", 1), ("confidence", 0), ("regime", 0)):
        db.execute(f"ALTER TABLE intents ADD COLUMN {name} REAL NOT NULL DEFAULT {value}")
    db.execute("ALTER TABLE bars ADD COLUMN funding REAL NOT NULL DEFAULT 0.0")
    db.execute("INSERT OR REPLACE INTO session (key, value) VALUES ('schema', '3')")


def _from_3_to_4(db: sqlite3.Connection) -> None:
    """A halted account may be resumed since, which is written down."""
    db.execute(_RESUMES_4)
    db.execute("INSERT OR REPLACE INTO session (key, value) VALUES ('schema', '4')")


def _from_4_to_5(db: sqlite3.Connection) -> None:
    """A bundle may be in Production by an operator's override since."""
    for column in ("override TEXT NOT NULL DEFAULT ''", "despite_gates INTEGER NOT NULL DEFAULT 0"):
        db.execute(f"ALTER TABLE bundles ADD COLUMN {column}")
    db.execute("INSERT OR REPLACE INTO session (key, value) VALUES ('schema', '5')")


def _from_5_to_6(db: sqlite3.Connection) -> None:
    """A bundle may say how deep its training was, and what its regimes are followed by, since; a bar its regimes."""
    for column in ("depth", "transitions"):
        db.execute(f"ALTER TABLE bundles ADD COLUMN {column} TEXT")
    db.execute("ALTER TABLE decisions ADD COLUMN beliefs TEXT")
    db.execute("INSERT OR REPLACE INTO session (key, value) VALUES ('schema', '6')")


def _from_6_to_7(db: sqlite3.Connection) -> None:
    """A bar's market may be called by the rules of its model since."""
    db.execute("ALTER TABLE decisions ADD COLUMN market TEXT")
    db.execute("INSERT OR REPLACE INTO session (key, value) VALUES ('schema', '7')")


_UPGRADES: dict[int, Callable[[sqlite3.Connection], None]] = {
    1: _from_1_to_2,
    2: _from_2_to_3,
    3: _from_3_to_4,
    4: _from_4_to_5,
    5: _from_5_to_6,
    6: _from_6_to_7,
}


def _rows(db: sqlite3.Connection, query: str) -> list[dict[str, Any]]:
    cursor = db.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
