"""What the registry hands out and takes in, as plain values: versions, data sets, names and labels. Needs no MLflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trading.model.bundle import Bundle
from trading.moments import moment_iso
from trading.registry.client import BUNDLE_TAG


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A data set of a night: its role, its SHA-256, and the source string it came from."""

    name: str
    digest: str
    source: str
    context: str = "training"


@dataclass(frozen=True, kw_only=True)
class LoggedFile:
    """A file among the artifacts of a night: its address, and the run and the experiment it belongs to."""

    address: str
    run_id: str
    experiment_id: str


@dataclass(frozen=True, kw_only=True)
class Version:
    """One registered version as MLflow shows it."""

    model_name: str
    version: int
    stage: str
    run_id: str
    created_ms: int
    aliases: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def bundle_digest(self) -> str:
        return self.tags.get(BUNDLE_TAG, "")

    @property
    def verdict(self) -> str:
        return self.tags.get("verdict", "")


@dataclass(frozen=True, kw_only=True)
class NightRun:
    """The run of one candidate as MLflow shows it.

    Attributes:
        run_id: of the run.
        model_name: registered model.
        status: MLflow's word: FINISHED, RUNNING, KILLED.
        started_ms: when it was registered, UTC milliseconds.
        source: where its bars came from, as the settings named it.
        bars: first digits of the SHA-256 of its bars.
        tags: of the run.
        metrics: by name.
    """

    run_id: str
    model_name: str
    status: str
    started_ms: int
    source: str
    bars: str
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings as ``table.key`` and text, in MLflow's sense of a parameter.

    Args:
        values: by table and key.
        prefix: of every key.
    """
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value if isinstance(value, str) else json.dumps(value, default=str)
    return flat


def labels(bundle: Bundle) -> dict[str, str]:
    """The tags that run and version carry from the start.

    Args:
        bundle: what is registered.
    """
    lineage = bundle.lineage
    return {
        BUNDLE_TAG: bundle.digest,
        "verdict": bundle.decision,
        "paper_only": str(bundle.paper_only).lower(),
        "engine": bundle.model.spec.engine.name,
        "tag": bundle.model.spec.engine.tag,
        "symbol": lineage.symbol,
        "interval": lineage.interval,
        "as_of": moment_iso(lineage.as_of_ms),
        "parent_digest": lineage.parent_digest or "",
    }
