from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support import random_model, small_bars
from trading.checks.check import Subject
from trading.checks.overfitting import OVERFITTING, OverfittingEvidence, seed_returns
from trading.checks.walk_forward import FoldTrack
from trading.settings.models import SplitSpec
from trading.simulation.backtest import run_backtest
from trading.simulation.metrics.returns import bar_returns
from trading.splits import make_splits
from trading.steps.policy import Layers

BARS = small_bars(120)
SPLITS = make_splits(len(BARS), SplitSpec(), lookback=25, max_holding=30, warmup=25)


def layers(seed: int) -> Layers:
    found = random_model(seed).layers
    assert found is not None
    return found


def measured(policies: tuple[Layers, ...], folds: tuple[FoldTrack, ...] = ()) -> OverfittingEvidence:
    parts = {"bars": BARS, "splits": SPLITS, "model": random_model(2), "policies": policies, "folds": folds}
    found = OVERFITTING.measure(Subject(check="overfitting", parts=parts))
    assert isinstance(found, OverfittingEvidence)
    return found


def test_a_seed_earns_what_its_backtest_earns() -> None:
    model, policies = random_model(2), (layers(2), layers(3))
    found = seed_returns(model, BARS, SPLITS, policies)
    for column, policy in zip(found.T, policies, strict=True):
        backtest = run_backtest(replace(model, layers=policy), BARS, *SPLITS.test)
        own = bar_returns(backtest.equity, model.spec.limits.initial_equity)
        # The last position is closed at the last close, which a backtest only marks.
        assert np.array_equal(column[:-1], own[:-1])


@pytest.mark.parametrize("count", [0, 1])
def test_without_a_choice_there_is_nothing_to_overfit(count: int) -> None:
    assert measured((layers(2),) * count) == OverfittingEvidence(seeds=count)


def test_a_seed_that_is_best_everywhere_is_no_overfitting_and_equal_seeds_are_chance() -> None:
    rng = np.random.default_rng(0)
    best = rng.normal(0.0, 0.01, (60_000, 2)) + np.array([0.003, 0.0])
    fold = FoldTrack(splits=SPLITS, equity=np.ones(1), initial=1.0, trades=0, seeds=best)
    chosen = measured((layers(2), layers(3)), (fold,))
    assert chosen.bars == 60_000 + SPLITS.test.size
    assert chosen.divisions == 12_870
    assert chosen.probability == 0.0
    same = measured((layers(2), layers(2)))
    # Of two equal seeds neither is in the upper half.
    assert same.probability == 1.0
