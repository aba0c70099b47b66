"""Builds a night again from its manifest in a store of its own, and names the first stage that differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from trading.codes import ReasonCode
from trading.engines.choice import chosen_engines
from trading.errors import RegistryError
from trading.model.bundle import Bundle
from trading.model.lineage import library_versions
from trading.night.artifacts import LIVE_RECORD
from trading.night.manifest import FILE, NightManifest, StageRun, beside, read_manifest
from trading.night.outcome import ChampionSnapshot
from trading.night.plan import NightPlan
from trading.night.review import ChosenBundle
from trading.night.services import registry_of
from trading.night.workspace import Night, open_night
from trading.settings.models import RuntimeSpec, SevengatesSettings
from trading.store import Store
from trading.store.ref import refs_in
from trading.values import Frozen

if TYPE_CHECKING:
    from trading.checks.evidence import LiveRecord

NOT_COMPARED = ("load-report",)
"""Kinds that name the file of the bars, which may lie elsewhere under another name."""


class RebuiltCandidate(Frozen):
    """What a repeated night gave.

    Attributes:
        engine: of the candidate.
        bundle_digest: of its bundle.
        stages: that made it, in order.
    """

    engine: str
    bundle_digest: str
    stages: tuple[StageRun, ...]


class ComparedStage(NamedTuple):
    """One stage of both nights.

    Attributes:
        stage: its name.
        same: whether every output has the same digest.
        then: digests of the outputs by kind, as the manifest has them.
        now: the same of the repeated night; empty if it has no such stage.
    """

    stage: str
    same: bool
    then: dict[str, str]
    now: dict[str, str]


class Reproduction(NamedTuple):
    """Whether a version could be built again.

    Attributes:
        bundle_digest: of the version.
        rebuilt_digest: of what was built now.
        first_difference: the first stage that gave something else, or None.
        stages: of both nights.
        input_differences: how data and code differ from the manifest's, one sentence each.
    """

    bundle_digest: str
    rebuilt_digest: str
    first_difference: str | None
    stages: tuple[ComparedStage, ...]
    input_differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether the bundle is the same, byte for byte."""
        return self.bundle_digest == self.rebuilt_digest and self.first_difference is None

    def as_json(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "same": self.same,
            **self._asdict(),
            "stages": [stage._asdict() for stage in self.stages],
        }


def manifest_of_version(runtime: RuntimeSpec, chosen: ChosenBundle) -> NightManifest:
    """The manifest of a version, or of a bundle folder.

    Args:
        runtime: where the registry is.
        chosen: the bundle, and what the registry calls it.

    Raises:
        RegistryError: ``MANIFEST_MISSING``; ``MANIFEST_INVALID`` if it cannot be read or is another bundle's.
    """
    if chosen.version is None:
        what, path = str(chosen.bundle.folder), beside(chosen.bundle.folder)
        data, where = path.read_bytes() if path.exists() else None, str(path)
    else:
        registry = registry_of(runtime)
        what, where = f"{chosen.model_name} version {chosen.version}", f"{FILE} of its run in MLflow"
        data = registry.run_file(registry.version(chosen.model_name, chosen.version), FILE)
    if data is None:
        raise RegistryError(
            ReasonCode.MANIFEST_MISSING,
            f"{what} has no manifest: {where} is not there.",
            remedy="Run its night again with this release, or name a version that has a manifest.",
        )
    manifest = read_manifest(data, what)
    if manifest.bundle_digest != chosen.bundle.digest:
        raise RegistryError(
            ReasonCode.MANIFEST_INVALID,
            f"the manifest of {what} is of bundle {manifest.bundle_digest[:12]}, and its bundle is "
            f"{chosen.bundle.digest[:12]}.",
            remedy="Put the bundle beside the manifest that was written with it.",
        )
    return manifest


def repeated_night(manifest: NightManifest, home: Path, *, workers: int, source: str | None = None) -> Night:
    """The night of a manifest, in a home of its own.

    Args:
        manifest: of the candidate.
        home: an empty folder.
        workers: training processes at a time.
        source: where the bars lie now; None is where they lay then.

    Raises:
        RegistryError: ``MANIFEST_INVALID`` if its settings are not those of this release.
        DataError: if the source is missing.
    """
    try:
        settings = SevengatesSettings.model_validate(manifest.settings)
    except ValidationError as error:
        first = error.errors()[0]
        raise RegistryError(
            ReasonCode.MANIFEST_INVALID,
            f"the settings of the manifest are not those of this release: {'.'.join(map(str, first['loc']))}: "
            f"{first['msg']}.",
            remedy=_remedy_of_code(manifest),
        ) from error
    runtime = RuntimeSpec(home=str(home), seed=settings.runtime.seed)
    changed = {"runtime": runtime, "policy": settings.policy.model_copy(update={"workers": workers})}
    if source is not None:
        changed["market"] = settings.market.model_copy(update={"source": source})
    settings = settings.model_copy(update=changed)
    moment = str(manifest.lineage.as_of_ms)
    return open_night(settings, manifest.lineage.symbol, moment)


def differing_inputs(manifest: NightManifest, plan: NightPlan) -> list[str]:
    """How data and code differ from those of the manifest, one sentence each; empty if nothing does.

    Args:
        manifest: of the candidate.
        plan: of the repeated night.
    """
    then, found = manifest.lineage, list[str]()
    for name in ("source", "funding", "holidays"):
        was, now = then.data.get(name, ""), getattr(plan, name)
        if was != now:
            found.append(f"the data of {name} have digest {_short(now)}, and had {_short(was)}")
    if then.code != plan.code:
        libraries = library_versions()
        moved = [
            f"{name} {libraries.get(name, 'absent')} instead of {then.libraries.get(name, 'absent')}"
            for name in sorted({*libraries, *then.libraries})
            if libraries.get(name) != then.libraries.get(name)
        ]
        what = f"of libraries: {', '.join(moved)}" if moved else "of the sources under trading/ and envs/"
        found.append(f"the code has digest {_short(plan.code)}, and had {_short(then.code)}, because {what}")
    engines = {engine.name: engine for engine in chosen_engines(plan.settings)}
    if manifest.engine not in engines:
        found.append(f"the settings train {', '.join(engines)}, and not {manifest.engine}")
    return found


def require_same_inputs(manifest: NightManifest, differences: Sequence[str]) -> None:
    """Refuse to repeat a night on other data or by other code, which would prove nothing.

    Args:
        manifest: of the candidate.
        differences: of :func:`differing_inputs`.

    Raises:
        RegistryError: ``REPRODUCTION_INPUTS``, with every difference.
    """
    if differences:
        raise RegistryError(
            ReasonCode.REPRODUCTION_INPUTS,
            f"bundle {manifest.bundle_digest[:12]} cannot be built again as it was: {'; '.join(differences)}.",
            remedy=f"{_remedy_of_code(manifest)} Name the data as they were with --source. Or repeat the night all "
            "the same with --anyway, to see which stage is the first to differ.",
            differences=list(differences),
        )


def carried_snapshot(manifest: NightManifest, bundle: Bundle, source: Store, target: Store) -> ChampionSnapshot:
    """The champion that the night met, with everything of it that is at hand put into another store.

    Args:
        manifest: names the champion.
        bundle: whose evidence holds the live record that was judged.
        source: store of the night.
        target: store of its repetition.
    """
    snapshot = ChampionSnapshot.model_validate(manifest.champion)
    for ref in refs_in(manifest.champion):
        if source.holds(ref.digest):
            target.put_bytes(ref.kind, source.get_bytes(ref))
    live = _live_record(bundle)
    if live is not None:
        target.put(LIVE_RECORD, live)
    return snapshot


def compare_nights(
    manifest: NightManifest, rebuilt: RebuiltCandidate, input_differences: Sequence[str] = ()
) -> Reproduction:
    """Hold what a repeated night gave beside what its manifest says.

    Args:
        manifest: of the candidate.
        rebuilt: the candidate of the same engine.
        input_differences: of :func:`differing_inputs`.
    """
    then, now = _by_turn(manifest.stages), _by_turn(rebuilt.stages)
    stages = [
        ComparedStage(
            name, _compared(outputs) == _compared(now.get((name, turn), {})), outputs, now.get((name, turn), {})
        )
        for (name, turn), outputs in then.items()
    ]
    stages += [
        ComparedStage(name, False, {}, outputs) for (name, turn), outputs in now.items() if (name, turn) not in then
    ]
    return Reproduction(
        bundle_digest=manifest.bundle_digest,
        rebuilt_digest=rebuilt.bundle_digest,
        first_difference=next((stage.stage for stage in stages if not stage.same), None),
        stages=tuple(stages),
        input_differences=tuple(input_differences),
    )


def reproduction_line(found: Reproduction) -> str:
    """The result in a sentence.

    Args:
        found: of a repeated night.
    """
    if found.same:
        return f"Reproduced: {len(found.stages)} stages and bundle {found.bundle_digest} are the same, byte for byte."
    stage = found.first_difference or "bundle"
    return (
        f"NOT reproduced: the first stage that gives something else is {stage}. The bundle is "
        f"{found.rebuilt_digest[:12]} now and was {found.bundle_digest[:12]}."
    )


def _by_turn(stages: Sequence[StageRun]) -> dict[tuple[str, int], dict[str, str]]:
    """Outputs by the name of the stage and how often it had run before: walk-forward folds run some of them again."""
    turns: Counter[str] = Counter()
    found: dict[tuple[str, int], dict[str, str]] = {}
    for stage in stages:
        found[stage.stage, turns[stage.stage]] = stage.outputs
        turns[stage.stage] += 1
    return found


def _compared(outputs: dict[str, str]) -> dict[str, str]:
    return {kind: digest for kind, digest in outputs.items() if kind not in NOT_COMPARED}


def _live_record(bundle: Bundle) -> LiveRecord | None:
    from trading.checks.evidence import read_evidence

    return read_evidence(bundle.evidence).live


def _remedy_of_code(manifest: NightManifest) -> str:
    commit, dirty = manifest.checkout.commit, manifest.checkout.dirty
    if not commit:
        return "Install the release, and the versions of libraries, that made it."
    changed = " and had changes that were not committed, which the manifest only counts" if dirty else ""
    return f"Check out commit {commit[:12]}, which made it{changed}."


def _short(digest: str) -> str:
    return digest[:12] or "none"
