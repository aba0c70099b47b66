from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support import random_model, small_bars
from tests.support.models import at_depth, ruled
from trading.engines.stream import compute_signals
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.model.spec import Condition, ConfidenceMeaning, MarketRule
from trading.simulation.outcomes import signal_outcomes
from trading.training.calibrator import blocks, calibrator_of
from trading.training.unseen import unseen_confidence

TRAIN, HORIZON = (100, 1_100), 12


@pytest.fixture(scope="module")
def bars() -> Bars:
    return small_bars(1_400)


@pytest.fixture(scope="module")
def model() -> TradingModel:
    made = random_model(2)
    meaning = ConfidenceMeaning(method="logistic", horizon_bars=HORIZON)
    return replace(made, spec=made.spec.changed(confidence=meaning))


def moved(bars: Bars, start: int, stop: int) -> Bars:
    """The same bars with other prices on some of them, and the old ones again behind."""
    factor = np.ones(len(bars))
    factor[start:stop] = np.exp(0.05 * np.sin(np.arange(stop - start)))
    return replace(bars, **{name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")})


def test_a_block_of_the_train_split_is_seen_by_what_the_others_say(bars: Bars, model: TradingModel) -> None:
    signals = compute_signals(model, bars)
    taught, seen = unseen_confidence(model, bars, signals, TRAIN)
    known = signal_outcomes(bars, signals, TRAIN, horizon_bars=HORIZON, costs=model.spec.costs)
    parts = list(blocks(known, *TRAIN, horizon_bars=HORIZON))
    assert [part[:2] for part in parts] == [(100, 300), (300, 500), (500, 700), (700, 900), (900, 1_100)]
    for low, high, others in parts:
        own = calibrator_of("logistic", others, horizon_bars=HORIZON)
        expected = compute_signals(replace(model, calibrator=own), bars).confidence[low:high]
        np.testing.assert_array_equal(seen.confidence[low:high], expected)
        inside = (others.index >= low) & (others.index < high)
        reaches = (others.index < low) & (others.index + HORIZON + 1 >= low)
        assert not (inside | reaches).any()
    after = compute_signals(taught, bars).confidence[TRAIN[1] :]
    np.testing.assert_array_equal(seen.confidence[TRAIN[1] :], after)


def test_no_bar_after_the_train_split_changes_what_is_seen_of_it(bars: Bars, model: TradingModel) -> None:
    usual = unseen_confidence(model, bars, compute_signals(model, bars), TRAIN)
    other = moved(bars, TRAIN[1], len(bars))
    changed = unseen_confidence(model, other, compute_signals(model, other), TRAIN)
    assert all(np.array_equal(*pair) for pair in zip(usual[0].calibrator, changed[0].calibrator, strict=True))
    np.testing.assert_array_equal(usual[1].confidence[: TRAIN[1]], changed[1].confidence[: TRAIN[1]])


def test_what_was_not_just_fitted_cannot_be_trained(bars: Bars) -> None:
    made = random_model(2)
    with pytest.raises(ValueError, match="not noted"):
        unseen_confidence(made, bars, compute_signals(made, bars), TRAIN)


def test_training_sees_confidence_as_its_own_depth_leaves_it(bars: Bars, model: TradingModel) -> None:
    shallow = at_depth(model, 0.7)
    _, full = unseen_confidence(model, bars, compute_signals(model, bars), TRAIN)
    _, seen = unseen_confidence(shallow, bars, compute_signals(shallow, bars), TRAIN)
    np.testing.assert_allclose(seen.confidence, 0.7 * full.confidence, rtol=0, atol=1e-6)


def test_a_rule_that_asks_for_confidence_is_shown_what_training_is_shown(bars: Bars, model: TradingModel) -> None:
    least = float(np.median(compute_signals(model, bars).confidence))
    rule = MarketRule(regime="crisis", when=(Condition(input="confidence", at_least=least),), reason="too sure")
    signals = compute_signals(ruled(model, rule), bars)
    _, seen = unseen_confidence(ruled(model, rule), bars, signals, TRAIN)
    warm = np.isfinite(seen.confidence)
    np.testing.assert_array_equal(seen.cash[warm], np.round(seen.confidence[warm], 6) >= least)
    assert (seen.cash != signals.cash).any()
