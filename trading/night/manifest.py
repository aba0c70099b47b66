"""The manifest of a candidate: everything its night followed from, what every stage gave, and what the run took.

A bundle holds nothing that differs between two runs of the same night; this stands beside it. It is a file of the
candidate's run in MLflow, and of the folder above a bundle that was only trained. ``sevengates reproduce`` builds the
night again from it. No secret enters: the settings of a plan carry no token and no address.
"""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field, ValidationError

from trading.canonical import canonical_json, parse_json, write_atomic
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.model.lineage import Lineage
from trading.night.checkout import CheckoutState, checkout_state
from trading.night.outcome import Candidate, ChampionSnapshot
from trading.night.workspace import Night
from trading.store.ref import refs_in
from trading.values import Frozen

FILE = "night.json"
"""Name of the manifest among the files of a run."""


class StageRun(Frozen):
    """What one stage gave, and what it took.

    Attributes:
        stage: its name.
        outputs: digest of every artifact it returned, by kind.
        wall_s: seconds it took when it ran; None if it ran in a release that did not write that down.
        cpu_s: seconds of processor time of its thread and of the processes it started; with several symbols side by
            side those of another symbol's training that ended meanwhile count too.
        reused: it had run before for the same inputs, and its output was taken from memory.
    """

    stage: str
    outputs: dict[str, str]
    wall_s: float | None = None
    cpu_s: float | None = None
    reused: bool = False


class Machine(Frozen):
    """Where a night ran.

    Attributes:
        host: name of the machine.
        system: of the machine, with its release.
        processor: architecture.
        cores: processors that this process may use.
        python: version of the interpreter.
    """

    host: str
    system: str
    processor: str
    cores: int
    python: str


class NightManifest(Frozen):
    """What ``night.json`` holds.

    Attributes:
        schema_version: of this schema.
        bundle_digest: of the candidate's bundle.
        model_name: registered model.
        engine: of the candidate.
        night_key: digest of everything the night followed from.
        settings: every setting that the outcome follows from; what cannot change it is at its default.
        lineage: data, ranges, seeds, code and libraries, as in the bundle.
        champion: that the night met, as :class:`trading.night.outcome.ChampionSnapshot` in JSON.
        checkout: commit of the sources, and what differed from it.
        stages: in the order in which they ran; those before the engine are common to all candidates of the night.
        machine: where the night ran.
        made_at: UTC time when the candidate was done, ISO 8601.
    """

    schema_version: Literal[1] = 1
    bundle_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    model_name: str
    engine: str
    night_key: str
    settings: dict[str, Any]
    lineage: Lineage
    champion: dict[str, Any]
    checkout: CheckoutState
    stages: tuple[StageRun, ...]
    machine: Machine
    made_at: str

    @property
    def wall_s(self) -> float:
        """Seconds of the stages that ran in this night; what was taken from memory cost nothing."""
        return sum(stage.wall_s or 0.0 for stage in self.stages if not stage.reused)

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time of the same stages."""
        return sum(stage.cpu_s or 0.0 for stage in self.stages if not stage.reused)

    def as_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))


class MadeCandidate(NamedTuple):
    """A candidate, and what made it.

    Attributes:
        candidate: in its bundle.
        stages: that it went through, in order.
        snapshot: the champion that its night met.
    """

    candidate: Candidate
    stages: tuple[StageRun, ...]
    snapshot: ChampionSnapshot


def write_manifest(night: Night, made: MadeCandidate, lineage: Lineage) -> NightManifest:
    """The manifest of a candidate that was just made.

    Args:
        night: it was made in.
        made: the candidate, its stages and the champion it met.
        lineage: of its bundle.
    """
    plan, candidate = night.plan, made.candidate
    return NightManifest(
        bundle_digest=candidate.bundle_digest,
        model_name=plan.model_name,
        engine=candidate.engine,
        night_key=plan.key,
        settings=plan.settings.model_dump(mode="json", exclude={"live": True, "runtime": {"tracking_token"}}),
        lineage=lineage,
        champion=made.snapshot.model_dump(mode="json"),
        checkout=checkout_state(),
        stages=made.stages,
        machine=this_machine(),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def read_manifest(data: bytes, what: str) -> NightManifest:
    """A manifest from its bytes.

    Args:
        data: of the file.
        what: whose manifest it is, for the error.

    Raises:
        RegistryError: ``MANIFEST_INVALID`` if it is none, or is of a later release.
    """
    try:
        return NightManifest.model_validate(parse_json(data))
    except (ValidationError, ValueError) as error:
        raise RegistryError(
            ReasonCode.MANIFEST_INVALID,
            f"the manifest of {what} cannot be read: {' '.join(str(error).split())[:300]}.",
            remedy="Read it with the release that wrote it.",
        ) from error


def write_beside(folder: Path, manifest: NightManifest) -> Path:
    """Write a manifest beside a bundle's folder, which holds nothing but the bundle; return the file.

    Args:
        folder: of the bundle.
        manifest: of its candidate.
    """
    path = beside(folder)
    write_atomic(path, manifest.as_bytes())
    return path


def beside(folder: Path) -> Path:
    """Where the manifest of a bundle folder lies.

    Args:
        folder: of the bundle.
    """
    return folder.resolve().parent / f"{folder.resolve().name}.{FILE}"


def stage_run(stage: str, output: Any, *, wall_s: float | None, cpu_s: float | None, reused: bool) -> StageRun:
    """The record of a stage.

    Args:
        stage: its name.
        output: what it returned, as JSON data.
        wall_s: how long it took when it ran.
        cpu_s: processor time of the same.
        reused: whether it was taken from memory.
    """
    outputs = {ref.kind: ref.digest for ref in refs_in(output)}
    return StageRun(stage=stage, outputs=outputs, wall_s=wall_s, cpu_s=cpu_s, reused=reused)


def this_machine() -> Machine:
    """The machine this process runs on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(
        host=platform.node(),
        system=f"{platform.system()} {platform.release()}",
        processor=platform.machine(),
        cores=cores,
        python=".".join(map(str, sys.version_info[:3])),
    )
