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
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from trading.canonical import digest_of
from trading.codes import ReasonCode
from trading.errors import RegistryError, TransportError

Action = Literal["promote", "rollback", "external", "archive", "stage", "reject"]
Stage = Literal["Production", "Staging", "Archived", "Rejected"]

ENTRY_ACTIONS = frozenset({"promote", "rollback", "external"})
"""The actions that put a version into Production."""

REIGN_ACTIONS = ENTRY_ACTIONS | {"archive"}
"""The actions that change what is in Production; each begins a new epoch."""

GENESIS = "0" * 64
_BUSY_SECONDS = 30.0
_COLUMNS = ("row", "epoch", "model", "version", "bundle", "action", "reason", "actor", "at", "previous", "hash")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    row INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL,
    bundle TEXT NOT NULL, action TEXT NOT NULL, reason TEXT NOT NULL, actor TEXT NOT NULL, at TEXT NOT NULL,
    previous TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE
);
CREATE UNIQUE INDEX IF NOT EXISTS one_reign_per_epoch ON entries (model, epoch)
    WHERE action IN ('promote', 'rollback', 'external', 'archive');
CREATE INDEX IF NOT EXISTS by_model ON entries (model, row);
CREATE TRIGGER IF NOT EXISTS entries_are_not_updated BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the promotion ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entries_are_not_deleted BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the promotion ledger is append-only'); END;
"""


class Transition(BaseModel):
    """What somebody asks the ledger to record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1, description="Registered model name.")
    version: int = Field(ge=1, description="Version in the registry.")
    bundle: str = Field(pattern=r"^[0-9a-f]{64}$", description="Bundle digest of that version.")
    action: Action = Field(description="What happens to the version.")
    reason: str = Field(default="", description="Why, for people.")
    actor: str = Field(default="nightly", min_length=1, description="Who asked.")


class Entry(Transition):
    """One row of the ledger."""

    row: int = Field(ge=1, description="Position in the ledger, over all models.")
    epoch: int = Field(ge=0, description="Number of changes of Production of this model, this entry included.")
    at: str = Field(description="UTC time of the entry, ISO 8601.")
    previous: str = Field(pattern=r"^[0-9a-f]{64}$", description="Hash of the row before; zeros for the first.")
    hash: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the canonical JSON of all other fields.")


def entry_hash(fields: dict[str, Any]) -> str:
    """The hash of an entry, over every field but the hash itself."""
    return digest_of({name: fields[name] for name in _COLUMNS if name != "hash"})


def utc_now() -> datetime:
    """The present, as the ledger writes it down."""
    return datetime.now(UTC)


class Ledger:
    """The record in one SQLite file. Every call opens it anew, so threads, forks and processes may share it."""

    def __init__(self, path: str | Path, clock: Callable[[], datetime] = utc_now) -> None:
        self.path = Path(path)
        self._clock = clock
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._connect() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)

    def append(self, transition: Transition, expected_epoch: int | None = None) -> Entry:
        """Record a transition; one that changes Production must know the epoch it changes.

        Recording what already holds (the version is in Production, or was last staged or rejected) is a no-op that
        returns the entry which made it so. Hence a killed promotion can simply be repeated.

        Args:
            transition: what happens.
            expected_epoch: :meth:`epoch` as it was when the decision was taken. None skips the comparison and is
                allowed only for ``stage`` and ``reject``, which change nothing that anybody trades.

        Raises:
            RegistryError: ``PROMOTION_CONFLICT`` if Production changed since; ``LEDGER_BROKEN`` if the last row was
                altered.
        """
        reigns = transition.action in REIGN_ACTIONS
        if reigns and expected_epoch is None:
            raise ValueError(f"{transition.action} changes Production and needs expected_epoch")
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                entry = self._append(connection, transition, expected_epoch, reigns)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            return entry

    def current(self, model: str) -> Entry | None:
        """The entry that put the Production version there, or None if nothing is in Production."""
        with self._connect() as connection:
            return _current(connection, model)

    def epoch(self, model: str) -> int:
        """How often Production of a model has changed; 0 for a model never promoted."""
        with self._connect() as connection:
            return _epoch(connection, model)

    def history(self, model: str | None = None) -> list[Entry]:
        """The entries of one model, or of all, oldest first."""
        where, values = ("", ()) if model is None else ("WHERE model = ?", (model,))
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
            fields = dict(row)
            if fields["row"] != number:
                raise _broken(number, f"is missing; the next row there is {fields['row']}")
            if fields["previous"] != previous:
                raise _broken(number, f"follows {fields['previous'][:12]}, but the row before has {previous[:12]}")
            if fields["hash"] != entry_hash(fields):
                raise _broken(number, "was altered: its hash does not match its content")
            due = epochs.get(fields["model"], 0) + (fields["action"] in REIGN_ACTIONS)
            if fields["epoch"] != due:
                raise _broken(number, f"has epoch {fields['epoch']}, expected {due}")
            previous, epochs[fields["model"]] = fields["hash"], due
        return len(rows)

    def _append(
        self, connection: sqlite3.Connection, transition: Transition, expected_epoch: int | None, reigns: bool
    ) -> Entry:
        standing = _standing(connection, transition, reigns)
        if standing is not None:
            return standing
        epoch = _epoch(connection, transition.model)
        current = _current(connection, transition.model)
        if transition.action == "archive" and (current is None or current.version != transition.version):
            raise RegistryError(
                ReasonCode.PROMOTION_CONFLICT,
                f"{transition.model}: version {transition.version} cannot be archived, as it is not in Production.",
                remedy="Look at the history of the model and name the version that is.",
                epoch=epoch,
            )
        if expected_epoch is not None and expected_epoch != epoch:
            raise RegistryError(
                ReasonCode.PROMOTION_CONFLICT,
                f"{transition.model}: {transition.action} of version {transition.version} was decided at epoch "
                f"{expected_epoch}, but Production is at epoch {epoch}.",
                remedy="Compare the candidate with the new champion and decide again.",
                expected_epoch=expected_epoch,
                epoch=epoch,
            )
        last = connection.execute("SELECT * FROM entries ORDER BY row DESC LIMIT 1").fetchone()
        if last is not None and last["hash"] != entry_hash(dict(last)):
            raise _broken(last["row"], "was altered: its hash does not match its content")
        fields = transition.model_dump() | {
            "row": 1 if last is None else last["row"] + 1,
            "epoch": epoch + reigns,
            "at": self._clock().astimezone(UTC).isoformat(timespec="milliseconds"),
            "previous": GENESIS if last is None else last["hash"],
        }
        fields["hash"] = entry_hash(fields)
        marks = ", ".join("?" for _ in _COLUMNS)
        connection.execute(
            f"INSERT INTO entries ({', '.join(_COLUMNS)}) VALUES ({marks})", [fields[c] for c in _COLUMNS]
        )
        return Entry.model_validate(fields)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous=FULL")
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


def stages(history: list[Entry]) -> dict[int, Stage]:
    """The stage of every version that one model's history implies: at most one in Production, and one in Staging."""
    result: dict[int, Stage] = {}
    for entry in history:
        if entry.action in ("reject", "archive"):
            result[entry.version] = "Rejected" if entry.action == "reject" else "Archived"
            continue
        stage: Stage = "Staging" if entry.action == "stage" else "Production"
        for version, held in result.items():
            if held == stage:
                result[version] = "Archived"
        result[entry.version] = stage
    return result


def recorded_bundle(history: list[Entry], version: int) -> str | None:
    """The bundle digest last recorded for a version of one model, or None if the ledger does not know it."""
    return next((entry.bundle for entry in reversed(history) if entry.version == version), None)


def previous_production(history: list[Entry]) -> Entry | None:
    """The entry a rollback returns to: the Production before the current one, passing over what was rolled back."""
    reigns: list[Entry] = []
    for entry in history:
        if entry.action == "rollback":
            versions = [reign.version for reign in reigns]
            reigns = reigns[: versions.index(entry.version)] if entry.version in versions else reigns
            reigns.append(entry)
        elif entry.action == "archive":
            if reigns and reigns[-1].version == entry.version:
                reigns.pop()
        elif entry.action in REIGN_ACTIONS:
            reigns.append(entry)
    in_production = "Production" in stages(history).values()
    depth = 2 if in_production else 1
    return reigns[-depth] if len(reigns) >= depth else None


def _epoch(connection: sqlite3.Connection, model: str) -> int:
    row = connection.execute("SELECT MAX(epoch) FROM entries WHERE model = ?", (model,)).fetchone()
    return int(row[0] or 0)


def _current(connection: sqlite3.Connection, model: str) -> Entry | None:
    row = connection.execute(
        "SELECT * FROM entries WHERE model = ? AND action IN ('promote', 'rollback', 'external', 'archive') "
        "ORDER BY row DESC LIMIT 1",
        (model,),
    ).fetchone()
    return None if row is None or row["action"] == "archive" else _entry(row)


def _standing(connection: sqlite3.Connection, wanted: Transition, reigns: bool) -> Entry | None:
    """The entry that already makes the wanted transition true, if there is one.

    Staging or rejecting the version that is in Production would take it out without an epoch, so its reign stands too.
    """
    current = _current(connection, wanted.model)
    in_production = current is not None and (current.version, current.bundle) == (wanted.version, wanted.bundle)
    if wanted.action == "archive":
        if in_production:
            return None
    elif in_production:
        return current
    elif reigns:
        return None
    row = connection.execute(
        "SELECT * FROM entries WHERE model = ? AND version = ? ORDER BY row DESC LIMIT 1",
        (wanted.model, wanted.version),
    ).fetchone()
    return None if row is None or (row["action"], row["bundle"]) != (wanted.action, wanted.bundle) else _entry(row)


def _entry(row: sqlite3.Row) -> Entry:
    try:
        return Entry.model_validate(dict(row))
    except ValueError as error:
        raise _broken(row["row"], f"is no entry: {' '.join(str(error).split())}") from error


def _broken(row: int, message: str) -> RegistryError:
    return RegistryError(
        ReasonCode.LEDGER_BROKEN,
        f"row {row} of the promotion ledger {message}.",
        remedy="Restore the ledger from a backup; until then nothing is promoted.",
        row=row,
    )
