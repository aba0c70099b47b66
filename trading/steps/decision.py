"""The decision at the close of a bar: signal, breaker, observation, policy, order; composed once for every lane."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats, Ints
from trading.steps.account import DIRECTION, DIRECTION_AGE
from trading.steps.breakers import ALLOWED, breaker_step
from trading.steps.features import LOG_VOLATILITY_MEDIUM, feature_step
from trading.steps.observation import observation_step
from trading.steps.policy import policy_step
from trading.steps.regimes import direction_step, filter_step
from trading.steps.sizing import order_step


def signal_step(
    ring: Floats,
    count: int,
    started: int,
    windows: Ints,
    high: float,
    low: float,
    close: float,
    volume: float,
    scaler_mean: Floats,
    scaler_std: Floats,
    columns: Ints,
    startprob: Floats,
    transmat: Floats,
    means: Floats,
    whiten: Floats,
    log_norm: Floats,
    raw: Floats,
    scaled: Floats,
    belief: Floats,
) -> int:
    """Take one bar into features and regime filter; nothing in it depends on an account.

    Args:
        ring, count, windows: rolling feature state, see :func:`trading.steps.features.feature_step`.
        started: what this function returned for the last bar, 0 at first.
        columns: indexes of the regime features among the features.
        raw, scaled: shape (F,), written: features, and features in training standard deviations.
        belief: shape (3,), causal regime probabilities, updated in place.

    Returns:
        1 once features are complete and the filter has started.
    """
    feature_step(ring, count, windows, high, low, close, volume, raw)
    for i in range(raw.shape[0]):
        scaled[i] = (raw[i] - scaler_mean[i]) / scaler_std[i]
    picked = np.empty(columns.shape[0])
    for j in range(columns.shape[0]):
        picked[j] = scaled[columns[j]]
    return filter_step(belief, started, startprob, transmat, means, whiten, log_norm, picked)


def side_step(belief: Floats, warm: int, threshold: float) -> int:
    """Direction of the signal, none before the filter has started."""
    return direction_step(belief, threshold) if warm == 1 else 0


def ready_step(
    state: Floats,
    p: Floats,
    close_ts: int,
    scaled: Floats,
    belief: Floats,
    warm: int,
    direction: int,
    confidence: float,
    observation: Floats,
) -> int:
    """Follow the signal's age, ask the breaker, and write the observation if a decision is due."""
    if direction == state[DIRECTION]:
        state[DIRECTION_AGE] += 1.0
    else:
        state[DIRECTION] = direction
        state[DIRECTION_AGE] = 0.0
    code = breaker_step(state, p, warm, direction, confidence)
    if code == ALLOWED:
        observation_step(state, close_ts, scaled, belief, confidence, observation)
    return code


def close_step(
    state: Floats,
    p: Floats,
    close_ts: int,
    close: float,
    raw: Floats,
    scaled: Floats,
    belief: Floats,
    warm: int,
    direction: int,
    confidence: float,
    w0: Floats,
    b0: Floats,
    w1: Floats,
    b1: Floats,
    w2: Floats,
    b2: Floats,
    observation: Floats,
    action: Floats,
) -> int:
    """Decide at the close of a bar; an order, if any, waits in the account state for the next open.

    Returns:
        ALLOWED when an order waits, else the denial (``trading.steps.breakers.DENIALS``).
    """
    code = ready_step(state, p, close_ts, scaled, belief, warm, direction, confidence, observation)
    if code != ALLOWED:
        return code
    policy_step(w0, b0, w1, b1, w2, b2, observation, action)
    return order_step(state, p, action, direction, close, bar_volatility(raw))


def bar_volatility(raw: Floats) -> float:
    """Standard deviation of one bar's log return, from the unscaled features."""
    return math.exp(raw[LOG_VOLATILITY_MEDIUM])
