"""The observation step: the 27 numbers that the policy sees at a decision."""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps.account import DIRECTION, DIRECTION_AGE, EQUITY, LAST_RETURN, PEAK, SINCE_EXIT, WIN_RATE

OBSERVATION_NAMES = (
    *(f"feature_{i}" for i in range(12)),
    "p_bull",
    "p_bear",
    "p_chop",
    "direction",
    "confidence",
    "entropy",
    "direction_age",
    "drawdown",
    "last_trade",
    "win_rate",
    "since_exit",
    "hour_sin",
    "hour_cos",
    "week_sin",
    "week_cos",
)
CLIP = 5.0
DAY_MS = 86_400_000.0


def observation_step(
    state: Floats, close_ts: int, features: Floats, belief: Floats, confidence: float, out: Floats
) -> None:
    """Write the observation of one lane at the close of a bar.

    Args:
        state: account state, of which drawdown, last trade, win rate and ages are seen.
        close_ts: UTC milliseconds of the bar's close.
        features: shape (12,), standardised; clipped to five standard deviations.
        belief: shape (3,), causal regime probabilities.
        confidence: effective confidence in the signal.
        out: shape (27,), written.
    """
    count = features.shape[0]
    for i in range(count):
        out[i] = min(max(features[i], -CLIP), CLIP)
    entropy = 0.0
    for k in range(3):
        out[count + k] = belief[k]
        if belief[k] > 0.0:
            entropy -= belief[k] * math.log(belief[k])
    out[count + 3] = state[DIRECTION]
    out[count + 4] = 2.0 * confidence - 1.0
    out[count + 5] = entropy / math.log(3.0)
    out[count + 6] = math.log1p(state[DIRECTION_AGE]) / 5.0
    out[count + 7] = 10.0 * (1.0 - state[EQUITY] / state[PEAK])
    out[count + 8] = min(max(state[LAST_RETURN] * 50.0, -CLIP), CLIP)
    out[count + 9] = state[WIN_RATE]
    out[count + 10] = math.log1p(state[SINCE_EXIT]) / 5.0
    day = 2.0 * math.pi * (close_ts % DAY_MS) / DAY_MS
    week = 2.0 * math.pi * (close_ts % (7.0 * DAY_MS)) / (7.0 * DAY_MS)
    out[count + 11] = math.sin(day)
    out[count + 12] = math.cos(day)
    out[count + 13] = math.sin(week)
    out[count + 14] = math.cos(week)
