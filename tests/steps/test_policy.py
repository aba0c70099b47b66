from __future__ import annotations

import math

import numpy as np
import pytest

from trading.arrays import Floats
from trading.steps.policy import ACTIONS, Layers, policy_step


def layers(seed: int = 0, scale: float = 1.0) -> Layers:
    """Three inputs, two hidden units, an action."""
    rng = np.random.default_rng(seed)
    shapes = ((2, 3), (2,), (2, 2), (2,), (len(ACTIONS), 2), (len(ACTIONS),))
    return Layers(*(scale * rng.normal(size=shape) for shape in shapes))


def by_hand(net: Layers, seen: Floats) -> list[float]:
    def products(weights: Floats, biases: Floats, inputs: list[float]) -> list[float]:
        return [
            sum(w * x for w, x in zip(row, inputs, strict=True)) + bias
            for row, bias in zip(weights.tolist(), biases.tolist(), strict=True)
        ]

    first = [math.tanh(value) for value in products(net.w0, net.b0, seen.tolist())]
    second = [math.tanh(value) for value in products(net.w1, net.b1, first)]
    return [round(min(max(value, -1.0), 1.0), 6) for value in products(net.w2, net.b2, second)]


@pytest.mark.parametrize("seed", range(6))
def test_an_action_is_two_layers_of_tanh_clipped_and_rounded_to_a_millionth(seed: int) -> None:
    seen, action = np.random.default_rng(seed + 50).normal(size=3), np.empty(len(ACTIONS))
    policy_step(layers(seed), seen, action)
    assert action.tolist() == pytest.approx(by_hand(layers(seed), seen), abs=1e-9)


def test_actions_are_clipped_at_both_ends() -> None:
    action = np.empty(len(ACTIONS))
    net = layers()._replace(w2=np.zeros((4, 2)), b2=np.array([3.0, -3.0, 0.5, -0.25]))
    policy_step(net, np.ones(3), action)
    assert action.tolist() == pytest.approx([1.0, -1.0, 0.5, -0.25], abs=1e-12)
