"""Features, direction and confidence of whole series by the compiled steps."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats
from trading.compiled import compile_loop
from trading.market.bars import Bars
from trading.steps.bar import bar_at
from trading.steps.features import FEATURES, FeatureWindows, feature_step, new_ring, scale_step
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
    """Write the features of a stretch of bars, going on from a ring that has seen ``count`` bars."""
    for t in range(bars.ts.shape[0]):
        feature_step(ring, count + t, windows, bar_at(bars, t), raw[t])


@compile_loop
def scale_loop(raw, scaling, scaled):
    """Write the features that a model knows in units of its training split."""
    for t in range(raw.shape[0]):
        scale_step(raw[t], scaling, scaled[t])


@compile_loop
def side_loop(opinions, knots_x, knots_y, warm, direction, confidence):
    """Write warm flag, direction and effective confidence of every bar."""
    for t in range(opinions.shape[0]):
        warm[t] = is_warm(opinions[t])
        direction[t] = side_step(opinions[t])
        confidence[t] = confidence_step(opinions[t], knots_x, knots_y)
