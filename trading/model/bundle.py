"""A bundle: one trading model with its lineage, evidence and verdict as a folder of data under one digest.

Nothing in a bundle can execute. :func:`load_bundle` verifies every byte before it builds anything from it.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from trading.canonical import canonical_json, parse_json, sha256, write_atomic
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.model.lineage import Lineage
from trading.model.model import TradingModel, model_from
from trading.model.spec import ModelSpec
from trading.model.upgrades import SCHEMA_VERSION, upgraded_bundle
from trading.steps.policy import ACTIONS
from trading.values import Frozen

HEAD, WEIGHTS, EVIDENCE, GATES, CARD = "bundle.json", "weights.safetensors", "evidence.json", "gates.json", "card.md"
MANIFEST = "manifest.json"
CONTENT = (HEAD, CARD, EVIDENCE, GATES, WEIGHTS)

Decision = Literal["APPROVED", "REJECTED"]


class BundleHead(Frozen):
    """What ``bundle.json`` holds: everything about a model that is not an array, a proof or a text."""

    schema_version: Literal[4] = SCHEMA_VERSION
    model: ModelSpec
    lineage: Lineage
    action_names: tuple[str, ...] = Field(default=ACTIONS, description="Order of the policy's outputs.")


class FileEntry(Frozen):
    """Name, size and digest of one file of a bundle."""

    name: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(Frozen):
    """What ``manifest.json`` holds; its SHA-256 is the digest of the bundle."""

    schema_version: Literal[1] = 1
    files: tuple[FileEntry, ...]


@dataclass(frozen=True, eq=False)
class Bundle:
    """A verified bundle.

    Attributes:
        folder: where its files lie.
        digest: SHA-256 of the manifest, which names the SHA-256 of every other file.
        model: what decides.
        lineage: data, code, seeds and libraries it was made of.
        decision: of the seven gates.
        evidence: what the gates judged, as JSON.
        gates: the whole verdict as JSON.
        card: Markdown for people.
    """

    folder: Path
    digest: str
    model: TradingModel
    lineage: Lineage
    decision: Decision
    evidence: dict[str, Any]
    gates: dict[str, Any]
    card: str

    @property
    def approved(self) -> bool:
        return self.decision == "APPROVED"

    @property
    def paper_only(self) -> bool:
        """Whether the verdict allows paper trading only; a verdict that does not say so is not trusted with more."""
        return bool(self.gates.get("paper_only", True))


def bundle_files(
    model: TradingModel, lineage: Lineage, evidence: Mapping[str, Any], gates: Mapping[str, Any], card: str
) -> dict[str, bytes]:
    """Every file of a bundle by name; equal content gives equal bytes on any machine.

    Args:
        model: what decides: spec and arrays.
        lineage: data, code, seeds and libraries it was made of.
        evidence: what the gates judged, as JSON data.
        gates: the verdict as JSON data; it holds the decision.
        card: the model card, Markdown.

    Raises:
        RegistryError: with code ``BUNDLE_INVALID`` if something is not finite, misshapen or has no verdict.
    """
    checked = model_from(model.spec, model.arrays())
    _decision(gates)
    head = BundleHead(model=model.spec, lineage=lineage)
    try:
        files = {
            HEAD: canonical_json(head.model_dump(mode="json")),
            CARD: card.encode(),
            EVIDENCE: canonical_json(evidence),
            GATES: canonical_json(gates),
            WEIGHTS: save_tensors(dict(sorted(checked.arrays().items()))),
        }
    except (ValueError, TypeError) as error:
        raise _invalid(f"the bundle cannot be written as JSON: {error}") from error
    return files | {MANIFEST: _manifest(files)}


def write_bundle(
    folder: Path,
    model: TradingModel,
    lineage: Lineage,
    evidence: Mapping[str, Any],
    gates: Mapping[str, Any],
    card: str,
) -> Bundle:
    """Write a bundle so that its folder exists whole or not at all, and return it as loaded.

    Writing the same content to the same folder again changes nothing.

    Args:
        folder: of the bundle; it does not exist, or holds the same bundle.
        model: what decides: spec and arrays.
        lineage: data, code, seeds and libraries it was made of.
        evidence: what the gates judged, as JSON data.
        gates: the verdict as JSON data; it holds the decision.
        card: the model card, Markdown.
    """
    return write_files(folder, bundle_files(model, lineage, evidence, gates, card))


def write_files(folder: Path, files: Mapping[str, bytes]) -> Bundle:
    """Write the files of a bundle to a folder that does not exist yet, or holds the same bundle.

    Args:
        folder: of the bundle; its parent is made if it is missing.
        files: content by file name, the manifest among them, as :func:`bundle_files` gives it.
    """
    digest = sha256(files[MANIFEST]) if MANIFEST in files else ""
    if folder.exists():
        return load_bundle(folder, expected_digest=digest)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for name, data in files.items():
            write_atomic(temporary / name, data)
        load_bundle(temporary, expected_digest=digest)
        temporary.chmod(0o755)
        _rename(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return load_bundle(folder, expected_digest=digest)


def read_files(folder: Path, expected_digest: str | None = None) -> dict[str, bytes]:
    """The bytes of every file of a bundle, verified against its manifest.

    Args:
        folder: of the bundle.
        expected_digest: SHA-256 that the manifest must have; None takes the bundle as it is, so long as it is whole.

    Raises:
        RegistryError: ``BUNDLE_MISSING`` if the folder or a file is not there, ``BUNDLE_CORRUPT`` if anything differs
            from the manifest, is extra, is not a plain file, or the digest is not the expected one.
    """
    found = _listing(folder)
    missing, extra = {*CONTENT, MANIFEST} - found, found - {*CONTENT, MANIFEST}
    if missing:
        raise _missing(f"{folder} has no {', '.join(sorted(missing))}", file=sorted(missing)[0])
    if extra:
        raise _corrupt(f"{folder} holds {', '.join(sorted(extra))}, which no bundle has", file=sorted(extra)[0])
    raw = _read(folder / MANIFEST, limit=1_000_000)
    digest = sha256(raw)
    if expected_digest is not None and digest != expected_digest:
        raise _corrupt(f"{folder} is bundle {digest[:12]}, expected {expected_digest[:12]}", file=MANIFEST)
    manifest = _parse_manifest(raw, folder)
    files = {MANIFEST: raw}
    for entry in manifest.files:
        data = _read(folder / entry.name, limit=entry.size)
        if len(data) != entry.size or sha256(data) != entry.sha256:
            raise _corrupt(
                f"{folder / entry.name} has {len(data)} bytes of digest {sha256(data)[:12]}, "
                f"the manifest says {entry.size} of {entry.sha256[:12]}",
                file=entry.name,
            )
        files[entry.name] = data
    return files


def load_bundle(folder: Path, expected_digest: str | None = None) -> Bundle:
    """Verify a bundle folder completely, then build the model from the very bytes that were verified.

    Args:
        folder: the bundle.
        expected_digest: what the ledger or registry says the bundle is; None accepts any consistent bundle.

    Raises:
        RegistryError: as :func:`read_files`; ``BUNDLE_INVALID`` if the bytes are intact but no valid model.
    """
    files = read_files(folder, expected_digest)
    try:
        document, arrays = upgraded_bundle(_object(files, HEAD), load_tensors(files[WEIGHTS]))
        head = BundleHead.model_validate(document)
        evidence, gates = _object(files, EVIDENCE), _object(files, GATES)
        card = files[CARD].decode()
    except (ValueError, SafetensorError) as error:
        raise _invalid(f"{folder}: {_brief(error)}") from error
    if head.action_names != ACTIONS:
        raise _invalid(f"{folder}: the policy's outputs are {', '.join(head.action_names)}, not {', '.join(ACTIONS)}")
    return Bundle(
        folder=folder,
        digest=sha256(files[MANIFEST]),
        model=model_from(head.model, arrays),
        lineage=head.lineage,
        decision=_decision(gates),
        evidence=evidence,
        gates=gates,
        card=card,
    )


def _manifest(files: Mapping[str, bytes]) -> bytes:
    entries = tuple(FileEntry(name=name, size=len(files[name]), sha256=sha256(files[name])) for name in sorted(files))
    return canonical_json(Manifest(files=entries).model_dump(mode="json"))


def _parse_manifest(raw: bytes, folder: Path) -> Manifest:
    try:
        manifest = Manifest.model_validate(parse_json(raw))
    except ValueError as error:
        raise _corrupt(f"{folder / MANIFEST}: {_brief(error)}", file=MANIFEST) from error
    # Another spelling of the same manifest would be the same model under a second digest.
    if canonical_json(manifest.model_dump(mode="json")) != raw:
        raise _corrupt(f"{folder / MANIFEST} is not canonical JSON", file=MANIFEST)
    names = tuple(entry.name for entry in manifest.files)
    if names != tuple(sorted(CONTENT)):
        raise _corrupt(f"{folder / MANIFEST} lists {', '.join(names)}, expected {', '.join(CONTENT)}", file=MANIFEST)
    return manifest


def _object(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    value = parse_json(files[name])
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not an object")
    return cast("dict[str, Any]", value)


def _decision(gates: Mapping[str, Any]) -> Decision:
    decision: object = gates.get("decision")
    if decision not in ("APPROVED", "REJECTED"):
        raise _invalid(f"the verdict's decision is {decision!r}, expected APPROVED or REJECTED")
    return decision


def _listing(folder: Path) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries}
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(f"there is no bundle folder {folder}", file=".") from error


def _read(path: Path, limit: int) -> bytes:
    """At most ``limit + 1`` bytes of a plain file; a link is refused, as it could be changed after the check."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise _missing(f"{path} is not there", file=path.name) from error
        raise _corrupt(f"{path} is a link or cannot be opened ({error.strerror})", file=path.name) from error
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise _corrupt(f"{path} is not a plain file", file=path.name)
        return stream.read(limit + 1)


def _rename(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        # Another process wrote the folder first; the caller verifies that it is the same bundle.
        shutil.rmtree(source)


def _brief(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)


def _missing(message: str, *, file: str) -> RegistryError:
    return RegistryError(
        ReasonCode.BUNDLE_MISSING, f"{message}.", remedy="Give the path of a whole bundle folder.", file=file
    )


def _corrupt(message: str, *, file: str) -> RegistryError:
    return RegistryError(
        ReasonCode.BUNDLE_CORRUPT,
        f"{message}.",
        remedy="Download the bundle again, or roll back to an earlier version; do not repair it by hand.",
        file=file,
    )


def _invalid(message: str) -> RegistryError:
    return RegistryError(
        ReasonCode.BUNDLE_INVALID, f"{message}.", remedy="Train the model again; a bundle is never repaired by hand."
    )
