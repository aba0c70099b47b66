"""The policy step: plain matrix products from observation to action, no framework."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats
from trading.steps.numbers import quantised


def policy_step(
    w0: Floats, b0: Floats, w1: Floats, b1: Floats, w2: Floats, b2: Floats, observation: Floats, action: Floats
) -> None:
    """Write the deterministic action, each component in [-1, 1] and rounded to 1e-6.

    Args:
        w0, b0, w1, b1, w2, b2: layers of a two-layer tanh network, outputs first.
        observation: shape (27,).
        action: shape (4,), written: size, duration, stop, target.
    """
    hidden = np.tanh(np.dot(w0, observation) + b0)
    hidden = np.tanh(np.dot(w1, hidden) + b1)
    raw = np.dot(w2, hidden) + b2
    for i in range(action.shape[0]):
        action[i] = quantised(min(max(raw[i], -1.0), 1.0))
