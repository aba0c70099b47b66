"""The promotion ledger: an append-only, hash-chained record in SQLite that alone says which version is in Production.

MLflow's stages cannot say it: two concurrent transitions there can leave two Production versions. Here a promotion is a
compare-and-swap on the model's epoch, so of two promoters exactly one wins. Stages, alias and tags mirror this record.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from trading.codes import ReasonCode
from trading.errors import RegistryError, TransportError
from trading.registry.entries import COLUMNS, PRODUCTION_ACTIONS, REMOVAL_ACTIONS, Entry, Transition, entry_hash

GENESIS = "0" * 64
SCHEMA_VERSION = 3
"""Of the file, in SQLite's ``user_version``; the tables have always been the same.

Release 0.1 left the number at 0. Since 2 there are the actions ``contest``, ``demote``, ``retire`` and ``release``,
since 3 ``override`` and ``override_gates``.
"""

_BUSY_SECONDS = 30.0
_PRODUCTION = ", ".join(f"'{action}'" for action in sorted(PRODUCTION_ACTIONS))
# The index keeps the name that release 0.1 gave it, or its files would get a second one.
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entries (
    row INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL,
    bundle TEXT NOT NULL, action TEXT NOT NULL, reason TEXT NOT NULL, actor TEXT NOT NULL, at TEXT NOT NULL,
    previous TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE
);
DROP INDEX IF EXISTS one_reign_per_epoch;
CREATE UNIQUE INDEX one_reign_per_epoch ON entries (model, epoch) WHERE action IN ({_PRODUCTION});
CREATE INDEX IF NOT EXISTS by_model ON entries (model, row);
CREATE TRIGGER IF NOT EXISTS entries_are_not_updated BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the promotion ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entries_are_not_deleted BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the promotion ledger is append-only'); END;
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""


def utc_now() -> datetime:
    """The present, as the ledger writes it down."""
    return datetime.now(UTC)


class Ledger:
    """The record in one SQLite file. Every call opens it anew, so threads, forks and processes may share it.

    Args:
        path: the file; it is made if it is not there.
        clock: what time it is.

    Raises:
        RegistryError: ``LEDGER_NEWER`` if a later release wrote the file; ``LEDGER_BROKEN`` if it is no ledger.
    """

    def __init__(self, path: str | Path, clock: Callable[[], datetime] = utc_now) -> None:
        self.path = Path(path)
        self._clock = clock
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._connect() as connection:
            if _version(connection) < SCHEMA_VERSION:
                self._prepare(connection)

    def append(self, transition: Transition, expected_epoch: int | None = None) -> Entry:
        """Record a transition; one that changes Production must know the epoch it changes.

        Recording what already holds (the version is in Production, or was last staged, contested or rejected) is a
        no-op that returns the entry which made it so. Hence a killed promotion can simply be repeated.

        Args:
            transition: what happens.
            expected_epoch: :meth:`epoch` as it was when the decision was taken. None skips the comparison and is
                allowed only for what changes nothing that anybody trades, such as ``stage`` and ``reject``.

        Raises:
            RegistryError: ``PROMOTION_CONFLICT`` if Production changed since; ``LEDGER_BROKEN`` if the last row was
                altered.
        """
        if transition.changes_production and expected_epoch is None:
            raise ValueError(f"{transition.action} changes Production and needs expected_epoch")
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                entry = self._append(connection, transition, expected_epoch)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            return entry

    def current(self, model_name: str) -> Entry | None:
        """The entry that put the Production version there, or None if nothing is in Production.

        Args:
            model_name: registered model.
        """
        with self._connect() as connection:
            return _current(connection, model_name)

    def epoch(self, model_name: str) -> int:
        """How often Production of a model has changed; 0 for a model never promoted.

        Args:
            model_name: registered model.
        """
        with self._connect() as connection:
            return _epoch(connection, model_name)

    def history(self, model_name: str | None = None) -> list[Entry]:
        """The entries of one model, or of all, oldest first.

        Args:
            model_name: registered model; None is all of them.
        """
        where, values = ("", ()) if model_name is None else ("WHERE model = ?", (model_name,))
        with self._connect() as connection:
            return [_entry(row) for row in connection.execute(f"SELECT * FROM entries {where} ORDER BY row", values)]

    def verify(self) -> int:
        """Check the whole chain and return its length.

        Raises:
            RegistryError: ``LEDGER_BROKEN``, naming the first row that is wrong. Rows cut off at the end leave a
                valid shorter chain: compare with a copy of the last hash to see that.
        """
        previous, epochs = GENESIS, dict[str, int]()
        with self._connect() as connection:
            rows = connection.execute("SELECT * FROM entries ORDER BY row").fetchall()
        for number, row in enumerate(rows, start=1):
            columns = dict(row)
            if columns["row"] != number:
                raise _broken_row(number, f"is missing; the next row there is {columns['row']}")
            if columns["previous"] != previous:
                raise _broken_row(number, f"follows {columns['previous'][:12]}, but the row before has {previous[:12]}")
            if columns["hash"] != entry_hash(columns):
                raise _broken_row(number, "was altered: its hash does not match its content")
            due = epochs.get(columns["model"], 0) + (columns["action"] in PRODUCTION_ACTIONS)
            if columns["epoch"] != due:
                raise _broken_row(number, f"has epoch {columns['epoch']}, expected {due}")
            previous, epochs[columns["model"]] = columns["hash"], due
        return len(rows)

    def _append(self, connection: sqlite3.Connection, transition: Transition, expected_epoch: int | None) -> Entry:
        holding = _holding(connection, transition)
        if holding is not None:
            return holding
        name, epoch = transition.model_name, _epoch(connection, transition.model_name)
        current = _current(connection, name)
        if transition.action in REMOVAL_ACTIONS and (current is None or current.version != transition.version):
            raise RegistryError(
                ReasonCode.PROMOTION_CONFLICT,
                f"{name}: version {transition.version} cannot leave Production by {transition.action}, as it is not "
                "there.",
                remedy="Look at the history of the model and name the version that is.",
                epoch=epoch,
            )
        if expected_epoch is not None and expected_epoch != epoch:
            raise RegistryError(
                ReasonCode.PROMOTION_CONFLICT,
                f"{name}: {transition.action} of version {transition.version} was decided at epoch "
                f"{expected_epoch}, but Production is at epoch {epoch}.",
                remedy="Compare the candidate with the new champion and decide again.",
                expected_epoch=expected_epoch,
                epoch=epoch,
            )
        last = connection.execute("SELECT * FROM entries ORDER BY row DESC LIMIT 1").fetchone()
        if last is not None and last["hash"] != entry_hash(dict(last)):
            raise _broken_row(last["row"], "was altered: its hash does not match its content")
        columns = transition.as_columns() | {
            "row": 1 if last is None else last["row"] + 1,
            "epoch": epoch + transition.changes_production,
            "at": self._clock().astimezone(UTC).isoformat(timespec="milliseconds"),
            "previous": GENESIS if last is None else last["hash"],
        }
        columns["hash"] = entry_hash(columns)
        marks = ", ".join("?" for _ in COLUMNS)
        connection.execute(
            f"INSERT INTO entries ({', '.join(COLUMNS)}) VALUES ({marks})", [columns[name] for name in COLUMNS]
        )
        return Entry.model_validate(columns)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the tables of a new file, or number the file of release 0.1, which has them already."""
        tables = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        columns = tuple(row["name"] for row in connection.execute("PRAGMA table_info(entries)"))
        if tables and (tables != {"entries"} or columns != COLUMNS):
            raise RegistryError(
                ReasonCode.LEDGER_BROKEN,
                f"{self.path} is no promotion ledger: it has the tables {', '.join(sorted(tables))}.",
                remedy="See that runtime.ledger names the ledger's own file.",
            )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(_SCHEMA)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous=FULL")
            if _version(connection) > SCHEMA_VERSION:
                raise RegistryError(
                    ReasonCode.LEDGER_NEWER,
                    f"{self.path} has schema {_version(connection)}; this release knows {SCHEMA_VERSION} at most.",
                    remedy="Use the release that wrote it, or a later one; until then nothing is promoted here.",
                )
            yield connection
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise TransportError(
                    ReasonCode.REGISTRY_UNREACHABLE,
                    f"{self.path} stayed locked by another process for {_BUSY_SECONDS:g} s.",
                    remedy="Try again; if it stays locked, find the process that holds it.",
                ) from error
            raise RegistryError(
                ReasonCode.LEDGER_BROKEN,
                f"{self.path}: {error}.",
                remedy="Check that the disk has room and that the file is the ledger; restore it from a backup if not.",
            ) from error
        finally:
            connection.close()


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _epoch(connection: sqlite3.Connection, model_name: str) -> int:
    row = connection.execute("SELECT MAX(epoch) FROM entries WHERE model = ?", (model_name,)).fetchone()
    return int(row[0] or 0)


def _current(connection: sqlite3.Connection, model_name: str) -> Entry | None:
    row = connection.execute(
        f"SELECT * FROM entries WHERE model = ? AND action IN ({_PRODUCTION}) ORDER BY row DESC LIMIT 1", (model_name,)
    ).fetchone()
    return None if row is None or row["action"] in REMOVAL_ACTIONS else _entry(row)


def _holding(connection: sqlite3.Connection, wanted: Transition) -> Entry | None:
    """The entry that already makes the wanted transition true, if there is one.

    Staging or rejecting the version that is in Production would take it out without an epoch, so it stays there too.
    """
    same = (wanted.version, wanted.bundle_digest)
    current = _current(connection, wanted.model_name)
    in_production = current is not None and (current.version, current.bundle_digest) == same
    if wanted.action in REMOVAL_ACTIONS:
        if in_production:
            return None
    elif in_production:
        return current
    elif wanted.changes_production:
        return None
    row = connection.execute(
        "SELECT * FROM entries WHERE model = ? AND version = ? ORDER BY row DESC LIMIT 1",
        (wanted.model_name, wanted.version),
    ).fetchone()
    return None if row is None or (row["action"], row["bundle"]) != (wanted.action, same[1]) else _entry(row)


def _entry(row: sqlite3.Row) -> Entry:
    try:
        return Entry.model_validate(dict(row))
    except ValueError as error:
        raise _broken_row(row["row"], f"is no entry: {' '.join(str(error).split())}") from error


def _broken_row(row: int, message: str) -> RegistryError:
    return RegistryError(
        ReasonCode.LEDGER_BROKEN,
        f"row {row} of the promotion ledger {message}.",
        remedy="Restore the ledger from a backup; until then nothing is promoted.",
        row=row,
    )
