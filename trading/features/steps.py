"""The feature step: one bar in, one feature vector out, the same code for a year in a loop and for one live bar.

Every window is summed afresh from a ring of recent bars: no running sum can drift, so the value at a bar depends on
the last ``slow + 1`` bars alone and streaming equals batch in every digit.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trading.config import FeatureSpec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEATURE_NAMES = (
    "log_return_1",
    "log_return_fast",
    "log_return_medium",
    "log_return_slow",
    "log_volatility_medium",
    "log_volatility_slow",
    "vwap_distance",
    "price_zscore",
    "volume_zscore",
    "log_range_medium",
    "efficiency_slow",
    "trend_slow",
)
FEATURES = len(FEATURE_NAMES)
LOG_VOLATILITY_MEDIUM = FEATURE_NAMES.index("log_volatility_medium")

# Rows of the ring.
LOG_CLOSE, LOG_RETURN, TYPICAL, VOLUME, LOG_RANGE = 0, 1, 2, 3, 4
RING_ROWS = 5
FLOOR = 1e-8


def feature_windows(spec: FeatureSpec) -> Ints:
    """The look-backs as the step wants them: fast, medium, slow, vwap."""
    return np.array([spec.fast, spec.medium, spec.slow, spec.vwap], dtype=np.int64)


def warmup_bars(spec: FeatureSpec) -> int:
    """Bars before the first complete feature vector; also the longest look-back."""
    return max(spec.slow, spec.vwap) + 1


def new_ring(spec: FeatureSpec) -> Floats:
    """Empty rolling state, shape (RING_ROWS, warm-up)."""
    return np.zeros((RING_ROWS, warmup_bars(spec)))


def feature_step(
    ring: Floats, count: int, windows: Ints, high: float, low: float, close: float, volume: float, out: Floats
) -> None:
    """Take one bar into the ring and write the feature vector of this bar.

    Args:
        ring: rolling state from :func:`new_ring`, changed in place.
        count: bars seen before this one.
        windows: from :func:`feature_windows`, in bars.
        high, low, close: prices of the bar; its open carries no information of its own here.
        volume: traded quantity of the bar.
        out: shape (FEATURES,), written; NaN until the ring is full.
    """
    size = ring.shape[1]
    here = count % size
    log_close = math.log(close)
    ring[LOG_CLOSE, here] = log_close
    ring[LOG_RETURN, here] = log_close - ring[LOG_CLOSE, (count - 1) % size] if count > 0 else 0.0
    ring[TYPICAL, here] = (high + low + close) / 3.0
    ring[VOLUME, here] = volume
    ring[LOG_RANGE, here] = math.log(high / low)
    if count + 1 < size:
        for i in range(out.shape[0]):
            out[i] = math.nan
        return
    fast, medium, slow, vwap = windows[0], windows[1], windows[2], windows[3]
    return_slow = log_close - ring[LOG_CLOSE, (count - slow) % size]
    volatility_medium = window_deviation(ring, LOG_RETURN, count, medium)
    volatility_slow = window_deviation(ring, LOG_RETURN, count, slow)
    out[0] = ring[LOG_RETURN, here]
    out[1] = log_close - ring[LOG_CLOSE, (count - fast) % size]
    out[2] = log_close - ring[LOG_CLOSE, (count - medium) % size]
    out[3] = return_slow
    out[4] = math.log(volatility_medium + FLOOR)
    out[5] = math.log(volatility_slow + FLOOR)
    out[6] = math.log(close / window_vwap(ring, count, vwap))
    out[7] = (log_close - window_mean(ring, LOG_CLOSE, count, vwap)) / (
        window_deviation(ring, LOG_CLOSE, count, vwap) + FLOOR
    )
    mean_volume = window_mean(ring, VOLUME, count, vwap)
    out[8] = (volume - mean_volume) / (window_deviation(ring, VOLUME, count, vwap) + FLOOR * (1.0 + mean_volume))
    out[9] = math.log(window_mean(ring, LOG_RANGE, count, medium) + FLOOR)
    out[10] = return_slow / (window_path(ring, count, slow) + FLOOR)
    out[11] = return_slow / (volatility_slow * math.sqrt(slow) + FLOOR)


def window_mean(ring: Floats, row: int, count: int, window: int) -> float:
    """Mean of the last ``window`` entries of a ring row, the current bar included."""
    size = ring.shape[1]
    total = 0.0
    for back in range(window):
        total += ring[row, (count - back) % size]
    return total / window


def window_deviation(ring: Floats, row: int, count: int, window: int) -> float:
    """Standard deviation of the last ``window`` entries, in two passes against cancellation."""
    size = ring.shape[1]
    mean = window_mean(ring, row, count, window)
    total = 0.0
    for back in range(window):
        gap = ring[row, (count - back) % size] - mean
        total += gap * gap
    return math.sqrt(total / window)


def window_vwap(ring: Floats, count: int, window: int) -> float:
    """Volume-weighted average price; the plain average where nothing traded."""
    size = ring.shape[1]
    value = 0.0
    quantity = 0.0
    for back in range(window):
        at = (count - back) % size
        value += ring[TYPICAL, at] * ring[VOLUME, at]
        quantity += ring[VOLUME, at]
    return value / quantity if quantity > 0.0 else window_mean(ring, TYPICAL, count, window)


def window_path(ring: Floats, count: int, window: int) -> float:
    """Length of the path of log prices: the sum of absolute returns."""
    size = ring.shape[1]
    total = 0.0
    for back in range(window):
        total += abs(ring[LOG_RETURN, (count - back) % size])
    return total
