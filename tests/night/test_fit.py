"""Training sees the train and validation splits and nothing of the test split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trading.market.bars import Bars
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.night import data, fit
from trading.night.fit import Fitted, match_regimes
from trading.night.records import get_model, get_splits
from trading.settings.models import CalibrationSpec, CostSpec, FeatureSpec, PolicySpec, RegimeSpec, RiskSpec, SplitSpec
from trading.store import Ref, Store
from trading.training import jobs as training
from trading.training.jobs import PolicyResult, TrainingJob, zero_layers

POLICY = PolicySpec(seeds=3, steps=1_000, hidden=4)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture(scope="module")
def bars() -> Bars:
    return simulate(SimulatedMarket(), 1_609_459_200_000 + 3_000 * 3_600_000).bars


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[TrainingJob]:
    """The jobs that reach the trainer; the second policy is the best."""
    seen: list[TrainingJob] = []

    def train(jobs: Sequence[TrainingJob], *_: Any) -> list[PolicyResult]:
        seen.extend(jobs)
        return [
            PolicyResult(job.name, job.seed, zero_layers(4) | {"b2": np.full(4, float(number))}, score, [])
            for number, (job, score) in enumerate(zip(jobs, (-np.inf, 0.2, 0.1), strict=True))
        ]

    monkeypatch.setattr(training, "train", train)
    return seen


def prepared(store: Store, bars: Bars) -> tuple[Ref, Ref, Fitted]:
    kept = store.put_bars(bars)
    spec = FeatureSpec()
    seen = data.features(store, bars=kept, spec=spec)
    shared = {"policy": POLICY, "costs": CostSpec(), "calibration": CalibrationSpec()}
    parts = data.splits(store, bars=kept, shares=SplitSpec(), features=spec, **shared)
    fitted = fit.fit_regimes(
        store,
        bars=kept,
        features=seen,
        splits=parts,
        feature_spec=spec,
        regimes=RegimeSpec(seeds=1, iterations=10),
        risk=RiskSpec(),
        seed=1,
        **shared,
    )
    return kept, parts, fitted


def train(store: Store, kept: Ref, parts: Ref, fitted: Fitted) -> Fitted:
    return fit.train_policy(
        store,
        bars=kept,
        splits=parts,
        model=fitted.model,
        spec=POLICY,
        symbol="SIM",
        seed=1,
        make_environment=lambda job, seed: pytest.fail("no training here"),
        workers=1,
    )


def test_the_test_split_is_not_shown_to_training(store: Store, bars: Bars, jobs: list[TrainingJob]) -> None:
    kept, parts, fitted = prepared(store, bars)
    train(store, kept, parts, fitted)
    known = get_splits(store, parts)
    assert [len(job.bars) for job in jobs] == [known.validation.stop] * POLICY.seeds
    assert len({job.seed for job in jobs}) == POLICY.seeds


def test_the_best_policy_on_validation_is_kept(store: Store, bars: Bars, jobs: list[TrainingJob]) -> None:
    kept, parts, fitted = prepared(store, bars)
    trained = train(store, kept, parts, fitted)
    assert get_model(store, trained.model).b2.tolist() == [1.0] * 4
    assert store.get_json(trained.report)["chosen"] == jobs[1].name


def test_other_test_bars_give_the_same_scaler_regimes_and_calibrator(store: Store, bars: Bars) -> None:
    kept, parts, fitted = prepared(store, bars)
    stop = get_splits(store, parts).validation.stop
    factor = np.where(np.arange(len(bars)) < stop, 1.0, 3.0)
    other = Bars(
        bars.symbol, bars.interval, bars.ts, bars.open * factor, bars.high * factor, bars.low * factor,
        bars.close * factor, bars.volume * factor,
    )  # fmt: skip
    _, _, again = prepared(store, other)
    assert again.model == fitted.model
    assert kept.digest != store.put_bars(other).digest


def test_a_model_matches_its_own_regimes_by_name(store: Store, bars: Bars) -> None:
    _, _, fitted = prepared(store, bars)
    model = get_model(store, fitted.model)
    assert match_regimes(model, model)["names_agree"]
