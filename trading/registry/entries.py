"""Rows of the promotion ledger as values, and what a history of them implies: stages, digests, the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field

from trading.canonical import digest_of
from trading.values import Frozen

Action = Literal[
    "promote",
    "rollback",
    "external",
    "override",
    "override_gates",
    "archive",
    "demote",
    "retire",
    "stage",
    "contest",
    "reject",
    "release",
]
Stage = Literal["Production", "Staging", "Archived", "Rejected"]

ADMITTING_ACTIONS = frozenset({"promote", "rollback", "external"})
"""The actions that put a version into Production because its verdict admits it."""

OVERRIDE_ACTIONS = frozenset({"override", "override_gates"})
"""The actions by which an operator puts a version there against the rule for replacing, or against its own verdict."""

ENTRY_ACTIONS = ADMITTING_ACTIONS | OVERRIDE_ACTIONS
"""The actions that put a version into Production."""

REMOVAL_ACTIONS = frozenset({"archive", "demote", "retire"})
"""The actions that take the version in Production out and put nothing in its place."""

PRODUCTION_ACTIONS = ENTRY_ACTIONS | REMOVAL_ACTIONS
"""The actions that change what is in Production; each begins a new epoch."""

STAGING_ACTIONS = frozenset({"stage", "contest"})
"""The actions that put a version into Staging; after ``contest`` it has met the champion and was not better."""

COLUMNS = ("row", "epoch", "model", "version", "bundle", "action", "reason", "actor", "at", "previous", "hash")
"""The columns of the file; they outlive a release, so two of them have other names than the fields here."""


class Transition(Frozen):
    """What somebody asks the ledger to record."""

    # Read by the names of the fields or, from the file, by those of its columns.
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    model_name: str = Field(
        validation_alias="model", serialization_alias="model", min_length=1, description="Registered model name."
    )
    version: int = Field(ge=1, description="Version in the registry.")
    bundle_digest: str = Field(
        validation_alias="bundle",
        serialization_alias="bundle",
        pattern=r"^[0-9a-f]{64}$",
        description="Bundle digest of that version.",
    )
    action: Action = Field(description="What happens to the version.")
    reason: str = Field(default="", description="Why, for people.")
    actor: str = Field(default="nightly", min_length=1, description="Who asked.")

    @property
    def changes_production(self) -> bool:
        """Whether another version, or none, is in Production afterwards."""
        return self.action in PRODUCTION_ACTIONS

    def as_columns(self) -> dict[str, Any]:
        """The values by the names of the file's columns."""
        return self.model_dump(mode="json", by_alias=True)


class Entry(Transition):
    """One row of the ledger."""

    row: int = Field(ge=1, description="Position in the ledger, over all models.")
    epoch: int = Field(ge=0, description="Number of changes of Production of this model, this entry included.")
    at: str = Field(description="UTC time of the entry, ISO 8601.")
    previous: str = Field(pattern=r"^[0-9a-f]{64}$", description="Hash of the row before; zeros for the first.")
    hash: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the canonical JSON of all other fields.")


def entry_hash(columns: dict[str, Any]) -> str:
    """The hash of an entry, over every column but the hash itself.

    Args:
        columns: the row by the names of its columns.
    """
    return digest_of({name: columns[name] for name in COLUMNS if name != "hash"})


def stages(history: Sequence[Entry]) -> dict[int, Stage]:
    """The stage of every version: at most one in Production, and one in Staging.

    Args:
        history: the entries of one model, oldest first.
    """
    result: dict[int, Stage] = {}
    for entry in history:
        if entry.action == "release":
            continue
        if entry.action == "reject" or entry.action in REMOVAL_ACTIONS:
            result[entry.version] = "Rejected" if entry.action == "reject" else "Archived"
            continue
        stage: Stage = "Staging" if entry.action in STAGING_ACTIONS else "Production"
        for version, held in result.items():
            if held == stage:
                result[version] = "Archived"
        result[entry.version] = stage
    return result


def recorded_digest(history: Sequence[Entry], version: int) -> str | None:
    """The bundle digest last recorded for a version, or None if the ledger does not know it.

    Args:
        history: the entries of one model, oldest first.
        version: in the registry.
    """
    return next((entry.bundle_digest for entry in reversed(history) if entry.version == version), None)


def previous_production(history: Sequence[Entry]) -> Entry | None:
    """The entry a rollback returns to: the Production before the current one, passing over what was rolled back.

    What an override put there is passed over too: nothing but another override brings it back.

    Args:
        history: the entries of one model, oldest first.
    """
    periods: list[Entry] = []
    for entry in history:
        if entry.action == "rollback":
            versions = [period.version for period in periods]
            periods = periods[: versions.index(entry.version)] if entry.version in versions else periods
            periods.append(entry)
        elif entry.action in REMOVAL_ACTIONS:
            if periods and periods[-1].version == entry.version:
                periods.pop()
        elif entry.changes_production:
            periods.append(entry)
    earlier = periods[:-1] if "Production" in stages(history).values() else periods
    return next((period for period in reversed(earlier) if period.action not in OVERRIDE_ACTIONS), None)


def overrides(history: Sequence[Entry]) -> dict[int, Entry]:
    """Versions that an override put into Production when they were last put there, with that entry.

    Args:
        history: the entries of one model, oldest first.
    """
    result: dict[int, Entry] = {}
    for entry in history:
        if entry.action in OVERRIDE_ACTIONS:
            result[entry.version] = entry
        elif entry.action in ADMITTING_ACTIONS:
            result.pop(entry.version, None)
    return result


def describe_override(entry: Entry) -> str:
    """What an override went against, by whom and why, as one clause.

    Args:
        entry: with an action of :data:`OVERRIDE_ACTIONS`.
    """
    against = "its gates" if entry.action == "override_gates" else "the rule for replacing"
    return f"overridden against {against} by {entry.actor}: {entry.reason}"


def quarantined(history: Sequence[Entry]) -> dict[int, Entry]:
    """Versions that were taken out of Production for cause and not released since, with the entry that did it.

    A rollback, a demotion and a retirement are such causes; a better candidate and an operator's archiving are none.

    Args:
        history: the entries of one model, oldest first.
    """
    result: dict[int, Entry] = {}
    current: int | None = None
    for entry in history:
        if entry.action == "release":
            result.pop(entry.version, None)
        elif entry.action in ("demote", "retire"):
            result[entry.version] = entry
        elif entry.action == "rollback" and current not in (None, entry.version):
            assert current is not None
            result[current] = entry
        if entry.changes_production:
            current = None if entry.action in REMOVAL_ACTIONS else entry.version
    return result


def contested_since_entry(history: Sequence[Entry], champion: int) -> set[int]:
    """The versions that have met a champion at its significance test since it entered, and were not better.

    Args:
        history: the entries of one model, oldest first.
        champion: the version that they met.
    """
    met: set[int] = set()
    for entry in history:
        if entry.changes_production:
            met = set() if entry.version == champion else met
        elif entry.action == "contest":
            met.add(entry.version)
    return met


def challengers(history: Sequence[Entry]) -> list[Entry]:
    """Approved versions that never were in Production and are in no quarantine, each by its last entry; newest first.

    Args:
        history: the entries of one model, oldest first.
    """
    last = {entry.version: entry for entry in history if entry.action != "release"}
    entered = {entry.version for entry in history if entry.action in ENTRY_ACTIONS}
    waiting = [entry for entry in last.values() if entry.action in STAGING_ACTIONS and entry.version not in entered]
    return sorted(waiting, key=lambda entry: entry.version, reverse=True)
