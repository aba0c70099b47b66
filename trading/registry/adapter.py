"""The training wing's MLflow client: nights logged, versions listed and downloaded, stages, alias and tags written.

Beside it :mod:`trading.registry.mlflow_runtime` prepares the library, :mod:`trading.registry.pyfunc_model` is the entry
point that MLflow stores with every model, and :mod:`trading.registry.client` is the runner's.

What the stages should be is decided elsewhere (:mod:`trading.registry.ledger`, :mod:`trading.registry.mirror`). MLflow
has deprecated stages; when they go, this file changes.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.market.bars import COLUMNS, FUNDING
from trading.model.bundle import CARD, EVIDENCE, GATES, Bundle, load_bundle, read_files, write_files
from trading.moments import moment_iso
from trading.registry.client import BUNDLE_TAG, CHAMPION
from trading.registry.mlflow_runtime import answers, exists_already, locked, migrate, quietly, unknown_is_nothing
from trading.registry.records import Dataset, LoggedFile, NightRun, Version, flatten, labels
from trading.registry.serving import MAX_JUMP, decision_columns
from trading.settings.locations import locations
from trading.settings.models import RuntimeSpec

# isort: split
# MLflow reads its environment while it is imported, and mlflow_runtime sets it.
import mlflow
import mlflow.artifacts
import mlflow.pyfunc
from mlflow.entities import Dataset as DatasetEntity
from mlflow.entities import DatasetInput, InputTag, Metric, Param
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPERIMENT = "sevengates"
REQUIREMENTS = ("sevengates", "mlflow", "numpy", "numba", "pandas", "pydantic", "safetensors")
_MODEL_CODE = Path(__file__).with_name("pyfunc_model.py")
_MOST_PARAMS, _MOST_METRICS, _LONGEST_NOTE, _LONGEST_DATASET_DIGEST = 100, 900, 5_000, 36
# The tracking URI of MLflow's module-level functions belongs to the whole process.
_FLUENT = threading.RLock()


def open_registry(runtime: RuntimeSpec) -> MlflowRegistry:
    """The registry the settings name; an empty ``tracking_uri`` is SQLite under the home folder.

    Args:
        runtime: where it is.
    """
    places = locations(runtime)
    token = runtime.tracking_token.get_secret_value()
    if token:
        os.environ["MLFLOW_TRACKING_TOKEN"] = token
    return MlflowRegistry(places.tracking_uri, places.artifacts, places.home)


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
        with answers(tracking_uri):
            self._client = mlflow.MlflowClient(tracking_uri, registry_uri=tracking_uri)
            self.experiment_id = self._experiment()

    def log_night(
        self,
        model_name: str,
        bundle_folder: Path,
        *,
        metrics: Mapping[str, float],
        params: Mapping[str, Any],
        curves: Mapping[str, Sequence[tuple[int, float]]] | None = None,
        datasets: Sequence[Dataset] = (),
        figures: Mapping[str, Figure] | None = None,
        files: Mapping[str, bytes] | None = None,
        tags: Mapping[str, str] | None = None,
        max_jump: float | None = None,
    ) -> int:
        """Log a night and register its bundle; return the version.

        A bundle that is registered already is found by its digest and returned, so a night may be repeated. What a
        killed attempt left behind is marked as killed.

        Args:
            model_name: registered model, see :func:`trading.model.naming.model_name`.
            bundle_folder: the bundle; its card becomes the description of run and version.
            metrics: numbers of the night, logged in one batch together with the parameters.
            params: settings, nested as they are; keys are joined with dots.
            curves: numbers that changed while something was trained, by name, each a step and a finite value.
            datasets: what the night read.
            figures: by name; stored as ``figures/NAME.png``.
            files: of the run, by name.
            tags: more tags for the run and the version.
            max_jump: the limit that the night held its bars to, which the served model holds its input to.
        """
        bundle = load_bundle(bundle_folder)
        with self.lock(), answers(self.tracking_uri), quietly():
            known = self.find(model_name, bundle.digest)
            if known is not None:
                return known.version
            self._close_orphan_runs(model_name, bundle.digest)
            named = labels(bundle) | dict(tags or {})
            run = self._client.create_run(
                self.experiment_id,
                run_name=f"{bundle.lineage.symbol} {bundle.lineage.interval} {moment_iso(bundle.lineage.as_of_ms)}",
                tags=named | {"model": model_name, "mlflow.note.content": _note(bundle.card)},
            )
            run_id = run.info.run_id
            self._log_files(run_id, bundle, figures or {}, files or {})
            if datasets:
                self._client.log_inputs(run_id, [_dataset_input(dataset) for dataset in datasets])
            source, model_id = self._log_model(run_id, bundle, max_jump)
            self._log_numbers(run_id, model_id, metrics, params, curves or {})
            with exists_already():
                self._client.create_registered_model(model_name, description="Trading model judged by seven gates.")
            version = self._client.create_model_version(
                model_name, source, run_id=run_id, tags=named, description=_note(bundle.card), model_id=model_id
            )
            self._client.set_terminated(run_id, "FINISHED")
            return int(version.version)

    def add_page(self, model_name: str, number: int, name: str, html: str) -> str:
        """Put a page beside a version, among the files of its run; an earlier one of that name is replaced.

        Args:
            model_name: registered model.
            number: of the version.
            name: of the page.
            html: of the page.

        Returns:
            The page's place among the files of the run.
        """
        run_id, place = self.version(model_name, number).run_id, f"pages/{name}.html"
        with answers(self.tracking_uri):
            self._client.log_text(run_id, html, place)
        return place

    def log_file(self, model_name: str, number: int, path: Path) -> LoggedFile:
        """Keep a file beside the night of a version, in place of one of the same name.

        Args:
            model_name: registered model.
            number: of the version.
            path: of the file; its name becomes the artifact's.

        Raises:
            RegistryError: ``MODEL_UNKNOWN`` if there is no such version.
        """
        run_id = self.version(model_name, number).run_id
        with answers(self.tracking_uri):
            self._client.log_artifact(run_id, str(path))
            root = str(self._client.get_run(run_id).info.artifact_uri)
        return LoggedFile(address=f"{root}/{path.name}", run_id=run_id, experiment_id=self.experiment_id)

    def models(self) -> list[str]:
        """Names of the registered models, sorted."""
        with answers(self.tracking_uri):
            return sorted(model.name for model in self._client.search_registered_models(max_results=1_000))

    def versions(self, model_name: str) -> list[Version]:
        """All versions of a model, oldest first; none if the model is unknown.

        Args:
            model_name: registered model.
        """
        return self._search(f"name='{model_name}'", self._aliases(model_name))

    def listing(self, model_name: str | None = None) -> list[Version]:
        """All versions of a model, or of all models, by name and number, in one query; their aliases are left out.

        Args:
            model_name: registered model; None is all of them.
        """
        return self._search("" if model_name is None else f"name='{model_name}'", {})

    def find(self, model_name: str, bundle_digest: str) -> Version | None:
        """The version that was registered with a bundle, the oldest if there are several, or None.

        Args:
            model_name: registered model.
            bundle_digest: of the bundle.
        """
        found = self._search(f"name='{model_name}' and tags.{BUNDLE_TAG}='{bundle_digest}'", {})
        return found[0] if found else None

    def version(self, model_name: str, number: int) -> Version:
        """One version.

        Args:
            model_name: registered model.
            number: of the version.

        Raises:
            RegistryError: ``MODEL_UNKNOWN``, naming the versions there are.
        """
        with answers(self.tracking_uri), unknown_is_nothing():
            found = self._client.get_model_version(model_name, str(number))
            return _version(found, {number: tuple(found.aliases)} if found.aliases else {})
        there = ", ".join(str(version.version) for version in self.versions(model_name)) or "none"
        raise RegistryError(
            ReasonCode.MODEL_UNKNOWN,
            f"{model_name} has no version {number}; versions there: {there}.",
            remedy="List the models and name one of their versions.",
            model_name=model_name,
            version=number,
        )

    def download(self, model_name: str, number: int) -> Path:
        """A folder with the bundle of a version, not verified yet; a remote registry is asked anew each time.

        Args:
            model_name: registered model.
            number: of the version.
        """
        self.version(model_name, number)
        target: Path | None = None
        if not self.tracking_uri.startswith("sqlite:"):
            target = self.home / "mlflow" / "downloads" / model_name / str(number)
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
        with answers(self.tracking_uri), self._fluent():
            uri = f"models:/{model_name}/{number}/artifacts/bundle"
            return Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(target) if target else None))

    def bundle(self, model_name: str, number: int, expected_digest: str | None = None) -> Bundle:
        """The verified bundle of a version; by default it must have the digest it was registered with.

        Args:
            model_name: registered model.
            number: of the version.
            expected_digest: of the bundle; None is the one it was registered with.
        """
        expected = expected_digest or self.version(model_name, number).bundle_digest
        return load_bundle(self.download(model_name, number), expected_digest=expected)

    def night_runs(self, since_ms: int) -> list[NightRun]:
        """The runs of candidates that were registered since a moment, oldest first.

        Args:
            since_ms: UTC milliseconds.
        """
        found, token = list[NightRun](), None
        asked = f"attributes.start_time >= {since_ms}"
        with answers(self.tracking_uri):
            while True:
                page = self._client.search_runs([self.experiment_id], asked, max_results=1_000, page_token=token)
                found += [_night_run(run) for run in page if "model" in run.data.tags]
                token = page.token
                if not token:
                    return sorted(found, key=lambda run: run.started_ms)

    def run_file(self, version: Version, name: str) -> bytes | None:
        """A file of the run that a version comes from, or None if the run has none of that name.

        Args:
            version: as listed.
            name: of the file.
        """
        with answers(self.tracking_uri), tempfile.TemporaryDirectory() as scratch:
            if name not in [item.path for item in self._client.list_artifacts(version.run_id)]:
                return None
            return Path(self._client.download_artifacts(version.run_id, name, scratch)).read_bytes()

    def set_stage(self, model_name: str, number: int, stage: str) -> None:
        """Move a version to a stage of MLflow; other versions stay where they are.

        Args:
            model_name: registered model.
            number: of the version.
            stage: MLflow's word.
        """
        with answers(self.tracking_uri), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*[Mm]odel registry stages", category=FutureWarning)
            self._client.transition_model_version_stage(model_name, str(number), stage, archive_existing_versions=False)

    def set_champion(self, model_name: str, number: int | None) -> None:
        """Point the alias at a version, or take it away.

        Args:
            model_name: registered model.
            number: of the version; None takes the alias away.
        """
        with answers(self.tracking_uri):
            if number is None:
                self._client.delete_registered_model_alias(model_name, CHAMPION)
            else:
                self._client.set_registered_model_alias(model_name, CHAMPION, str(number))

    def tag_version(self, model_name: str, number: int, tags: Mapping[str, str]) -> None:
        """Write tags of a version.

        Args:
            model_name: registered model.
            number: of the version.
            tags: by key.
        """
        with answers(self.tracking_uri):
            for key, value in tags.items():
                self._client.set_model_version_tag(model_name, str(number), key, value)

    def model_tags(self, model_name: str) -> dict[str, str]:
        """Tags of the registered model itself; empty if it is unknown.

        Args:
            model_name: registered model.
        """
        with answers(self.tracking_uri), unknown_is_nothing():
            return dict(self._client.get_registered_model(model_name).tags)
        return {}

    def tag_model(self, model_name: str, key: str, value: str) -> None:
        """Write a tag of the registered model itself.

        Args:
            model_name: registered model.
            key: of the tag.
            value: of the tag.
        """
        with answers(self.tracking_uri):
            self._client.set_registered_model_tag(model_name, key, value)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let one thread of one process on this machine change the registry at a time."""
        with locked(self.home / "mlflow" / "registry.lock"):
            yield

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is None:
            location = self._artifacts.as_uri() if self.tracking_uri.startswith("sqlite:") else None
            with exists_already():
                return self._client.create_experiment(EXPERIMENT, artifact_location=location)
            found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is None or found.lifecycle_stage != "active":
            raise RegistryError(
                ReasonCode.REGISTRY_UNREACHABLE,
                f"the experiment {EXPERIMENT} in {self.tracking_uri} was deleted.",
                remedy="Restore it with `mlflow experiments restore`.",
            )
        return str(found.experiment_id)

    def _close_orphan_runs(self, model_name: str, digest: str) -> None:
        """Close the runs of attempts that died before they registered this bundle."""
        orphans = self._client.search_runs(
            [self.experiment_id],
            f"tags.{BUNDLE_TAG} = '{digest}' and tags.model = '{model_name}' and attributes.status = 'RUNNING'",
        )
        for run in orphans:
            self._client.set_terminated(run.info.run_id, "KILLED")

    def _log_files(
        self, run_id: str, bundle: Bundle, figures: Mapping[str, Figure], files: Mapping[str, bytes]
    ) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            for name, data in files.items():
                (folder / name).write_bytes(data)
            for name in (CARD, EVIDENCE, GATES):
                shutil.copyfile(bundle.folder / name, folder / name)
            if figures:
                (folder / "figures").mkdir()
            for name, figure in figures.items():
                figure.savefig(folder / "figures" / f"{name}.png", dpi=110)
            self._client.log_artifacts(run_id, scratch)

    def _log_model(self, run_id: str, bundle: Bundle, max_jump: float | None) -> tuple[str, str]:
        with (
            tempfile.TemporaryDirectory() as scratch,
            self._fluent(),
            mlflow.start_run(run_id=run_id, nested=True),
        ):
            # MLflow keeps an artifact under the name of its folder, so the folder gets one name for all bundles.
            copy = write_files(Path(scratch) / "bundle", read_files(bundle.folder, bundle.digest))
            info = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(_MODEL_CODE),
                artifacts={"bundle": str(copy.folder)},
                signature=_signature(bundle),
                pip_requirements=list(REQUIREMENTS),
                model_config={BUNDLE_TAG: bundle.digest, MAX_JUMP: max_jump},
            )
        return info.model_uri, str(info.model_id)

    def _log_numbers(
        self,
        run_id: str,
        model_id: str,
        metrics: Mapping[str, float],
        params: Mapping[str, Any],
        curves: Mapping[str, Sequence[tuple[int, float]]],
    ) -> None:
        """One batch, unless MLflow's limits of a batch force another."""
        now = time.time_ns() // 1_000_000
        numbers = [Metric(key, float(value), now, 0, model_id=model_id) for key, value in metrics.items()]
        # A curve is of the run alone: the model has one number of each name.
        numbers += [Metric(key, value, now, step) for key, points in curves.items() for step, value in points]
        texts = [Param(key, value) for key, value in flatten(params).items()]
        while numbers or texts:
            self._client.log_batch(run_id, metrics=numbers[:_MOST_METRICS], params=texts[:_MOST_PARAMS])
            numbers, texts = numbers[_MOST_METRICS:], texts[_MOST_PARAMS:]

    def _search(self, asked: str, aliases: Mapping[int, tuple[str, ...]]) -> list[Version]:
        """The versions that a filter of MLflow leaves, by name and number."""
        found, token = list[Version](), None
        with answers(self.tracking_uri):
            while True:
                page = self._client.search_model_versions(asked, max_results=1_000, page_token=token)
                found += [_version(item, aliases) for item in page]
                token = page.token
                if not token:
                    return sorted(found, key=lambda version: (version.model_name, version.version))

    def _aliases(self, model_name: str) -> dict[int, tuple[str, ...]]:
        with answers(self.tracking_uri), unknown_is_nothing():
            named = self._client.get_registered_model(model_name).aliases
            return {int(number): (alias,) for alias, number in named.items()}
        return {}

    @contextmanager
    def _fluent(self) -> Iterator[None]:
        """MLflow's module-level functions, pointed at this registry; one thread at a time."""
        with _FLUENT:
            mlflow.set_tracking_uri(self.tracking_uri)
            mlflow.set_registry_uri(self.tracking_uri)
            yield


def _signature(bundle: Bundle) -> ModelSignature:
    """What the served model takes and gives."""
    always = [ColSpec("long", "ts"), *(ColSpec("double", name) for name in COLUMNS)]
    return ModelSignature(
        inputs=Schema([*always, ColSpec("double", FUNDING, required=False)]),
        outputs=Schema([ColSpec(kind, name) for name, kind in decision_columns(bundle.model).items()]),
    )


def _note(card: str) -> str:
    """The card as a description, cut at a paragraph where MLflow's limit is."""
    if len(card) <= _LONGEST_NOTE:
        return card
    rest = "\n\nThe whole card is in the artifact `card.md`.\n"
    return card[: _LONGEST_NOTE - len(rest)].rpartition("\n\n")[0] + rest


def _dataset_input(dataset: Dataset) -> DatasetInput:
    source = json.dumps({"tags": {"source": dataset.source, "sha256": dataset.digest}})
    entity = DatasetEntity(dataset.name, dataset.digest[:_LONGEST_DATASET_DIGEST], "code", source)
    return DatasetInput(entity, [InputTag("mlflow.data.context", dataset.context)])


def _night_run(run: Any) -> NightRun:
    datasets = [given.dataset for given in run.inputs.dataset_inputs] if run.inputs else []
    return NightRun(
        run_id=run.info.run_id,
        model_name=run.data.tags["model"],
        status=run.info.status,
        started_ms=int(run.info.start_time),
        source=run.data.params.get("market.source", ""),
        bars=datasets[0].digest if datasets else "",
        tags=dict(run.data.tags),
        metrics=dict(run.data.metrics),
    )


def _version(item: Any, aliases: Mapping[int, tuple[str, ...]]) -> Version:
    return Version(
        model_name=item.name,
        version=int(item.version),
        stage=item.current_stage,
        run_id=item.run_id or "",
        created_ms=int(item.creation_timestamp),
        aliases=aliases.get(int(item.version), ()),
        tags=dict(item.tags),
    )
