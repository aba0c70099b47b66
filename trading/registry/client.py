"""The runner's view of the registry: which version is in Production, and its verified bundle. Reads, never writes.

It runs in the model watch, a process of its own, and works with ``mlflow-skinny`` over HTTP. MLflow is imported at the
first question, so importing this module costs nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.registry.bundle import Bundle, load_bundle
from trading.registry.records import BUNDLE_TAG, CHAMPION


class Offer(BaseModel):
    """A version that the registry shows as the champion; nothing about it is verified yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    version: int
    bundle_digest: str


class RegistryClient:
    """Questions to an MLflow registry.

    Args:
        tracking_uri: ``http(s)://HOST``, or ``sqlite:///PATH`` where MLflow is installed in full.
    """

    def __init__(self, tracking_uri: str) -> None:
        self.tracking_uri = tracking_uri
        self._client: Any = None

    def champion(self, model: str) -> Offer | None:
        """The version under the alias ``champion``, or None if there is none.

        Raises:
            TransportError: if the registry does not answer.
        """
        from trading.registry.mlflow_runtime import answers, unknown_is_nothing

        client = self._connected()
        with answers(self.tracking_uri), unknown_is_nothing():
            found = client.get_registered_model(model)
            number = {str(alias): int(version) for alias, version in found.aliases.items()}.get(CHAMPION)
            if number is None:
                return None
            tags = dict(client.get_model_version(model, str(number)).tags)
            return Offer(model=model, version=number, bundle_digest=str(tags.get(BUNDLE_TAG, "")))
        return None

    def fetch(self, offer: Offer, folder: Path) -> Bundle:
        """Download a version, verify it, and only then put it at a folder that does not exist yet.

        A folder that holds the same bundle already is verified and returned.

        Raises:
            RegistryError: what is wrong with the bundle, or ``MODEL_NOT_APPROVED``.
            TransportError: if the registry does not answer.
        """
        if folder.exists():
            return _approved(load_bundle(folder, expected_digest=offer.bundle_digest), offer)
        self._connected()
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch.") as scratch:
            fetched = Path(self._download(offer, scratch))
            bundle = _approved(load_bundle(fetched, expected_digest=offer.bundle_digest), offer)
            staged = Path(scratch) / "verified"
            shutil.copytree(bundle.folder, staged)
            staged.rename(folder)
        return load_bundle(folder, expected_digest=offer.bundle_digest)

    def _download(self, offer: Offer, scratch: str) -> str:
        import mlflow.artifacts

        from trading.registry.mlflow_runtime import answers

        with answers(self.tracking_uri):
            return mlflow.artifacts.download_artifacts(
                f"models:/{offer.model}/{offer.version}/artifacts/bundle",
                dst_path=scratch,
                tracking_uri=self.tracking_uri,
            )

    def _connected(self) -> Any:
        if self._client is None:
            try:
                from trading.registry.mlflow_runtime import answers, mlflow
            except ImportError as error:
                raise _needs("the live extra", "pip install 'sevengates[live]'") from error
            try:
                import sqlalchemy  # noqa: F401  # pyright: ignore[reportUnusedImport]
            except ImportError as error:
                if self.tracking_uri.startswith("sqlite:"):
                    raise _needs("the full installation", "pip install 'sevengates[train]'") from error
            with answers(self.tracking_uri):
                mlflow.set_tracking_uri(self.tracking_uri)
                mlflow.set_registry_uri(self.tracking_uri)
                self._client = mlflow.MlflowClient(self.tracking_uri, registry_uri=self.tracking_uri)
        return self._client


def _approved(bundle: Bundle, offer: Offer) -> Bundle:
    if not bundle.approved:
        raise RegistryError(
            ReasonCode.MODEL_NOT_APPROVED,
            f"{offer.model} version {offer.version} has the verdict {bundle.decision}.",
            remedy="Put an approved version into Production, or roll back.",
            model=offer.model,
            version=offer.version,
        )
    return bundle


def _needs(what: str, command: str) -> RegistryError:
    return RegistryError(
        ReasonCode.SOURCE_NEEDS_EXTRA,
        f"a registry at this address needs {what}.",
        remedy=f"Install it with {command}, start an MLflow server and name its http address, or give a bundle folder.",
    )
