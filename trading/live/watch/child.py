"""The model watch: a process of its own that asks MLflow for the champion, downloads, verifies and points to it.

It is the only part of the live wing that imports MLflow, so the memory, start-up and faults of MLflow never reach the
process that trades. Started by :mod:`trading.live.watch.watch` as ``python -m trading.live.watch.child``; it ends when
its standard input closes, which the death of its parent does.
"""

from __future__ import annotations

import argparse
import os
import select
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from trading.codes import ReasonCode
from trading.errors import ConfigError, LiveError, RegistryError, SevengatesError, TransportError
from trading.live.watch.pointer import POINTER_NAME, Pointer, PointerFile, write_pointer
from trading.live.watch.watch import TRACKING_URI_VARIABLE, WatchReport, write_report
from trading.model.bundle import Bundle, load_bundle
from trading.registry.records import BUNDLE_TAG, CHAMPION
from trading.settings.environment import QUIET, SAFE
from trading.settings.loader import without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

# A registry that hangs is to be reported, not waited for.
_NETWORK = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "15", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Poll until standard input closes; the exit code is that of the error that makes polling useless."""
    parser = argparse.ArgumentParser(
        prog="python -m trading.live.watch.child", description="Follow a model's champion."
    )
    parser.add_argument(
        "--tracking-uri",
        default=os.environ.get(TRACKING_URI_VARIABLE),
        help=f"http(s)://HOST, or sqlite:///PATH with the full install; by default {TRACKING_URI_VARIABLE}",
    )
    parser.add_argument("--model", required=True, help="registered model name")
    parser.add_argument("--out", required=True, type=Path, help="folder of pointer, report and bundles")
    parser.add_argument("--poll", type=float, default=5.0, help="seconds between two questions")
    given = parser.parse_args(arguments)
    if not given.tracking_uri:
        parser.error(f"--tracking-uri or {TRACKING_URI_VARIABLE} is needed")
    try:
        while True:
            write_report(given.out, ask(given.tracking_uri, given.model, given.out))
            if _told_to_stop(given.poll):
                return 0
    except ConfigError as error:
        write_report(given.out, _failure(error, fatal=True))
        print(error, file=sys.stderr)
        return error.exit_code


def require_packages(uri: str) -> None:
    """See that what is installed can reach a registry.

    Raises:
        ConfigError: ``PACKAGE_MISSING``, with what to install.
    """
    if find_spec("mlflow") is None:
        raise _package_missing("the model watch needs MLflow", "sevengates[live]")
    if not uri.startswith(("http://", "https://")) and find_spec("sqlalchemy") is None:
        raise _package_missing(f"mlflow-skinny cannot open {without_password(uri)}", "sevengates[train]")


@cache
def connect(uri: str) -> MlflowClient:
    """The client of a registry."""
    for name, value in {**QUIET, **SAFE, **_NETWORK}.items():
        os.environ.setdefault(name, value)
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return mlflow.MlflowClient(uri, registry_uri=uri)


def ask(uri: str, model: str, out: Path) -> WatchReport:
    """Ask once; move the pointer if there is a new champion that verifies, and say what was found.

    Raises:
        ConfigError: if asking again cannot help.
    """
    try:
        pointer = follow(champion(uri, model), model, out)
    except ConfigError:
        raise
    except SevengatesError as error:
        return _failure(error, fatal=False)
    return WatchReport(pid=os.getpid(), message=f"{model} version {pointer.version}")


def champion(uri: str, model: str) -> ModelVersion:
    """The version that the promotion ledger has in Production, as MLflow mirrors it.

    Raises:
        LiveError: ``NO_MODEL``.
        RegistryError: ``PROMOTION_CONFLICT`` if the alias was moved past the ledger.
        TransportError: if the registry does not answer.
        ConfigError: if it cannot be asked from here.
    """
    require_packages(uri)
    # MLflow would create a missing database, and a half-made one is in the way of the process that should.
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).exists():
        raise _no_model(model, f"there is no registry at {without_password(uri)}")
    client = connect(uri)
    from mlflow.exceptions import MlflowException

    try:
        version = client.get_model_version_by_alias(model, CHAMPION)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise _no_model(model, f"{without_password(uri)} has no champion of {model}") from error
        raise _no_answer(without_password(uri), error) from error
    stage = version.tags.get("stage")
    if stage != "Production" or BUNDLE_TAG not in version.tags:
        raise RegistryError(
            ReasonCode.PROMOTION_CONFLICT,
            f"{model} version {version.version} has the alias {CHAMPION}, but its stage in the ledger is {stage}.",
            remedy="Promote with `sevengates models promote`; the alias only mirrors the ledger.",
        )
    return version


def follow(version: ModelVersion, model: str, out: Path) -> Pointer:
    """Have a version's bundle verified in its folder, and point to it.

    Raises:
        RegistryError: if it does not verify or is not approved; the pointer stays where it was.
        TransportError: if it cannot be downloaded.
    """
    digest = version.tags[BUNDLE_TAG]
    folder = (out / "bundles" / digest).resolve()
    pointer = Pointer(
        folder=str(folder), digest=digest, version=int(version.version), epoch=int(version.tags.get("epoch", "0"))
    )
    known = PointerFile(out / POINTER_NAME)
    before = _pointed(known)
    if pointer == before and folder.is_dir():
        return pointer
    if before is not None and pointer.epoch is not None and before.epoch is not None and pointer.epoch < before.epoch:
        raise RegistryError(
            ReasonCode.PROMOTION_CONFLICT,
            f"{model} version {version.version} was put into Production at epoch {pointer.epoch}, before version "
            f"{before.version} at epoch {before.epoch}: every change of Production has a higher epoch, a rollback too.",
            remedy=f"Go back with `sevengates models rollback`; if the registry was made anew, move {out} away.",
        )
    bundle = _bundle(version, model, folder, digest)
    if not bundle.approved:
        raise RegistryError(
            ReasonCode.MODEL_NOT_APPROVED,
            f"{model} version {version.version} has the verdict {bundle.decision}.",
            remedy="Promote an approved version.",
        )
    write_pointer(out / POINTER_NAME, pointer)
    return pointer


def _bundle(version: ModelVersion, model: str, folder: Path, digest: str) -> Bundle:
    """The bundle from its folder, downloaded if it is not there or no longer what it was."""
    if folder.is_dir():
        try:
            return load_bundle(folder, expected_digest=digest)
        except RegistryError:
            # A damaged copy is not repaired; a fresh one takes its place.
            shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".download-"))
    try:
        downloaded = _download(model, str(version.version), scratch)
        load_bundle(downloaded, expected_digest=digest)
        downloaded.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return load_bundle(folder, expected_digest=digest)


def _download(model: str, version: str, scratch: Path) -> Path:
    import mlflow.artifacts
    from mlflow.exceptions import MlflowException

    uri = f"models:/{model}/{version}/artifacts/bundle"
    try:
        return Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(scratch)))
    except (MlflowException, OSError) as error:
        raise _no_answer(uri, error) from error


def _pointed(known: PointerFile) -> Pointer | None:
    try:
        return known.current()
    except RegistryError:
        # Whatever stands there is replaced.
        return None


def _told_to_stop(seconds: float) -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable) and not sys.stdin.buffer.read(1)


def _failure(error: SevengatesError, *, fatal: bool) -> WatchReport:
    return WatchReport(pid=os.getpid(), code=error.code, message=error.message, remedy=error.remedy, fatal=fatal)


def _no_model(model: str, what: str) -> LiveError:
    return LiveError(ReasonCode.NO_MODEL, f"{what}.", remedy=f"Run a night that promotes {model}.")


def _no_answer(what: str, error: Exception) -> TransportError:
    return TransportError(
        ReasonCode.REGISTRY_UNREACHABLE,
        f"{what}: {without_password(str(error).splitlines()[0])}.",
        remedy="See that the MLflow server runs and that runtime.tracking_uri is right.",
    )


def _package_missing(what: str, extra: str) -> ConfigError:
    return ConfigError(
        ReasonCode.PACKAGE_MISSING,
        f"{what}.",
        remedy=f"Install it with: pip install '{extra}'; or set runtime.tracking_uri to the http address of an MLflow "
        "server; or name a bundle folder with --bundle.",
    )


if __name__ == "__main__":
    raise SystemExit(main())
