"""The one module that talks to MLflow: nights logged, versions listed and downloaded, stages, alias and tags written.

What the stages should be is decided elsewhere (:mod:`trading.registry.ledger`, :mod:`trading.registry.mirror`). MLflow
has deprecated stages; when they go, this file changes.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trading.codes import ReasonCode
from trading.config import RuntimeSpec
from trading.errors import RegistryError, TransportError
from trading.registry.bundle import CARD, EVIDENCE, GATES, Bundle, load_bundle

# MLflow reads these when it is imported. It must not phone home, ask uv, unpickle anything or draw progress bars.
for _name, _value in {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",
    "MLFLOW_LOG_UV_FILES": "false",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}.items():
    os.environ.setdefault(_name, _value)

import mlflow  # noqa: E402
import mlflow.db  # noqa: E402
import mlflow.pyfunc  # noqa: E402
from mlflow.entities import Dataset as DatasetEntity  # noqa: E402
from mlflow.entities import DatasetInput, InputTag, Metric, Param, RunTag  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.models import ModelSignature  # noqa: E402
from mlflow.types import ColSpec, Schema  # noqa: E402

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPERIMENT = "sevengates"
CHAMPION = "champion"
BUNDLE_TAG = "bundle_digest"
REQUIREMENTS = ("sevengates", "mlflow", "numpy", "numba", "pandas", "pydantic", "safetensors")
_MODEL_CODE = Path(__file__).with_name("pyfunc_model.py")
_MOST_PARAMS, _MOST_METRICS, _LONGEST_NOTE, _LONGEST_DATASET_DIGEST = 100, 900, 5_000, 36
_SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec("long", "ts"), *(ColSpec("double", n) for n in ("open", "high", "low", "close", "volume"))])
)
# The tracking URI of MLflow's fluent functions belongs to the whole process.
_FLUENT = threading.RLock()


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A data set of a night: its role, its SHA-256, and the source string it came from."""

    name: str
    digest: str
    source: str
    context: str = "training"


@dataclass(frozen=True, kw_only=True)
class Version:
    """One registered version as MLflow shows it."""

    model: str
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


def model_name(symbol: str, interval: str) -> str:
    """The registered model of a symbol and interval, for example ``sevengates-btcusdt-15m``."""
    return f"sevengates-{symbol}-{interval}".lower().replace("/", "-").replace(":", "-")


def open_registry(runtime: RuntimeSpec) -> MlflowRegistry:
    """The registry the settings name; an empty ``tracking_uri`` is SQLite under the home folder."""
    home = Path(runtime.home).resolve()
    token = runtime.tracking_token.get_secret_value()
    if token:
        os.environ["MLFLOW_TRACKING_TOKEN"] = token
    uri = runtime.tracking_uri or f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"
    return MlflowRegistry(uri, home / "mlflow" / "artifacts", home)


class MlflowRegistry:
    """Registered models in MLflow, over SQLite in this process or over HTTP.

    Args:
        tracking_uri: ``sqlite:///PATH`` or ``http(s)://HOST``.
        artifacts_root: folder of artifacts; used with SQLite only, a server keeps its own.
        home: folder of run-time state, for locks and downloads.
    """

    def __init__(self, tracking_uri: str, artifacts_root: str | Path, home: str | Path) -> None:
        self.tracking_uri = tracking_uri
        self.home = Path(home).resolve()
        self._artifacts = Path(artifacts_root).resolve()
        (self.home / "mlflow").mkdir(parents=True, exist_ok=True)
        if tracking_uri.startswith("sqlite:///"):
            migrate(Path(tracking_uri.removeprefix("sqlite:///")))
        with _answers(tracking_uri):
            self._client = mlflow.MlflowClient(tracking_uri, registry_uri=tracking_uri)
            self.experiment_id = self._experiment()

    def log_night(
        self,
        model: str,
        bundle_folder: Path,
        *,
        metrics: Mapping[str, float],
        params: Mapping[str, Any],
        datasets: Sequence[Dataset] = (),
        figures: Mapping[str, Figure] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> int:
        """Log a night and register its bundle; return the version.

        A bundle that is registered already is found by its digest and returned, so a night may be repeated. What a
        killed attempt left behind is marked as killed.

        Args:
            model: registered model name, see :func:`model_name`.
            bundle_folder: the bundle; its card becomes the description of run and version.
            metrics: numbers of the night, logged in one batch together with the parameters.
            params: settings, nested as they are; keys are joined with dots.
            datasets: what the night read.
            figures: by name; stored as ``figures/NAME.png``.
            tags: more tags for the run and the version.
        """
        bundle = load_bundle(bundle_folder)
        with self.lock(), _answers(self.tracking_uri):
            for known in self.versions(model):
                if known.bundle_digest == bundle.digest:
                    return known.version
            self._bury_orphans(model, bundle.digest)
            labels = _labels(bundle) | dict(tags or {})
            run = self._client.create_run(
                self.experiment_id,
                run_name=f"{bundle.lineage.symbol} {bundle.lineage.interval} {_day(bundle.lineage.as_of_ms)}",
                tags=labels | {"model": model, "mlflow.note.content": bundle.card[:_LONGEST_NOTE]},
            )
            run_id = run.info.run_id
            self._log_files(run_id, bundle, figures or {})
            if datasets:
                self._client.log_inputs(run_id, [_dataset_input(dataset) for dataset in datasets])
            source, model_id = self._log_model(run_id, bundle)
            self._log_numbers(run_id, model_id, metrics, params)
            with _exists_already():
                self._client.create_registered_model(model, description="Trading model judged by seven gates.")
            version = self._client.create_model_version(
                model, source, run_id=run_id, tags=labels, description=bundle.card[:_LONGEST_NOTE], model_id=model_id
            )
            self._client.set_terminated(run_id, "FINISHED")
            return int(version.version)

    def models(self) -> list[str]:
        """Names of the registered models, sorted."""
        with _answers(self.tracking_uri):
            return sorted(model.name for model in self._client.search_registered_models(max_results=1_000))

    def versions(self, model: str) -> list[Version]:
        """All versions of a model, oldest first; none if the model is unknown."""
        found, token = list[Version](), None
        aliases = self._aliases(model)
        with _answers(self.tracking_uri):
            while True:
                page = self._client.search_model_versions(f"name='{model}'", max_results=1_000, page_token=token)
                found += [_version(item, aliases) for item in page]
                token = page.token
                if not token:
                    return sorted(found, key=lambda version: version.version)

    def version(self, model: str, number: int) -> Version:
        """One version.

        Raises:
            RegistryError: ``MODEL_UNKNOWN``, naming the versions there are.
        """
        known = self.versions(model)
        for version in known:
            if version.version == number:
                return version
        there = ", ".join(str(version.version) for version in known) or "none"
        raise RegistryError(
            ReasonCode.MODEL_UNKNOWN,
            f"{model} has no version {number}; versions there: {there}.",
            remedy="List the models and name one of their versions.",
            model=model,
            version=number,
        )

    def download(self, model: str, number: int) -> Path:
        """A folder with the bundle of a version; not verified yet."""
        self.version(model, number)
        target = self.home / "mlflow" / "downloads" / model / str(number)
        with _FLUENT, _answers(self.tracking_uri):
            self._use_fluent()
            local = mlflow.artifacts.download_artifacts(
                artifact_uri=f"models:/{model}/{number}/artifacts/bundle", tracking_uri=self.tracking_uri
            )
        del target
        return Path(local)

    def bundle(self, model: str, number: int, expected_digest: str | None = None) -> Bundle:
        """The verified bundle of a version; by default it must have the digest it was registered with."""
        expected = expected_digest or self.version(model, number).bundle_digest
        return load_bundle(self.download(model, number), expected_digest=expected)

    def set_stage(self, model: str, number: int, stage: str) -> None:
        """Move a version to a stage of MLflow; other versions stay where they are."""
        with _answers(self.tracking_uri), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*[Mm]odel registry stages", category=FutureWarning)
            self._client.transition_model_version_stage(model, str(number), stage, archive_existing_versions=False)

    def set_champion(self, model: str, number: int | None) -> None:
        """Point the alias at a version, or take it away."""
        with _answers(self.tracking_uri):
            if number is None:
                self._client.delete_registered_model_alias(model, CHAMPION)
            else:
                self._client.set_registered_model_alias(model, CHAMPION, str(number))

    def tag_version(self, model: str, number: int, tags: Mapping[str, str]) -> None:
        with _answers(self.tracking_uri):
            for key, value in tags.items():
                self._client.set_model_version_tag(model, str(number), key, value)

    def model_tags(self, model: str) -> dict[str, str]:
        """Tags of the registered model itself; empty if it is unknown."""
        with _answers(self.tracking_uri), _unknown_is_nothing():
            return dict(self._client.get_registered_model(model).tags)
        return {}

    def tag_model(self, model: str, key: str, value: str) -> None:
        with _answers(self.tracking_uri):
            self._client.set_registered_model_tag(model, key, value)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let one thread of one process on this machine change the registry at a time."""
        with _locked(self.home / "mlflow" / "registry.lock"):
            yield
