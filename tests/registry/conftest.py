"""A migrated MLflow database made once, small models, and bundles with true verdicts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.checks.samples import good_evidence
from tests.support import small_model
from trading.gates.verdict import judge
from trading.model.bundle import Bundle, write_bundle
from trading.model.lineage import Lineage
from trading.registry.adapter import MlflowRegistry
from trading.registry.ledger import Ledger
from trading.registry.mlflow_runtime import migrate
from trading.settings.models import GateSpec

NAME = "sevengates-sim-1h"
MakeBundle = Callable[..., Bundle]


def lineage_of(seed: int = 0) -> Lineage:
    """The lineage of a night on the embedded market."""
    return Lineage(
        symbol="SIM",
        interval="1h",
        source="sim:edge=1",
        as_of_ms=1_790_000_000_000,
        seeds={"root": seed},
        code="ef" * 32,
    )


def write(folder: Path, seed: int = 0, *, sharpe: float = 1.8, live: bool = True) -> Bundle:
    """A bundle whose verdict the gates gave."""
    evidence = good_evidence(sharpe=sharpe, live=live)
    verdict = judge(evidence, GateSpec().model_dump())
    return write_bundle(
        folder, small_model(seed), lineage_of(seed), evidence.as_json(), verdict.as_json(), f"# Model {seed}\n"
    )


@pytest.fixture
def make_bundle(tmp_path: Path) -> MakeBundle:
    """``make_bundle(seed, sharpe=..., live=...)``; a Sharpe ratio under 1 is rejected."""

    def make(seed: int = 0, *, sharpe: float = 1.8, live: bool = True) -> Bundle:
        return write(tmp_path / "bundles" / f"{seed}-{sharpe}-{live}", seed, sharpe=sharpe, live=live)

    return make


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow database of the present schema; the migration takes seconds, a copy takes none."""
    database = tmp_path_factory.mktemp("migrated") / "mlflow.db"
    migrate(database)
    return database


@pytest.fixture
def home(tmp_path: Path, migrated: Path) -> Path:
    """A home folder with a migrated database."""
    folder = tmp_path / "home"
    (folder / "mlflow").mkdir(parents=True)
    for suffix in ("", ".schema"):
        shutil.copyfile(f"{migrated}{suffix}", folder / "mlflow" / f"mlflow.db{suffix}")
    return folder


@pytest.fixture
def registry(home: Path) -> MlflowRegistry:
    return MlflowRegistry(f"sqlite:///{home / 'mlflow' / 'mlflow.db'}", home / "mlflow" / "artifacts", home)


@pytest.fixture
def ledger(home: Path) -> Ledger:
    return Ledger(home / "ledger.db")


@pytest.fixture
def log(registry: MlflowRegistry, make_bundle: MakeBundle) -> Callable[..., int]:
    """``log(seed, sharpe=..., live=...)`` registers a bundle and returns its version."""

    def log_version(seed: int = 0, *, sharpe: float = 1.8, live: bool = True) -> int:
        bundle = make_bundle(seed, sharpe=sharpe, live=live)
        return registry.log_night(NAME, bundle.folder, metrics={"sharpe": sharpe}, params={"policy": {"seeds": seed}})

    return log_version
