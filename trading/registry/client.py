"""The runner's one MLflow client: finds the champion of a model and downloads its bundle.

It is light: MLflow is imported when the registry is asked for the first time, and ``mlflow-skinny`` is enough for a
registry behind an http address. Only the model watch uses it, in a process of its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from trading.codes import ReasonCode
from trading.errors import ConfigError, LiveError, RegistryError, TransportError
from trading.settings.environment import QUIET, SAFE
from trading.settings.loader import without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

BUNDLE_TAG = "bundle_digest"
OVERRIDE_TAG, OVERRIDE_ACTION_TAG = "override", "override_action"
CHAMPION = "champion"
_SQLITE = "sqlite:///"
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
# A registry that hangs is to be reported, not waited for.
_NETWORK = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "15", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}


@dataclass(frozen=True, kw_only=True)
class RegisteredVersion:
    """A registered version, mostly the one in Production, as MLflow mirrors it from the promotion ledger.

    Attributes:
        model_name: registered model.
        version: its number.
        bundle_digest: of its bundle.
        epoch: of the ledger when it was put there.
        override: against what, by whom and why an override put it there; empty if none did.
        despite_gates: whether that override went against its own verdict.
    """

    model_name: str
    version: int
    bundle_digest: str
    epoch: int
    override: str = ""
    despite_gates: bool = False


class RegistryClient:
    """Asks one registry; nothing is connected before the first question.

    Args:
        tracking_uri: ``http(s)://HOST``, or ``sqlite:///PATH`` with the full install.
    """

    def __init__(self, tracking_uri: str) -> None:
        self._uri = tracking_uri
        self._client: MlflowClient | None = None

    def champion(self, model_name: str) -> RegisteredVersion:
        """The version that the promotion ledger has in Production.

        Args:
            model_name: registered model name.

        Raises:
            LiveError: ``NO_MODEL``.
            RegistryError: ``PROMOTION_CONFLICT`` if the alias was moved past the ledger.
            TransportError: if the registry does not answer.
            ConfigError: if it cannot be asked from here.
        """
        client = self._client_of(model_name)
        shown = without_password(self._uri)
        from mlflow.exceptions import MlflowException

        try:
            found = client.get_model_version_by_alias(model_name, CHAMPION)
        except MlflowException as error:
            if error.error_code in _UNKNOWN:
                raise _no_model(model_name, f"{shown} has no champion of {model_name}") from error
            raise _no_answer(shown, error) from error
        stage = found.tags.get("stage")
        if stage != "Production" or BUNDLE_TAG not in found.tags:
            raise RegistryError(
                ReasonCode.PROMOTION_CONFLICT,
                f"{model_name} version {found.version} has the alias {CHAMPION}, but its stage in the ledger is "
                f"{stage}.",
                remedy="Promote with `sevengates models promote`; the alias only mirrors the ledger.",
            )
        return _registered_version(model_name, found)

    def version(self, model_name: str, number: int) -> RegisteredVersion:
        """A registered version, in Production or not.

        Args:
            model_name: registered model name.
            number: of the version.

        Raises:
            RegistryError: ``MODEL_UNKNOWN``.
            TransportError: if the registry does not answer.
            ConfigError: if it cannot be asked from here.
        """
        client = self._client_of(model_name)
        from mlflow.exceptions import MlflowException

        shown = without_password(self._uri)
        try:
            found = client.get_model_version(model_name, str(number))
        except MlflowException as error:
            if error.error_code in _UNKNOWN:
                raise RegistryError(
                    ReasonCode.MODEL_UNKNOWN,
                    f"{shown} has no version {number} of {model_name}.",
                    remedy="List the models with `sevengates models list` and name one of their versions.",
                ) from error
            raise _no_answer(shown, error) from error
        if BUNDLE_TAG not in found.tags:
            raise RegistryError(
                ReasonCode.MODEL_UNKNOWN,
                f"{model_name} version {number} has no tag {BUNDLE_TAG}, so no bundle of Sevengates.",
                remedy="Name a version that a night has registered.",
            )
        return _registered_version(model_name, found)

    def download_bundle(self, version: RegisteredVersion, folder: Path) -> Path:
        """Download a version's bundle, which nobody has verified yet.

        Args:
            version: what to download.
            folder: where to; the bundle becomes a folder inside it.

        Returns:
            The folder of the bundle.

        Raises:
            TransportError: if it cannot be downloaded.
        """
        self._require_packages()
        self._connect()
        import mlflow.artifacts
        from mlflow.exceptions import MlflowException

        uri = f"models:/{version.model_name}/{version.version}/artifacts/bundle"
        try:
            return Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(folder)))
        except (MlflowException, OSError) as error:
            raise _no_answer(uri, error) from error

    def _client_of(self, model_name: str) -> MlflowClient:
        """The client, once the registry is known to be there."""
        self._require_packages()
        # MLflow would create a missing database, and a half-made one is in the way of the process that should.
        if self._uri.startswith(_SQLITE) and not Path(self._uri.removeprefix(_SQLITE)).exists():
            raise _no_model(model_name, f"there is no registry at {without_password(self._uri)}")
        return self._connect()

    def _connect(self) -> MlflowClient:
        if self._client is None:
            self._client = _connected(self._uri)
        return self._client

    def _require_packages(self) -> None:
        """See that what is installed can reach the registry.

        Raises:
            ConfigError: ``PACKAGE_MISSING``, with what to install.
        """
        if find_spec("mlflow") is None:
            raise _package_missing("the model watch needs MLflow", "sevengates[live]")
        if not self._uri.startswith(("http://", "https://")) and find_spec("sqlalchemy") is None:
            raise _package_missing(f"mlflow-skinny cannot open {without_password(self._uri)}", "sevengates[train]")


def _registered_version(model_name: str, found: ModelVersion) -> RegisteredVersion:
    return RegisteredVersion(
        model_name=model_name,
        version=int(found.version),
        bundle_digest=found.tags[BUNDLE_TAG],
        epoch=int(found.tags.get("epoch", "0")),
        override=found.tags.get(OVERRIDE_TAG, ""),
        despite_gates=found.tags.get(OVERRIDE_ACTION_TAG) == "override_gates",
    )


def _connected(uri: str) -> MlflowClient:
    # MLflow reads its environment while it is imported.
    for name, value in {**QUIET, **SAFE, **_NETWORK}.items():
        os.environ.setdefault(name, value)
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return mlflow.MlflowClient(uri, registry_uri=uri)


def _no_model(model_name: str, what: str) -> LiveError:
    return LiveError(ReasonCode.NO_MODEL, f"{what}.", remedy=f"Run a night that promotes {model_name}.")


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
