"""A migrated MLflow database made once, small models, and bundles with true verdicts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.checks.samples import good_evidence
from trading.gates.verdict import judge
from trading.model.bundle import Bundle, write_bundle
from trading.model.lineage import Lineage
from trading.model.model import ModelSpec, TradingModel
from trading.registry.adapter import MlflowRegistry
from trading.registry.ledger import Ledger
from trading.registry.mlflow_runtime import migrate
from trading.settings.models import CostSpec, FeatureSpec, GateSpec, PolicySpec, RiskSpec
from trading.steps.features import FEATURE_NAMES

NAME = "sevengates-sim-1h"
MakeBundle = Callable[..., Bundle]


def small_model(seed: int = 0) -> TradingModel:
    """A model with random weights, four hidden units and the usual features."""
    rng = np.random.default_rng(seed)
    features, hidden, regime = len(FEATURE_NAMES), 4, 2
    spec = ModelSpec(
        symbol="SIM",
        interval=3_600_000,
        bars_per_year=8766.0,
        feature_names=FEATURE_NAMES,
        regime_features=FEATURE_NAMES[2:4],
        direction_threshold=0.2,
        features=FeatureSpec(),
        policy=PolicySpec(hidden=hidden),
        costs=CostSpec(),
        risk=RiskSpec(min_confidence=0.3),
    )
    return TradingModel(
        spec=spec,
        scaler_mean=np.r_[np.zeros(4), -5.0, -5.0, np.zeros(3), -4.0, 0.0, 0.0],
        scaler_std=np.full(features, 0.02),
        startprob=np.full(3, 1 / 3),
        transmat=np.full((3, 3), 0.05) + 0.85 * np.eye(3),
        means=np.array([[1.0, 1.0], [-1.0, -1.0], [0.0, 0.0]]),
        covars=np.stack([np.eye(regime)] * 3),
        calibrator_x=np.array([0.0, 1.0]),
        calibrator_y=np.array([0.3, 0.8]),
        w0=rng.normal(size=(hidden, 27)),
        b0=rng.normal(size=hidden),
        w1=rng.normal(size=(hidden, hidden)),
        b1=rng.normal(size=hidden),
        w2=rng.normal(size=(4, hidden)),
        b2=rng.normal(size=4),
    )


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
