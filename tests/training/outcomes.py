"""Outcomes of signals for tests of the calibrator: of a market whose chances are known."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats, Ints
from trading.simulation.outcomes import Outcomes
from trading.steps.opinion import CONFIDENCE, DIRECTION, OPINION_SIZE, Calibrator, confidence_step

FEATURES = 3


def chance_of(raw: Floats, features: Floats, side: Ints) -> Floats:
    """A market where the engine is far too sure, a feature tells something, and longs are more often right."""
    odds = 0.25 * np.log(raw / (1.0 - raw)) + 0.8 * side * features[:, 0] + np.where(side > 0, 0.6, -0.2) - 0.5
    return 1.0 / (1.0 + np.exp(-odds))


def outcomes_of(seed: int, n: int = 4_000, *, start: int = 0, told: bool = True) -> Outcomes:
    """Signals on every bar from ``start``, each known before the next; told nothing, all chances are 0.55 and 0.45."""
    rng = np.random.default_rng(seed)
    side = np.where(rng.random(n) < 0.5, 1, -1)
    raw = 1.0 / (1.0 + np.exp(-rng.normal(2.0, 2.0, n)))
    features = rng.standard_normal((n, FEATURES))
    chance = chance_of(raw, features, side) if told else np.where(side > 0, 0.55, 0.45)
    gain = np.where(rng.random(n) < chance, 0.02, -0.01)
    return Outcomes(
        index=np.arange(start, start + n), side=side, features=features, raw=raw, effective=np.zeros(n), gain=gain
    )


def confidences(calibrator: Calibrator, outcomes: Outcomes) -> Floats:
    """Effective confidence of each, by the step that backtest and live runner use."""
    opinion = np.zeros(OPINION_SIZE)
    found = np.empty(len(outcomes.index))
    for row in range(len(found)):
        opinion[DIRECTION], opinion[CONFIDENCE] = outcomes.side[row], outcomes.raw[row]
        found[row] = confidence_step(opinion, outcomes.features[row], calibrator, 1.0)
    return found
