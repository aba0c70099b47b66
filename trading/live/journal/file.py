"""A journal's file as everybody meets it: who holds it, what it is about, and how to read it beside its runner."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.live.journal.schema import SCHEMA_VERSION

_SCHEMA_KEY = "schema"
_LOCK_ATTEMPTS, _LOCK_PAUSE_SECONDS = 5, 0.05


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a journal is about, fixed when it is begun.

    Attributes:
        symbol: the market.
        interval: milliseconds of the traded bars.
        start_ms: bars that open before this only warm features and regimes.
        initial_equity: of the account.
        venue: name of the venue; before version 2 there was paper alone.
    """

    symbol: str
    interval: int
    start_ms: int
    initial_equity: float
    venue: str = "paper"


def lock_journal(path: Path) -> int:
    """Hold a journal against every other runner until the returned handle is closed.

    Args:
        path: the journal's file.

    Raises:
        LiveError: ``JOURNAL_BUSY`` if a runner has it.
    """
    handle = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    # Whoever asks if a runner is there holds a shared lock for a moment; that must not stop a runner from starting.
    for _ in range(_LOCK_ATTEMPTS):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_SECONDS)
        else:
            return handle
    os.close(handle)
    raise LiveError(
        ReasonCode.JOURNAL_BUSY,
        f"another runner is writing {path}.",
        remedy="Stop that runner, or name another journal with --journal.",
    )


def is_running(path: Path) -> bool:
    """Whether a runner has a journal open now.

    Args:
        path: the journal's file.
    """
    lock = path.with_name(f"{path.name}.lock")
    if not lock.exists():
        return False
    with lock.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@contextmanager
def reading(path: Path) -> Generator[sqlite3.Connection]:
    """A read-only view of a journal in one transaction, so that every number is of the same bar.

    Args:
        path: the journal's file, of this or an earlier release; it is not changed.

    Raises:
        LiveError: ``JOURNAL_FAILED`` if there is no such journal.
    """
    if not path.exists():
        raise LiveError(
            ReasonCode.JOURNAL_FAILED, f"there is no journal {path}.", remedy="Start `sevengates live` first."
        )
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=10.0, isolation_level=None)) as db:
        db.execute("BEGIN")
        yield db


def schema_version(db: sqlite3.Connection, path: Path) -> int:
    """The version of a journal's tables; 0 if there are none yet.

    Args:
        db: of the journal.
        path: the journal's file, for the message.

    Raises:
        LiveError: ``JOURNAL_MISMATCH`` if a later release wrote it.
    """
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'session'").fetchone() is None:
        return 0
    row = db.execute("SELECT value FROM session WHERE key = ?", (_SCHEMA_KEY,)).fetchone()
    # Version 1 wrote its number only when the journal was begun.
    version = 1 if row is None else json.loads(row[0])
    if version not in range(1, SCHEMA_VERSION + 1):
        raise LiveError(
            ReasonCode.JOURNAL_MISMATCH,
            f"{path} has the schema version {version}, this release knows 1 to {SCHEMA_VERSION}.",
            remedy="Go on with the release that wrote it, or name another journal with --journal.",
        )
    return version


def read_session(db: sqlite3.Connection) -> Session | None:
    """What a journal is about, or None if it was never begun.

    Args:
        db: of a journal whose schema version is known here.
    """
    values = {key: json.loads(value) for key, value in db.execute("SELECT key, value FROM session")}
    values.pop(_SCHEMA_KEY, None)
    return Session(**values) if values else None
