"""Features of a whole series by the compiled feature step."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats
from trading.compiled import compile_loop
from trading.market.bars import Bars
from trading.settings.models import FeatureSpec
from trading.steps.features import FEATURES, feature_step, feature_windows, new_ring


def compute_features(bars: Bars, spec: FeatureSpec) -> Floats:
    """Feature vectors of every bar, shape (n, FEATURES); NaN rows during the warm-up."""
    return _loop(bars.high, bars.low, bars.close, bars.volume, new_ring(spec), feature_windows(spec))


@compile_loop
def _loop(high, low, close, volume, ring, windows):
    out = np.empty((close.shape[0], FEATURES))
    for t in range(close.shape[0]):
        feature_step(ring, t, windows, high[t], low[t], close[t], volume[t], out[t])
    return out
