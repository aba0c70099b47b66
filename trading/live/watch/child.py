"""The model watch: a process of its own that asks the registry for the champion, downloads, verifies and points to it.

It is the only process of the runner's wing that imports MLflow, so the memory, start-up and faults of MLflow never
reach the process that trades. Started by :mod:`trading.live.watch.watch` as ``python -m trading.live.watch.child``; it
ends when its standard input closes, which the death of its parent does.
"""

from __future__ import annotations

import argparse
import os
import select
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from trading.codes import ReasonCode
from trading.errors import ConfigError, RegistryError, SevengatesError
from trading.live.watch.pointer import POINTER_NAME, Pointer, PointerFile, write_pointer
from trading.live.watch.watch import TRACKING_URI_VARIABLE, WatchReport, write_report
from trading.model.bundle import Bundle, load_bundle
from trading.registry.client import RegisteredVersion, RegistryClient


def main(arguments: Sequence[str] | None = None) -> int:
    """Poll until standard input closes; the exit code is that of the error that makes polling useless.

    Args:
        arguments: of the command line, without the program; None takes those of this process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m trading.live.watch.child", description="Follow a model's champion."
    )
    parser.add_argument(
        "--tracking-uri",
        default=os.environ.get(TRACKING_URI_VARIABLE),
        help=f"http(s)://HOST, or sqlite:///PATH with the full install; by default {TRACKING_URI_VARIABLE}",
    )
    parser.add_argument("--model", required=True, help="registered model name")
    parser.add_argument("--version", type=int, help="follow this version as a study; by default the champion")
    parser.add_argument("--out", required=True, type=Path, help="folder of pointer, report and bundles")
    parser.add_argument("--poll", type=float, default=5.0, help="seconds between two questions")
    given = parser.parse_args(arguments)
    if not given.tracking_uri:
        parser.error(f"--tracking-uri or {TRACKING_URI_VARIABLE} is needed")
    registry = RegistryClient(given.tracking_uri)
    try:
        while True:
            write_report(given.out, ask_registry(registry, given.model, given.out, given.version))
            if _stop_requested(given.poll):
                return 0
    except ConfigError as error:
        write_report(given.out, _failure(error, fatal=True))
        print(error, file=sys.stderr)
        return error.exit_code


def ask_registry(registry: RegistryClient, model_name: str, out: Path, version: int | None = None) -> WatchReport:
    """Ask once; move the pointer if there is a new champion that verifies, and say what was found.

    Args:
        registry: who is asked.
        model_name: registered model name.
        out: folder of pointer, report and bundles.
        version: to be studied, in Production or not; None is the champion.

    Raises:
        ConfigError: if asking again cannot help.
    """
    try:
        if version is None:
            found = registry.champion(model_name)
            follow(registry, found, out)
        else:
            found = registry.version(model_name, version)
            point_to_study(registry, found, out)
    except ConfigError:
        raise
    except SevengatesError as error:
        # A version that is not there will not come.
        return _failure(error, fatal=version is not None and error.code is ReasonCode.MODEL_UNKNOWN)
    return WatchReport(pid=os.getpid(), message=f"{model_name} version {found.version}")


def point_to_study(registry: RegistryClient, version: RegisteredVersion, out: Path) -> Pointer:
    """Have a version's bundle verified in its folder, and point to it as to a folder that the user named.

    Args:
        registry: where the bundle is downloaded from if it is not here yet.
        version: of any stage and verdict; a study trades on paper.
        out: folder of pointer, report and bundles.

    Raises:
        RegistryError: if it does not verify.
        TransportError: if it cannot be downloaded.
    """
    folder = (out / "bundles" / version.bundle_digest).resolve()
    pointer = Pointer(folder=str(folder), digest=version.bundle_digest)
    if pointer != _current_pointer(out / POINTER_NAME) or not folder.is_dir():
        _verified_bundle(registry, version, folder)
        write_pointer(out / POINTER_NAME, pointer)
    return pointer


def follow(registry: RegistryClient, champion: RegisteredVersion, out: Path) -> Pointer:
    """Have a version's bundle verified in its folder, and point to it.

    Args:
        registry: where the bundle is downloaded from if it is not here yet.
        champion: the version in Production.
        out: folder of pointer, report and bundles.

    Raises:
        RegistryError: if it does not verify or is not approved; the pointer stays where it was.
        TransportError: if it cannot be downloaded.
    """
    folder = (out / "bundles" / champion.bundle_digest).resolve()
    pointer = Pointer(
        folder=str(folder),
        digest=champion.bundle_digest,
        version=champion.version,
        epoch=champion.epoch,
        override=champion.override,
        despite_gates=champion.despite_gates,
    )
    before = _current_pointer(out / POINTER_NAME)
    if pointer == before and folder.is_dir():
        return pointer
    if before is not None and before.epoch is not None and champion.epoch < before.epoch:
        raise RegistryError(
            ReasonCode.PROMOTION_CONFLICT,
            f"{champion.model_name} version {champion.version} was put into Production at epoch {champion.epoch}, "
            f"before version {before.version} at epoch {before.epoch}: every change of Production has a higher epoch, "
            "a rollback too.",
            remedy=f"Go back with `sevengates models rollback`; if the registry was made anew, move {out} away.",
        )
    bundle = _verified_bundle(registry, champion, folder)
    if not bundle.approved and not champion.despite_gates:
        raise RegistryError(
            ReasonCode.MODEL_NOT_APPROVED,
            f"{champion.model_name} version {champion.version} has the verdict {bundle.decision}.",
            remedy="Promote an approved version.",
        )
    write_pointer(out / POINTER_NAME, pointer)
    return pointer


def _verified_bundle(registry: RegistryClient, champion: RegisteredVersion, folder: Path) -> Bundle:
    """The bundle from its folder, downloaded if it is not there or no longer what it was."""
    if folder.is_dir():
        try:
            return load_bundle(folder, expected_digest=champion.bundle_digest)
        except RegistryError:
            # A damaged copy is not repaired; a fresh one takes its place.
            shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".download-"))
    try:
        downloaded = registry.download_bundle(champion, scratch)
        load_bundle(downloaded, expected_digest=champion.bundle_digest)
        downloaded.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return load_bundle(folder, expected_digest=champion.bundle_digest)


def _current_pointer(path: Path) -> Pointer | None:
    try:
        return PointerFile(path).current()
    except RegistryError:
        # Whatever stands there is replaced.
        return None


def _stop_requested(seconds: float) -> bool:
    """Wait, and say whether the parent closed our standard input meanwhile."""
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable) and not sys.stdin.buffer.read(1)


def _failure(error: SevengatesError, *, fatal: bool) -> WatchReport:
    return WatchReport(pid=os.getpid(), code=error.code, message=error.message, remedy=error.remedy, fatal=fatal)


if __name__ == "__main__":
    raise SystemExit(main())
