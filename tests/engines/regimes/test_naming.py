from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.engines.regimes.naming import Following, Mean, followings, names_of, order_of, weighted_mean


def test_a_state_is_named_by_the_bar_after_it_and_not_by_its_own() -> None:
    """A state of bars that rose, each followed by a fall, is one to be short in."""
    rng = np.random.default_rng(0)
    rose = np.arange(4_000) % 2 == 0
    returns = np.where(rose, 0.01, -0.01) + 0.001 * rng.standard_normal(4_000)
    up, down = followings(np.column_stack([rose, ~rose]).astype(float), returns)
    assert (up.sign(2.0), down.sign(2.0)) == (-1, 1)
    assert up.earned.mean == pytest.approx(-0.01, abs=1e-4)


def test_states_of_noise_have_no_sign_more_often_than_their_t_value_says() -> None:
    rng = np.random.default_rng(1)
    signs = []
    for _ in range(400):
        state = np.repeat(rng.integers(0, 3, 40), 50)
        # Volatility that clusters, as markets have it.
        returns = rng.standard_normal(2_000) * np.repeat(rng.uniform(0.5, 2.0, 20), 100)
        signs += [each.sign(1.96) for each in followings(np.eye(3)[state], returns)]
    assert np.mean(np.abs(signs)) < 0.06


def test_states_that_only_rise_with_their_market_have_no_sign() -> None:
    rng = np.random.default_rng(2)
    state = np.repeat(rng.integers(0, 3, 100), 50)
    returns = 0.1 + rng.standard_normal(5_000)
    found = followings(np.eye(3)[state], returns)
    assert all(each.earned.t > 2.0 for each in found)
    assert [each.sign(2.0) for each in found] == [0, 0, 0]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 300))
def test_of_independent_values_the_t_value_is_near_the_textbook_one(seed: int, n: int) -> None:
    values = np.random.default_rng(seed).standard_normal(n) + 0.1
    found = weighted_mean(np.full(n, 0.5), values)
    assert found.mean == pytest.approx(values.mean())
    assert math.copysign(1.0, found.t) == math.copysign(1.0, found.mean)
    if n > 200:
        assert found.t == pytest.approx(values.mean() / values.std() * math.sqrt(n), rel=0.5)


def test_overlapping_values_are_less_sure_than_independent_ones() -> None:
    values = np.random.default_rng(3).standard_normal(2_000) + 0.05
    repeated = np.repeat(values, 4)
    assert weighted_mean(np.ones(8_000), repeated).t < 1.25 * weighted_mean(np.ones(2_000), values).t


@pytest.mark.parametrize(("weights", "values"), [([0.0, 0.0], [1.0, 2.0]), ([1.0], [1.0]), ([1.0, 1.0], [0.0, 0.0])])
def test_where_nothing_can_be_said_there_is_no_t_value_and_no_sign(weights: list[float], values: list[float]) -> None:
    found = weighted_mean(np.array(weights), np.array(values))
    assert math.isnan(found.t)
    assert Following(found, found).sign(0.0) == 0


def test_states_are_ordered_by_regime_and_then_by_what_they_earn() -> None:
    earned = [0.0, -2.0, 1.0, 3.0, -1.0]
    signs = [0, -1, 1, 1, -1]
    states = [Following(Mean(each, 9.0), Mean(each, 9.0)) for each in earned]
    assert order_of(signs, states) == [3, 2, 1, 4, 0]


def test_a_regime_of_several_states_numbers_them() -> None:
    assert names_of({}) == ["bull", "bear", "chop"]
    assert names_of({"signs": [1, 1, -1, 0]}) == ["bull 1", "bull 2", "bear", "chop"]
    assert names_of({"signs": [0, 0]}) == ["chop 1", "chop 2"]
