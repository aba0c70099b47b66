"""The feature step: one bar in, one feature vector out, the same code for a year in a loop and for one live bar.

Every window is summed afresh from a ring of recent bars: no running sum can drift, so the value at a bar depends on
the last bars alone and streaming equals batch. The ring keeps every entry twice, one ring length apart, so a window
is always one straight piece.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.steps.bar import Bar

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
    "range_surprise",
    "close_location",
)
"""The features by name, in the order in which the step writes them."""

FEATURES = len(FEATURE_NAMES)
LOG_RETURN_1 = FEATURE_NAMES.index("log_return_1")
LOG_VOLATILITY_MEDIUM = FEATURE_NAMES.index("log_volatility_medium")

RING_FIELDS = ("log_close", "log_return", "typical", "volume", "log_range")
LOG_CLOSE, LOG_RETURN, TYPICAL, VOLUME, LOG_RANGE = range(len(RING_FIELDS))
FLOOR = 1e-8
PERSISTENCE = 1.0 / 3.0
"""Share of the recent log volatility that a bar's log range is expected to repeat, whatever the regime. On embedded
markets the likelihood of a regime model over what is left is largest at 0.3 to 0.4."""


class FeatureWindows(NamedTuple):
    """Look-backs of the feature steps, in bars."""

    fast: int
    medium: int
    slow: int
    vwap: int


class Scaling(NamedTuple):
    """Which features a model knows, and their mean and standard deviation on its training split; shape (F,) each.

    ``chosen`` are places in :data:`FEATURE_NAMES`: a model of an earlier release knows the features of that release.
    """

    chosen: Ints
    mean: Floats
    deviation: Floats


def warmup_bars(windows: FeatureWindows) -> int:
    """Bars before the first complete feature vector; also the longest look-back.

    Args:
        windows: look-backs in bars.
    """
    return max(windows.slow, windows.vwap) + 1


def new_ring(windows: FeatureWindows) -> Floats:
    """Empty rolling state, shape (len(RING_FIELDS), 2 * warm-up).

    Args:
        windows: look-backs in bars; the longest sets the ring's length.
    """
    return np.zeros((len(RING_FIELDS), 2 * warmup_bars(windows)))


def feature_step(ring: Floats, count: int, windows: FeatureWindows, bar: Bar, out: Floats) -> None:
    """Take one bar into the ring and write the feature vector of this bar.

    Args:
        ring: rolling state from :func:`new_ring`, changed in place.
        count: bars seen before this one.
        windows: look-backs in bars.
        bar: closed bar; its open carries no information of its own here.
        out: shape (FEATURES,), written; NaN until the ring is full.
    """
    size = ring.shape[1] // 2
    log_close = math.log(bar.close)
    # The last entry stands just before this one, or in the copy a ring length on.
    before = ring[LOG_CLOSE, (count - 1) % size + size] if count > 0 else log_close
    write(ring, LOG_CLOSE, count, log_close)
    write(ring, LOG_RETURN, count, log_close - before)
    write(ring, TYPICAL, count, (bar.high + bar.low + bar.close) / 3.0)
    write(ring, VOLUME, count, bar.volume)
    write(ring, LOG_RANGE, count, math.log(bar.high / bar.low))
    if count + 1 < size:
        for i in range(out.shape[0]):
            out[i] = math.nan
        return
    here = count % size + size
    fast, medium, slow, vwap = windows.fast, windows.medium, windows.slow, windows.vwap
    return_slow = log_close - ring[LOG_CLOSE, here - slow]
    _, volatility_medium, _ = window_moments(ring[LOG_RETURN], here, medium)
    _, volatility_slow, path = window_moments(ring[LOG_RETURN], here, slow)
    mean_log_close, deviation_log_close, _ = window_moments(ring[LOG_CLOSE], here, vwap)
    mean_volume, deviation_volume, _ = window_moments(ring[VOLUME], here, vwap)
    mean_range, _, _ = window_moments(ring[LOG_RANGE], here, medium)
    out[0] = log_close - before
    out[1] = log_close - ring[LOG_CLOSE, here - fast]
    out[2] = log_close - ring[LOG_CLOSE, here - medium]
    out[3] = return_slow
    out[4] = math.log(volatility_medium + FLOOR)
    out[5] = math.log(volatility_slow + FLOOR)
    out[6] = math.log(bar.close / window_vwap(ring[TYPICAL], ring[VOLUME], here, vwap))
    out[7] = (log_close - mean_log_close) / (deviation_log_close + FLOOR)
    out[8] = (bar.volume - mean_volume) / (deviation_volume + FLOOR * (1.0 + mean_volume))
    out[9] = math.log(mean_range + FLOOR)
    out[10] = return_slow / (path + FLOOR)
    out[11] = return_slow / (volatility_slow * math.sqrt(slow) + FLOOR)
    # The range of this bar alone, with the gap before it.
    true_range = max(math.log(bar.high), before) - min(math.log(bar.low), before)
    out[12] = math.log(true_range + FLOOR) - PERSISTENCE * out[5]
    out[13] = (log_close - before) / (true_range + FLOOR)


def scale_step(raw: Floats, scaling: Scaling, scaled: Floats) -> None:
    """Write the features a model knows in units of its training split.

    Args:
        raw: shape (FEATURES,).
        scaling: of the model.
        scaled: shape (F,), written.
    """
    for i in range(scaled.shape[0]):
        scaled[i] = (raw[scaling.chosen[i]] - scaling.mean[i]) / scaling.deviation[i]


def write(ring: Floats, row: int, count: int, value: float) -> None:
    """Put one entry into its place and into the copy of that place.

    Args:
        ring: rolling state.
        row: which series of the ring.
        count: bars seen before this one.
        value: of this bar.
    """
    size = ring.shape[1] // 2
    ring[row, count % size] = value
    ring[row, count % size + size] = value


def window_moments(row: Floats, here: int, window: int) -> tuple[float, float, float]:
    """Mean, standard deviation and sum of absolute values of the ``window`` entries that end at ``here``.

    One pass: deviations are taken from the newest entry, which keeps their squares small against cancellation.

    Args:
        row: one series of the ring.
        here: place of the newest entry.
        window: number of entries.
    """
    shift = row[here]
    total = 0.0
    squares = 0.0
    path = 0.0
    # Two sums side by side: the processor need not wait for one addition before it starts the next.
    total_odd = 0.0
    squares_odd = 0.0
    path_odd = 0.0
    first = here - window + 1
    for at in range(first, here, 2):
        gap = row[at] - shift
        total += gap
        squares += gap * gap
        path += abs(row[at])
        gap_odd = row[at + 1] - shift
        total_odd += gap_odd
        squares_odd += gap_odd * gap_odd
        path_odd += abs(row[at + 1])
    if window % 2 == 1:
        path += abs(shift)
    mean = (total + total_odd) / window
    variance = (squares + squares_odd) / window - mean * mean
    return shift + mean, math.sqrt(max(variance, 0.0)), path + path_odd


def window_vwap(typical: Floats, volume: Floats, here: int, window: int) -> float:
    """Volume-weighted average price of the window; the plain average where nothing traded.

    Args:
        typical: typical prices of the ring.
        volume: volumes of the ring.
        here: place of the newest entry.
        window: number of entries.
    """
    value = 0.0
    quantity = 0.0
    plain = 0.0
    for at in range(here - window + 1, here + 1):
        value += typical[at] * volume[at]
        quantity += volume[at]
        plain += typical[at]
    return value / quantity if quantity > 0.0 else plain / window
