"""A journal's file as everybody meets it: who holds it, what it is about, and how to read it beside its runner."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.live.journal.schema import SCHEMA_VERSION

_LOCK_ATTEMPTS, _LOCK_PAUSE_SECONDS = 5, 0.05


@dataclass(frozen=True)
class Session:
    """What a journal is about, fixed when it is begun.

    Attributes:
        symbol: the market.
        interval: milliseconds of the traded bars.
        start_ms: bars that open before this only warm features and regimes.
        initial_equity: of the paper account.
    """

    symbol: str
    interval: int
    start_ms: int
    initial_equity: float


def lock_journal(path: Path) -> int:
    """Hold a journal against every other runner until the returned handle is closed.

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
    """Whether a runner has a journal open now."""
    lock = path.with_name(f"{path.name}.lock")
    if not lock.exists():
        return False
    with lock.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def open_reader(path: Path) -> sqlite3.Connection:
    """A read-only view of a journal, for whoever is not its runner.

    Raises:
        LiveError: ``JOURNAL_FAILED`` if there is no such journal.
    """
    if not path.exists():
        raise LiveError(
            ReasonCode.JOURNAL_FAILED, f"there is no journal {path}.", remedy="Start `sevengates live` first."
        )
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10.0, isolation_level=None)


def read_session(db: sqlite3.Connection, path: Path) -> Session | None:
    """What a journal is about, or None if it was never begun.

    Raises:
        LiveError: ``JOURNAL_MISMATCH`` if another release wrote it.
    """
    values = {key: json.loads(value) for key, value in db.execute("SELECT key, value FROM session")}
    if not values:
        return None
    if values.pop("schema") != SCHEMA_VERSION:
        raise LiveError(
            ReasonCode.JOURNAL_MISMATCH,
            f"{path} was written by another release of the runner.",
            remedy="Name another journal with --journal; the old one stays readable with SQLite.",
        )
    return Session(**values)
