"""Writing to a journal's file: rows by column names, whole transactions, and SQLite's failures as ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal

from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.live.journal.file import schema_version
from trading.live.journal.schema import SCHEMA_VERSION, TABLES
from trading.live.journal.upgrade import upgrade

Row = Mapping[str, object]


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The database with the tables of this release; those of an earlier one are upgraded, whole or not at all.

    Args:
        path: the journal's file, which the caller has locked; made if it is not there.

    Raises:
        LiveError: ``JOURNAL_FAILED`` if it cannot be read or written, ``JOURNAL_MISMATCH`` if a later release wrote it.
    """
    with failures_of(path):
        db = sqlite3.connect(path, isolation_level=None)
    try:
        with failures_of(path):
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
        with transaction(db, path):
            version = schema_version(db, path)
            if version == 0:
                for name, columns in TABLES.items():
                    db.execute(f"CREATE TABLE {name} {columns}")
                insert(db, "session", {"key": "schema", "value": str(SCHEMA_VERSION)})
            else:
                upgrade(db, version)
    except BaseException:
        db.close()
        raise
    return db


def insert(
    db: sqlite3.Connection, table: str, *rows: Row, on_conflict: Literal["ABORT", "IGNORE", "REPLACE"] = "ABORT"
) -> None:
    """Insert rows by column names.

    Args:
        db: of the journal.
        table: where to.
        rows: each with the same columns; none inserts nothing.
        on_conflict: what becomes of a row whose key is there already.
    """
    if rows:
        db.executemany(_insertion(table, tuple(rows[0]), on_conflict), rows)


@cache
def _insertion(table: str, columns: tuple[str, ...], on_conflict: str) -> str:
    places = ", ".join(f":{name}" for name in columns)
    return f"INSERT OR {on_conflict} INTO {table} ({', '.join(columns)}) VALUES ({places})"


@contextmanager
def transaction(db: sqlite3.Connection, path: Path) -> Generator[None]:
    """Everything inside is written, or nothing.

    Args:
        db: of the journal.
        path: the journal's file, for the message.

    Raises:
        LiveError: ``JOURNAL_FAILED`` if it cannot be written.
    """
    with failures_of(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled the transaction back already.
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


@contextmanager
def failures_of(path: Path) -> Generator[None]:
    """SQLite's errors as ours.

    Args:
        path: the journal's file, for the message.

    Raises:
        LiveError: ``JOURNAL_FAILED``.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise LiveError(
            ReasonCode.JOURNAL_FAILED,
            f"{path}: {error}.",
            remedy="See that the disk has room and the file may be written; nothing was submitted, start again then.",
        ) from error
