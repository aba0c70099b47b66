"""Where a version comes from: its night, its data, its parent, and so on back to the first."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from trading.model.bundle import Bundle
from trading.moments import moment_iso
from trading.night.manifest import FILE, NightManifest, beside, read_manifest
from trading.night.review import ChosenBundle
from trading.night.services import registry_of
from trading.registry.adapter import MlflowRegistry
from trading.registry.records import Version
from trading.settings.models import RuntimeSpec
from trading.splits import SPLITS
from trading.values import Frozen


class Ancestor(Frozen):
    """One version of a line of descent.

    Attributes:
        model_name: registered model; empty if no registry knows the bundle.
        version: in the registry; None if it does not know the bundle.
        bundle_digest: of its bundle.
        known: whether the bundle could be read; of one that could not, only the digest is known.
        tag: of its engine.
        decision: of its gates.
        stage: where it is now.
        as_of: moment of its night, ISO 8601.
        source: its data source.
        data: SHA-256 of each data set by name.
        ranges: open of the first bar and close of the last of each split, ISO 8601.
        seed: root of its random numbers.
        code: SHA-256 of the code that made it.
        commit: of the sources; empty if no manifest says it.
        dirty: whether the sources had changes that were not committed.
        wall_s: seconds that its stages took; None if no manifest says it.
        parent_digest: bundle digest of the champion that its night met, or None.
        children: versions whose parent it is.
    """

    model_name: str = ""
    version: int | None = None
    bundle_digest: str
    known: bool = True
    tag: str = ""
    decision: str = ""
    stage: str = ""
    as_of: str = ""
    source: str = ""
    data: dict[str, str] = Field(default_factory=dict[str, str])
    ranges: dict[str, tuple[str, str]] = Field(default_factory=dict[str, tuple[str, str]])
    seed: int | None = None
    code: str = ""
    commit: str = ""
    dirty: bool = False
    wall_s: float | None = None
    parent_digest: str | None = None
    children: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """What people call it."""
        return f"version {self.version}" if self.version else f"bundle {self.bundle_digest[:12]}"


def ancestry(runtime: RuntimeSpec, chosen: ChosenBundle) -> list[Ancestor]:
    """A version and all its ancestors, itself first.

    A parent is named by the digest of its bundle. One that the registry does not know ends the line, and is shown by
    its digest alone.

    Args:
        runtime: where the registry is.
        chosen: the version, or a bundle folder, whose parents are looked for in the model of its market.
    """
    registry = registry_of(runtime)
    name = chosen.model_name or _model_of(chosen.bundle)
    versions = {version.bundle_digest: version for version in reversed(registry.versions(name))}
    found: list[Ancestor] = []
    bundle: Bundle | None = chosen.bundle
    digest: str | None = chosen.bundle.digest
    # A digest cannot be its own ancestor's, but tags and folders are written by people too.
    while digest is not None and digest not in {known.bundle_digest for known in found}:
        version = versions.get(digest)
        if bundle is None and version is None:
            found.append(Ancestor(bundle_digest=digest, known=False))
            break
        if bundle is None and version is not None:
            bundle = registry.bundle(name, version.version, digest)
        assert bundle is not None
        manifest = _manifest(registry, version, bundle)
        found.append(_ancestor(name, version, bundle, manifest, versions))
        digest, bundle = bundle.lineage.parent_digest, None
    return found


def _ancestor(
    name: str, version: Version | None, bundle: Bundle, manifest: NightManifest | None, versions: dict[str, Version]
) -> Ancestor:
    lineage = bundle.lineage
    children = [other.version for other in versions.values() if other.tags.get("parent_digest") == bundle.digest]
    return Ancestor(
        model_name=name if version else "",
        version=version.version if version else None,
        bundle_digest=bundle.digest,
        tag=bundle.model.spec.engine.tag,
        decision=bundle.decision,
        stage=version.tags.get("stage", version.stage) if version else "not registered",
        as_of=moment_iso(lineage.as_of_ms),
        source=lineage.source,
        data=lineage.data,
        ranges={
            split: (moment_iso(lineage.ranges[split][0]), moment_iso(lineage.ranges[split][1]))
            for split in SPLITS
            if split in lineage.ranges
        },
        seed=lineage.seeds.get("root"),
        code=lineage.code,
        commit=manifest.checkout.commit if manifest else "",
        dirty=bool(manifest and manifest.checkout.dirty),
        wall_s=sum(stage.wall_s or 0.0 for stage in manifest.stages) if manifest else None,
        parent_digest=lineage.parent_digest,
        children=tuple(sorted(children)),
    )


def _manifest(registry: MlflowRegistry, version: Version | None, bundle: Bundle) -> NightManifest | None:
    """The manifest of a bundle, or None if an earlier release made it."""
    if version is not None:
        data = registry.run_file(version, FILE)
    else:
        path = beside(bundle.folder)
        data = path.read_bytes() if path.exists() else None
    return None if data is None else read_manifest(data, f"bundle {bundle.digest[:12]}")


def _model_of(bundle: Bundle) -> str:
    from trading.model.naming import model_name

    return model_name(bundle.lineage.symbol, bundle.lineage.interval)


def ancestor_facts(ancestor: Ancestor) -> dict[str, Any]:
    """What people are shown of a version, by name.

    Args:
        ancestor: the version.
    """
    if not ancestor.known:
        return {"not in this registry": f"bundle {ancestor.bundle_digest}"}
    took = "" if ancestor.wall_s is None else f", its stages took {ancestor.wall_s:.0f} s"
    changed = ", with changes that were not committed" if ancestor.dirty else ""
    commit = f", commit {ancestor.commit[:12]}{changed}" if ancestor.commit else ""
    splits = ", ".join(f"{name} {first[:10]} to {last[:10]}" for name, (first, last) in ancestor.ranges.items())
    data = ", ".join(f"{name} {digest[:12]}" for name, digest in sorted(ancestor.data.items()))
    return {
        "bundle": ancestor.bundle_digest,
        "night": f"as of {ancestor.as_of}, seed {ancestor.seed}{took}",
        "code": f"{ancestor.code[:12]}{commit}",
        "source": ancestor.source,
        "data": data,
        "splits": splits or "not said by release 0.1",
    }
