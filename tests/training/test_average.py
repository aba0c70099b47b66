from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.arrays import Floats
from trading.steps.policy import ACTIONS, Layers, policy_step
from trading.training.average import average_layers

INPUTS = 7


def policy(rng: np.random.Generator, hidden: int, *, scale: float = 0.3) -> Layers:
    shapes = ((hidden, INPUTS), (hidden,), (hidden, hidden), (hidden,), (len(ACTIONS), hidden), (len(ACTIONS),))
    return Layers(*(scale * rng.normal(size=shape) for shape in shapes))


def action_of(layers: Layers, observation: Floats) -> Floats:
    action = np.empty(len(ACTIONS))
    policy_step(layers, observation, action)
    return action


@given(seed=st.integers(0, 2**32 - 1), widths=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_the_average_acts_by_the_mean_of_what_each_would_do(seed: int, widths: list[int]) -> None:
    rng = np.random.default_rng(seed)
    policies = [policy(rng, width, scale=0.1) for width in widths]
    observation = rng.normal(size=INPUTS)
    actions = np.array([action_of(layers, observation) for layers in policies])
    if np.abs(actions).max() < 1.0:
        assert action_of(average_layers(policies), observation) == pytest.approx(actions.mean(axis=0), abs=2e-6)


def test_an_action_beyond_the_range_counts_in_full_before_the_mean_is_clipped() -> None:
    rng = np.random.default_rng(1)
    idle = policy(rng, 3, scale=0.0)
    far = idle._replace(b2=np.full(len(ACTIONS), 3.0))
    assert action_of(average_layers([far, idle, idle, idle]), np.zeros(INPUTS)) == pytest.approx(0.75)


def test_the_average_of_one_is_that_one() -> None:
    layers = policy(np.random.default_rng(2), 4)
    for own, same in zip(layers, average_layers([layers]), strict=True):
        assert own == pytest.approx(same)
