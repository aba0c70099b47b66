"""The policy step: plain matrix products from observation to action, no framework."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.steps.numbers import quantised

ACTIONS = ("size", "duration", "stop", "target")
"""The policy's outputs by name, each in [-1, 1]."""


class Layers(NamedTuple):
    """A two-layer tanh network, outputs first: shapes (H, I), (H,), (H, H), (H,), (A, H), (A,); A is len(ACTIONS)."""

    w0: Floats
    b0: Floats
    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats


class Policy(NamedTuple):
    """What chooses an action: layers, or a fixed action of shape (A,) that is taken unless its first number is NaN."""

    layers: Layers
    fixed: Floats


def policy_step(layers: Layers, observation: Floats, action: Floats) -> None:
    """Write the deterministic action, each component in [-1, 1] and rounded to 1e-6.

    Args:
        layers: weights and biases.
        observation: shape (I,).
        action: shape (len(ACTIONS),), written.
    """
    hidden = np.tanh(np.dot(layers.w0, observation) + layers.b0)
    hidden = np.tanh(np.dot(layers.w1, hidden) + layers.b1)
    raw = np.dot(layers.w2, hidden) + layers.b2
    for i in range(action.shape[0]):
        action[i] = quantised(min(max(raw[i], -1.0), 1.0))
