"""MLflow's stages, alias and tags as a mirror of the promotion ledger, and the repair of that mirror.

The ledger is written first. What MLflow shows afterwards is a copy, which may be old (a promoter was killed) or changed
by hand. The tag ``ledger_epoch`` on the registered model is written last, so it tells the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.model.bundle import Bundle
from trading.registry.approval import require_admission
from trading.registry.client import CHAMPION, OVERRIDE_ACTION_TAG, OVERRIDE_TAG
from trading.registry.entries import (
    Entry,
    Stage,
    Transition,
    describe_override,
    overrides,
    quarantined,
    recorded_digest,
    stages,
)
from trading.registry.ledger import Ledger
from trading.registry.records import Version

EPOCH_TAG = "ledger_epoch"


class Registry(Protocol):
    """What promotion needs from a model registry; :class:`trading.registry.adapter.MlflowRegistry` is one."""

    def versions(self, model_name: str) -> list[Version]:
        """All versions of a model, oldest first; none if the model is unknown.

        Args:
            model_name: registered model.
        """
        ...

    def bundle(self, model_name: str, number: int, expected_digest: str | None = None) -> Bundle:
        """The verified bundle of a version.

        Args:
            model_name: registered model.
            number: of the version.
            expected_digest: of the bundle; None is the one it was registered with.
        """
        ...

    def set_stage(self, model_name: str, number: int, stage: str) -> None:
        """Move a version to a stage; other versions stay where they are.

        Args:
            model_name: registered model.
            number: of the version.
            stage: MLflow's word, for example ``Production``.
        """
        ...

    def set_champion(self, model_name: str, number: int | None) -> None:
        """Point the champion's alias at a version, or take it away.

        Args:
            model_name: registered model.
            number: of the version; None takes the alias away.
        """
        ...

    def tag_version(self, model_name: str, number: int, tags: Mapping[str, str]) -> None:
        """Write tags of a version; its other tags stay.

        Args:
            model_name: registered model.
            number: of the version.
            tags: values by key.
        """
        ...

    def model_tags(self, model_name: str) -> dict[str, str]:
        """Tags of the registered model itself; empty if it is unknown.

        Args:
            model_name: registered model.
        """
        ...

    def tag_model(self, model_name: str, key: str, value: str) -> None:
        """Write a tag of the registered model itself.

        Args:
            model_name: registered model.
            key: of the tag.
            value: of the tag, in place of an earlier one.
        """
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Let one thread of one process on this machine change the registry at a time."""
        ...


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """What a repair found and did.

    Attributes:
        adopted: the entry made for a change by hand that took effect, or None.
        refused: why each other version set to Production by hand is not there any more, by version.
        changes: what was written to MLflow, one line each; empty if the mirror was right.
    """

    adopted: Entry | None
    refused: dict[int, str]
    changes: tuple[str, ...]


def mirror(registry: Registry, ledger: Ledger, model_name: str) -> tuple[str, ...]:
    """Make MLflow show what the ledger says now; return what was changed.

    It writes the ledger's present state and not the caller's transition, so of two promoters that get here in any order
    the later one leaves the truth.

    Args:
        registry: what shows it.
        ledger: what is true.
        model_name: registered model.
    """
    with registry.lock():
        return _mirror(registry, ledger, model_name)


def reconcile(registry: Registry, ledger: Ledger, model_name: str, actor: str = "mlflow") -> Reconciliation:
    """Repair the mirror after a crash, and treat stages changed by hand as requests.

    A version set to Production by hand is adopted as ``external`` if its bundle verifies and its verdict admits it;
    otherwise the ledger's Production is put back. A Production version archived or deleted by hand is entered as
    ``archive``: nothing is in Production then, and nothing else takes its place by itself.

    Args:
        registry: what shows it.
        ledger: what is true.
        model_name: registered model.
        actor: who is entered for a change made by hand.
    """
    with registry.lock():
        refused: dict[int, str] = {}
        adopted = _take_requests(registry, ledger, model_name, actor, refused)
        changes = _mirror(registry, ledger, model_name)
        for number, reason in refused.items():
            registry.tag_version(model_name, number, {"request_refused": reason})
        return Reconciliation(adopted=adopted, refused=refused, changes=changes)


def _take_requests(
    registry: Registry, ledger: Ledger, model_name: str, actor: str, refused: dict[int, str]
) -> Entry | None:
    """Enter the change that somebody made by hand, if there is one and it is allowed."""
    epoch, current = ledger.epoch(model_name), ledger.current(model_name)
    known = registry.versions(model_name)
    if current is not None and not known:
        raise RegistryError(
            ReasonCode.MODEL_UNKNOWN,
            f"the ledger has {model_name} version {current.version} in Production, but the registry has no such model.",
            remedy="See that runtime.tracking_uri and runtime.ledger belong together.",
        )
    shown = [version for version in known if version.stage == "Production"]
    requests = [version for version in reversed(shown) if current is None or version.version != current.version]
    whole = int(registry.model_tags(model_name).get(EPOCH_TAG, "0")) == epoch
    for version in requests if whole else ():
        try:
            bundle = _acceptable(registry, ledger, version)
        except RegistryError as error:
            refused[version.version] = str(error)
            continue
        request = Transition(
            model_name=model_name,
            version=version.version,
            bundle_digest=bundle.digest,
            action="external",
            reason="set to Production in MLflow",
            actor=actor,
        )
        return ledger.append(request, expected_epoch=epoch)
    gone = current is not None and all(version.version != current.version for version in known)
    if current is not None and not requests and (gone or (whole and not shown)):
        retired = Transition(
            model_name=model_name,
            version=current.version,
            bundle_digest=current.bundle_digest,
            action="archive",
            reason="deleted in MLflow" if gone else "taken out of Production in MLflow",
            actor=actor,
        )
        return ledger.append(retired, expected_epoch=epoch)
    return None


def _mirror(registry: Registry, ledger: Ledger, model_name: str) -> tuple[str, ...]:
    history = ledger.history(model_name)
    if not history and not registry.versions(model_name):
        return ()
    due, notes = stages(history), _notes(history)
    known = registry.versions(model_name)
    first = [version for version in known if due.get(version.version) == "Production"]
    changes = list[str]()
    # The new champion, then the alias, then the others: for a moment two versions are in Production, but never none,
    # and the alias never points to a version that is shown as archived.
    for version in first:
        changes += _mirror_version(registry, version, "Production", notes[version.version])
    changes += _mirror_champion(registry, model_name, known, first[0] if first else None)
    for version in known:
        if version not in first:
            changes += _mirror_version(registry, version, due.get(version.version), notes.get(version.version))
    epoch = str(history[-1].epoch) if history else "0"
    if registry.model_tags(model_name).get(EPOCH_TAG, "0") != epoch:
        registry.tag_model(model_name, EPOCH_TAG, epoch)
        changes.append(f"epoch -> {epoch}")
    return tuple(changes)


class _Note(NamedTuple):
    """What the ledger says of a version: its last entry, and those that hold it in quarantine or overrode a rule."""

    entry: Entry
    held: Entry | None
    override: Entry | None


def _notes(history: Sequence[Entry]) -> dict[int, _Note]:
    held, overridden = quarantined(history), overrides(history)
    return {entry.version: _Note(entry, held.get(entry.version), overridden.get(entry.version)) for entry in history}


def _mirror_version(registry: Registry, version: Version, stage: Stage | None, note: _Note | None) -> list[str]:
    changes = list[str]()
    shown = stage if stage in ("Production", "Staging", "Archived") else "None"
    # A version that the ledger does not know stays where it is, unless it stands in Production.
    if version.stage != shown and (stage is not None or version.stage == "Production"):
        registry.set_stage(version.model_name, version.version, shown)
        changes.append(f"version {version.version}: stage {version.stage} -> {shown}")
    if stage is None or note is None:
        return changes
    entry, held, override = note
    tags = {"stage": stage, "epoch": str(entry.epoch), "reasons": entry.reason, "actor": entry.actor}
    # A version that never was in quarantine, or never overridden, has no such tag.
    if held is not None or "quarantine" in version.tags:
        tags["quarantine"] = "" if held is None else f"{held.action}: {held.reason}"
    if override is not None or OVERRIDE_TAG in version.tags:
        tags[OVERRIDE_TAG] = "" if override is None else describe_override(override)
        tags[OVERRIDE_ACTION_TAG] = "" if override is None else override.action
    wrong = {key: value for key, value in tags.items() if version.tags.get(key) != value}
    if wrong:
        registry.tag_version(version.model_name, version.version, wrong)
        changes.append(f"version {version.version}: tags {', '.join(sorted(wrong))}")
    return changes


def _mirror_champion(registry: Registry, model_name: str, known: list[Version], due: Version | None) -> list[str]:
    holder = next((version for version in known if CHAMPION in version.aliases), None)
    number = due.version if due else None
    if (holder.version if holder else None) == number:
        return []
    registry.set_champion(model_name, number)
    return [f"alias {CHAMPION} -> {number}"]


def _acceptable(registry: Registry, ledger: Ledger, version: Version) -> Bundle:
    """The bundle of a version that somebody set to Production by hand, verified and admitted by its verdict."""
    history = ledger.history(version.model_name)
    recorded = recorded_digest(history, version.version)
    bundle = registry.bundle(version.model_name, version.version, expected_digest=recorded)
    require_admission(bundle, version.model_name, version.version, history)
    return bundle
