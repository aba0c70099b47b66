"""Features, direction and confidence of whole series by the compiled steps."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats
from trading.compiled import compile_loop
from trading.market.bars import Bars
from trading.steps.bar import bar_at
from trading.steps.features import FEATURES, LOG_VOLATILITY_MEDIUM, FeatureWindows, feature_step, new_ring, scale_step
from trading.steps.market_regime import cash_step
from trading.steps.opinion import confidence_step, is_warm, side_step


def compute_features(bars: Bars, windows: FeatureWindows) -> Floats:
    """Feature vectors of every bar, shape (n, FEATURES); NaN rows during the warm-up.

    Args:
        bars: oldest first.
        windows: look-backs in bars.
    """
    raw = np.empty((len(bars), FEATURES))
    feature_loop(bars.columns(), windows, new_ring(windows), 0, raw)
    return raw


@compile_loop
def feature_loop(bars, windows, ring, count, raw):
    """Write the features of a stretch of bars, going on from a ring that has seen ``count`` bars.

    Args:
        bars: columns of the stretch, each of shape (n,), see :meth:`trading.market.bars.Bars.columns`.
        windows: look-backs in bars.
        ring: rolling state from :func:`trading.steps.features.new_ring`, changed in place.
        count: bars seen before this stretch.
        raw: shape (n, FEATURES), written; NaN during the warm-up.
    """
    for t in range(bars.ts.shape[0]):
        feature_step(ring, count + t, windows, bar_at(bars, t), raw[t])


@compile_loop
def scaled_loop(bars, windows, scaling, ring, count, raw, log_volatility, scaled):
    """Write what a model is given of a stretch of bars, going on from a ring that has seen ``count`` bars.

    Args:
        bars: columns of the stretch, each of shape (n,).
        windows: look-backs in bars.
        scaling: which features the model knows, and their mean and deviation.
        ring: rolling state from :func:`trading.steps.features.new_ring`, changed in place.
        count: bars seen before this stretch.
        raw: shape (FEATURES,), written: the features of the last bar before they are scaled.
        log_volatility: shape (n,), written: logarithm of the standard deviation of one bar's log return.
        scaled: shape (n, F), written, in training standard deviations.
    """
    for t in range(bars.ts.shape[0]):
        feature_step(ring, count + t, windows, bar_at(bars, t), raw)
        log_volatility[t] = raw[LOG_VOLATILITY_MEDIUM]
        scale_step(raw, scaling, scaled[t])


@compile_loop
def side_loop(opinions, features, calibrator, modifier, warm, direction, confidence):
    """Write warm flag, direction and effective confidence of every bar.

    Args:
        opinions: shape (n, OPINION_SIZE), of the engine; NaN while it has none.
        features: shape (n, F), standardised, of the same bars.
        calibrator: of the model, a :class:`trading.steps.opinion.Calibrator`.
        modifier: of the depth of its training.
        warm: shape (n,), written: 1 once the engine has an opinion.
        direction: shape (n,), written: 1 long, -1 short, 0 none.
        confidence: shape (n,), written: 0 to 1, 0 without a direction.
    """
    for t in range(opinions.shape[0]):
        warm[t] = is_warm(opinions[t])
        direction[t] = side_step(opinions[t])
        confidence[t] = confidence_step(opinions[t], features[t], calibrator, modifier)


@compile_loop
def cash_loop(table, direction, confidence, opinions, features, cash):
    """Write of every bar whether nothing may be held on it.

    Args:
        table: rules of the model, a :class:`trading.steps.market_regime.RuleTable`.
        direction: shape (n,), of the signal.
        confidence: shape (n,), effective.
        opinions: shape (n, OPINION_SIZE), of the engine.
        features: shape (n, F), standardised.
        cash: shape (n,), written.
    """
    for t in range(cash.shape[0]):
        cash[t] = cash_step(table, direction[t], confidence[t], opinions[t], features[t])
