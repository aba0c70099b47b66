"""Features of a whole series by the compiled feature step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trading.config import FeatureSpec
from trading.features.steps import FEATURES, feature_step, feature_windows, new_ring
from trading.market.bars import Bars
from trading.simulation.compiled import compile_loop

Floats = NDArray[np.float64]


def compute_features(bars: Bars, spec: FeatureSpec) -> Floats:
    """Feature vectors of every bar, shape (n, FEATURES); NaN rows during the warm-up."""
    return _loop(bars.high, bars.low, bars.close, bars.volume, new_ring(spec), feature_windows(spec))


@compile_loop
def _loop(high, low, close, volume, ring, windows):
    out = np.empty((close.shape[0], FEATURES))
    for t in range(close.shape[0]):
        feature_step(ring, t, windows, high[t], low[t], close[t], volume[t], out[t])
    return out
