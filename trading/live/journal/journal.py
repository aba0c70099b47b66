"""The journal: one SQLite file with everything a runner saw, decided and meant to do, written before it is done.

A bar is one transaction in WAL mode with full sync, so a kill at any instruction leaves the journal at the end of some
bar. A runner starts from what the journal holds, nothing or years; there is no other way to start.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.live.decider import Signal, StreamState
from trading.live.journal.file import Session, lock_journal, read_session
from trading.live.journal.schema import SCHEMA, SCHEMA_VERSION
from trading.live.venues.paper import BarReport, Intent
from trading.live.watch.pointer import Pointer
from trading.model.bundle import Bundle
from trading.steps.bar import Bar


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The runner at the end of a bar: enough to go on as if nothing had happened.

    Attributes:
        ts: open of the last bar taken in.
        bundle: digest of the model.
        account: shape (STATE_SIZE,), without the order that the last bar's intent asks for.
        stream: state of features and regime filter.
    """

    ts: int
    bundle: str
    account: Floats
    stream: StreamState


@dataclass(frozen=True, eq=False)
class Decided:
    """What happened at the close of a bar.

    Attributes:
        code: OK when an order is meant, else why not.
        action: shape (4,), what the policy chose; NaN if it was not asked.
    """

    code: ReasonCode
    signal: Signal
    action: Floats
    position: float
    equity: float
    intent: Intent | None


class Journal:
    """The journal of one runner; opening it locks it against every other runner.

    Args:
        path: the SQLite file; made if it is not there.

    Raises:
        LiveError: ``JOURNAL_BUSY`` if a runner has it, ``JOURNAL_FAILED`` if it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = lock_journal(path)
        with _writing(path):
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file and let go of the lock."""
        self._db.close()
        os.close(self._lock)

    def begin(self, session: Session) -> None:
        """Begin the journal, or see that it was begun for the same market.

        Raises:
            LiveError: ``JOURNAL_MISMATCH``.
        """
        known = self.session()
        if known is None:
            values = {"schema": SCHEMA_VERSION, **asdict(session)}
            with self._transaction():
                self._db.executemany(
                    "INSERT INTO session VALUES (?, ?)", [(key, json.dumps(value)) for key, value in values.items()]
                )
        elif (known.symbol, known.interval) != (session.symbol, session.interval):
            raise LiveError(
                ReasonCode.JOURNAL_MISMATCH,
                f"{self.path} belongs to {known.symbol} at {known.interval // 1000} s, the model trades "
                f"{session.symbol} at {session.interval // 1000} s.",
                remedy="Name another journal with --journal.",
            )

    def session(self) -> Session | None:
        """What the journal is about, or None if it was never begun."""
        return read_session(self._db, self.path)

    def snapshot(self) -> Snapshot | None:
        """The runner at the last committed bar."""
        row = self._db.execute(
            "SELECT ts, bundle, account, ring, ring_rows, belief, count, started FROM snapshot"
        ).fetchone()
        if row is None:
            return None
        ts, bundle, account, ring, ring_rows, belief, count, started = row
        stream = StreamState(_array(ring).reshape(ring_rows, -1), _array(belief), count, started)
        return Snapshot(ts, bundle, _array(account), stream)

    def bar(self, ts: int) -> Bar | None:
        """One bar that was taken in."""
        row = self._db.execute("SELECT ts, open, high, low, close, volume FROM bars WHERE ts = ?", (ts,)).fetchone()
        return None if row is None else Bar(*row)

    def bars(self) -> Iterator[Bar]:
        """Every bar that was taken in, oldest first."""
        for row in self._db.execute("SELECT ts, open, high, low, close, volume FROM bars ORDER BY ts"):
            yield Bar(*row)

    def intent_at(self, ts: int) -> Intent | None:
        """The intent decided at the close of a bar."""
        row = self._db.execute(
            "SELECT id, ts, quantity, wait_bars, duration_bars, stop_log, target_log FROM intents WHERE ts = ?", (ts,)
        ).fetchone()
        return None if row is None else Intent(*row)

    def pointer(self, digest: str) -> Pointer | None:
        """Where the bundle of a digest lay when it was last used."""
        row = self._db.execute(
            "SELECT folder, digest, version, epoch FROM bundles WHERE digest = ?", (digest,)
        ).fetchone()
        return None if row is None else Pointer(folder=row[0], digest=row[1], version=row[2], epoch=row[3])

    def commit_history(self, bars: Sequence[Bar], snapshot: Snapshot) -> None:
        """Write down bars that only warmed the model."""
        with self._transaction():
            self._db.executemany("INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?)", bars)
            self._put_snapshot(snapshot)

    def commit_bar(self, bar: Bar, report: BarReport, decided: Decided, snapshot: Snapshot) -> None:
        """Write down one traded bar: what it did, what was decided, and the intent that may be submitted now."""
        signal, intent = decided.signal, decided.intent
        with self._transaction():
            self._db.execute("INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?)", bar)
            self._db.executemany(
                "INSERT INTO fills VALUES (?, ?, ?, ?, ?)",
                [(bar.ts, number, fill.kind, fill.quantity, fill.price) for number, fill in enumerate(report.fills)],
            )
            if report.trade is not None:
                self._db.execute(
                    "INSERT INTO trades VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (bar.ts, snapshot.bundle, *report.trade.tolist()),
                )
            self._db.execute(
                "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(bar.ts, snapshot.bundle, str(decided.code), signal.direction),
                    *(signal.confidence_raw, signal.confidence),
                    *(None if np.isnan(number) else float(number) for number in decided.action),
                    *(report.cancelled, decided.position, decided.equity),
                ),
            )
            if intent is not None:
                self._db.execute(
                    "INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        *(intent.id, intent.ts, intent.quantity, intent.wait_bars),
                        *(intent.duration_bars, intent.stop_log, intent.target_log),
                    ),
                )
            self._put_snapshot(snapshot)

    def commit_model(self, pointer: Pointer, bundle: Bundle, snapshot: Snapshot | None) -> None:
        """Write down which model trades from the next bar on.

        Args:
            pointer: where it lies, and its version and epoch.
            bundle: the verified model.
            snapshot: the runner with the new model after the last bar; None before the first bar, or if the model is
                the same and only its version or place changed.
        """
        before = self.snapshot()
        sharpe = bundle.evidence.get("metrics", {}).get("sharpe")
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO bundles VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(pointer.digest, pointer.folder, pointer.version, pointer.epoch, bundle.lineage.as_of_ms),
                    *(bundle.decision, sharpe if isinstance(sharpe, int | float) else None),
                    bundle.model.spec.bars_per_year,
                ),
            )
            if snapshot is not None:
                self._db.execute(
                    "INSERT INTO swaps VALUES (NULL, ?, ?, ?, ?, ?)",
                    (snapshot.ts, before.bundle if before else None, pointer.digest, pointer.version, _now()),
                )
                self._put_snapshot(snapshot)

    def refuse(self, ts: int | None, subject: str, code: ReasonCode, message: str) -> None:
        """Write down what was refused or failed after a bar: a bundle, or the model watch."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO refusals VALUES (NULL, ?, ?, ?, ?, ?)", (ts, subject, str(code), message, _now())
            )

    def trouble(self, code: ReasonCode, message: str) -> None:
        """Write down what the model watch reported, after the last committed bar."""
        row = self._db.execute("SELECT ts FROM snapshot").fetchone()
        self.refuse(None if row is None else row[0], "model watch", code, message)

    def quarantine(self, place: str, values: Sequence[object], code: ReasonCode, message: str) -> None:
        """Keep a bar that broke its contract; the same bar from the same place is kept once."""
        text = ", ".join(map(str, values))
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO quarantine VALUES (NULL, ?, ?, ?, ?)", (place, text, str(code), message)
            )

    def _put_snapshot(self, snapshot: Snapshot) -> None:
        stream = snapshot.stream
        self._db.execute(
            "INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(snapshot.ts, snapshot.bundle, snapshot.account.tobytes(), stream.ring.tobytes(), len(stream.ring)),
                *(stream.belief.tobytes(), stream.count, stream.started, _now()),
            ),
        )

    @contextmanager
    def _transaction(self) -> Generator[None]:
        with _writing(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled the transaction back already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


def _array(data: bytes) -> Floats:
    return np.frombuffer(data, dtype=np.float64).copy()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def _writing(path: Path) -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LiveError(
            ReasonCode.JOURNAL_FAILED,
            f"{path}: {error}.",
            remedy="See that the disk has room and the file may be written; nothing was submitted, start again then.",
        ) from error
