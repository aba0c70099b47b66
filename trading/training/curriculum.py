"""The curriculum: the same market at rising difficulty, so that the agent first learns what pays, then what costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading.arrays import Floats
from trading.steps.account import (
    FEE,
    HALF_SPREAD,
    HALT_DRAWDOWN,
    IMPACT,
    LATENCY,
    MAKER_FEE,
    MIN_CONFIDENCE,
    VOLATILITY_IMPACT,
)


@dataclass(frozen=True)
class Level:
    """One level of the curriculum.

    Attributes:
        name: for reports.
        share: of all training decisions.
        cost_low: least factor that a lane's costs are multiplied by; it is drawn evenly.
        cost_high: greatest such factor.
        latency: each lane's fills are up to this many bars later.
    """

    name: str
    share: float
    cost_low: float
    cost_high: float
    latency: int


LEVELS = (
    Level("free", 0.2, 0.0, 0.0, 0),
    Level("cheap", 0.3, 0.25, 0.75, 0),
    Level("real", 0.5, 1.0, 1.5, 1),
)


def lane_parameters(parameters: Floats, level: Level, lanes: int, rng: np.random.Generator) -> Floats:
    """Parameters of every training lane, shape (lanes, PARAMETERS_SIZE).

    Training meets every signal: the confidence threshold and the drawdown halt judge a model, they do not teach it.

    Args:
        parameters: shape (PARAMETERS_SIZE,), packed, with the model's own costs and limits.
        level: how far costs are scaled and fills delayed.
        lanes: how many rows.
        rng: draws scale and latency of each lane.
    """
    packed = np.tile(parameters, (lanes, 1))
    scale = rng.uniform(level.cost_low, level.cost_high, size=lanes)
    for cost in (FEE, MAKER_FEE, HALF_SPREAD, IMPACT, VOLATILITY_IMPACT):
        packed[:, cost] *= scale
    packed[:, LATENCY] += rng.integers(0, level.latency + 1, size=lanes)
    packed[:, MIN_CONFIDENCE] = 0.0
    packed[:, HALT_DRAWDOWN] = 1.0
    return packed
