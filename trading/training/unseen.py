"""What training sees of confidence: calibrated on other bars than those it is seen on.

The calibrator of the finished model was fitted on the very bars that training looks at; a policy taught by it, or a
seed chosen by it, would take its fit for foresight.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trading.arrays import Floats
from trading.engines.series import cash_loop, side_loop
from trading.engines.stream import Signals
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.model.rules import rule_table
from trading.simulation.outcomes import signal_outcomes
from trading.steps.opinion import Calibrator
from trading.training.calibrator import blocks, calibrator_of
from trading.training.maps import Method


def unseen_confidence(
    model: TradingModel, bars: Bars, signals: Signals, train: tuple[int, int]
) -> tuple[TradingModel, Signals]:
    """The model and its signals as training may see them.

    By the method of the model's own calibrator: on each of five blocks of the train split one that was fitted on the
    other four, without the outcomes that reach into the block or begin in it; on every other bar, the validation split
    among them, one that was fitted on the train split.

    Args:
        model: whose policy is still empty.
        bars: that training is shown.
        signals: of the model on these bars.
        train: half-open range of bars.

    Returns:
        The model with the calibrator of the train split, and the signals with the confidences of all of them.
    """
    meaning = model.spec.confidence
    if meaning.method == "unknown":
        raise ValueError("the method of this model's calibrator was not noted: only a model just fitted can be trained")
    method: Method = meaning.method
    horizon = meaning.horizon_bars
    known = signal_outcomes(bars, signals, train, horizon_bars=horizon, costs=model.spec.costs)
    whole = calibrator_of(method, known, horizon_bars=horizon)
    confidence = _confidence(signals, whole, model.spec.modifier)
    for low, high, others in blocks(known, *train, horizon_bars=horizon):
        own = calibrator_of(method, others, horizon_bars=horizon)
        confidence[low:high] = _confidence(signals.slice(low, high), own, model.spec.modifier)
    # What a rule says of the market may rest on confidence too.
    cash = np.empty_like(signals.cash)
    cash_loop(rule_table(model.spec), signals.direction, confidence, signals.opinions, signals.features, cash)
    return replace(model, calibrator=whole), replace(signals, confidence=confidence, cash=cash)


def _confidence(signals: Signals, calibrator: Calibrator, modifier: float) -> Floats:
    """Effective confidence of every bar by another calibrator."""
    n = len(signals.direction)
    confidence = np.empty(n)
    flags = np.empty((2, n), dtype=np.int64)
    side_loop(signals.opinions, signals.features, calibrator, modifier, flags[0], flags[1], confidence)
    return confidence
