"""Training sees the train and validation splits and nothing of the test split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from trading.market.bars import Bars
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.night import data, fit
from trading.night.artifacts import BARS, MODEL, POLICY_REPORT, SPLITS
from trading.night.fit import FittedModel, match_regimes
from trading.night.workspace import Night, open_night
from trading.settings.models import PolicySpec, RegimeSpec, RuntimeSpec, SevengatesSettings
from trading.splits import Splits
from trading.store import Ref
from trading.training import jobs as training
from trading.training.jobs import PolicyResult, TrainingJob, zero_layers

POLICY = PolicySpec(seeds=3, steps=1_000, hidden=4)


class Prepared(NamedTuple):
    """A night up to its regimes."""

    bars: Ref[Bars]
    splits: Ref[Splits]
    regimes: FittedModel


@pytest.fixture
def night(tmp_path: Path) -> Night:
    settings = SevengatesSettings(
        policy=POLICY, regimes=RegimeSpec(seeds=1, iterations=10), runtime=RuntimeSpec(home=str(tmp_path))
    )
    return open_night(settings, "SIM", "2022-01-01")


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


def prepare(night: Night, bars: Bars) -> Prepared:
    kept = night.store.put(BARS, bars)
    features = data.compute_features(night, kept)
    splits = data.make_splits(night, kept)
    return Prepared(kept, splits, fit.fit_regimes(night, kept, features, splits))


def train(night: Night, prepared: Prepared) -> FittedModel:
    return fit.train_policy(
        night,
        prepared.bars,
        prepared.splits,
        prepared.regimes.model_ref,
        make_environment=lambda job, seed: pytest.fail("no training here"),
    )


def test_the_test_split_is_not_shown_to_training(night: Night, bars: Bars, jobs: list[TrainingJob]) -> None:
    prepared = prepare(night, bars)
    train(night, prepared)
    stop = night.store.get(SPLITS, prepared.splits).validation.stop
    assert [len(job.bars) for job in jobs] == [stop] * POLICY.seeds
    assert len({job.seed for job in jobs}) == POLICY.seeds


def test_the_best_policy_on_validation_is_kept(night: Night, bars: Bars, jobs: list[TrainingJob]) -> None:
    trained = train(night, prepare(night, bars))
    assert night.store.get(MODEL, trained.model_ref).b2.tolist() == [1.0] * 4
    assert night.store.get(POLICY_REPORT, trained.report_ref)["chosen"] == jobs[1].name


def test_other_test_bars_give_the_same_scaler_regimes_and_calibrator(night: Night, bars: Bars) -> None:
    prepared = prepare(night, bars)
    stop = night.store.get(SPLITS, prepared.splits).validation.stop
    factor = np.where(np.arange(len(bars)) < stop, 1.0, 3.0)
    changed = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close", "volume")}
    other = prepare(night, replace(bars, **changed))
    assert other.regimes.model_ref == prepared.regimes.model_ref
    assert other.bars != prepared.bars


def test_a_model_matches_its_own_regimes_by_name(night: Night, bars: Bars) -> None:
    model = night.store.get(MODEL, prepare(night, bars).regimes.model_ref)
    assert match_regimes(model, model)["names_agree"]
