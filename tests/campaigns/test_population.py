"""Whether the population trainer teaches as well as stable-baselines3: return on bars that neither was trained on.

``pytest -m campaign tests/campaigns/test_population.py -s`` prints the table; ``POPULATION_SEEDS`` says how many seeds
each side has, 16 unless set. Both sides have the same seeds on the same night, so differences are paired.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from envs.vectorised import LaneVecEnv
from trading.arrays import Floats
from trading.night import data, fit
from trading.night.artifacts import BARS, MODEL, POLICIES, SPLITS
from trading.night.workspace import open_night
from trading.settings.models import PolicySpec, RuntimeSpec, SevengatesSettings
from trading.simulation.backtest import run_backtest

pytestmark = pytest.mark.campaign

SEEDS = int(os.environ.get("POPULATION_SEEDS", "16"))
AS_OF = "2026-11-20"
CONFIDENCE = 0.95


def _returns(folder: Path, trainer: str) -> Floats:
    """Log return on the validation split of the policy of each seed, percent, with default settings."""
    settings = SevengatesSettings(
        policy=PolicySpec(trainer=trainer, seeds=SEEDS), runtime=RuntimeSpec(home=str(folder))
    )
    night = open_night(settings, "SIM", AS_OF)
    bars_ref = data.load_bars(night).bars_ref
    splits_ref = data.make_splits(night, bars_ref, night.plan.engines)
    features_ref = data.compute_features(night, bars_ref)
    fitted = fit.fit_model(night, bars_ref, features_ref, splits_ref, night.plan.engines[0])
    began = time.perf_counter()
    trained = fit.train_policy(night, bars_ref, splits_ref, fitted.model_ref, make_environment=LaneVecEnv)
    print(f"{trainer}: {SEEDS} seeds in {time.perf_counter() - began:.0f} s")
    bars, model = night.store.get(BARS, bars_ref), night.store.get(MODEL, fitted.model_ref)
    validation = night.store.get(SPLITS, splits_ref).validation
    earned = [
        run_backtest(replace(model, layers=layers), bars, *validation).metrics["total_return"]
        for layers in night.store.get(POLICIES, trained.policies_ref)
    ]
    return 100.0 * np.log1p(np.array(earned))


def test_policies_of_a_population_earn_no_less_on_bars_that_they_were_not_trained_on(tmp_path: Path) -> None:
    returns = {name: _returns(tmp_path, name) for name in ("sb3", "population")}
    reference, own = returns["sb3"], returns["population"]
    interval = stats.ttest_rel(own, reference).confidence_interval(CONFIDENCE)
    print(f"{'':12}{'mean':>8}{'sd':>8}   log return on the validation split, percent")
    for name, earned in returns.items():
        print(f"{name:12}{earned.mean():8.2f}{earned.std(ddof=1):8.2f}")
    difference = (own - reference).mean()
    print(f"difference {difference:+.2f}, {CONFIDENCE:.0%} interval {interval.low:+.2f} to {interval.high:+.2f}")
    assert len(own) == len(reference) == SEEDS
    assert interval.high >= 0.0, "the population is worse than chance explains"
