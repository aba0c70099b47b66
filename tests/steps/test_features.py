from __future__ import annotations

import math
import statistics
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import small_bars
from trading.arrays import Floats
from trading.engines.series import compute_features
from trading.steps.bar import Bar
from trading.steps.features import (
    FEATURE_NAMES,
    FEATURES,
    RING_FIELDS,
    FeatureWindows,
    Scaling,
    feature_step,
    new_ring,
    scale_step,
    warmup_bars,
    window_moments,
    window_vwap,
    write,
)

WINDOWS = FeatureWindows(fast=3, medium=6, slow=24, vwap=12)
#: odd and even windows, and the average price's the longest
TINY = FeatureWindows(fast=1, medium=3, slow=4, vwap=5)


def stream(bars: list[Bar], windows: FeatureWindows) -> list[Floats]:
    """The feature vector of every bar, one bar at a time."""
    ring, rows = new_ring(windows), []
    for t, bar in enumerate(bars):
        rows.append(np.full(FEATURES, 9.0))
        feature_step(ring, t, windows, bar, rows[-1])
    return rows


def random_bars(count: int, scale: float, volume: tuple[float, float] = (0.0, 1.0)) -> list[Bar]:
    """Bars that move by about a scale, with volumes from one number to that and another."""
    rng = np.random.default_rng(0)
    bars, close = [], 100.0
    for t in range(count):
        before, close = close, close * math.exp(scale * rng.normal())
        above, below = np.exp(scale * rng.random(2))
        high, low = max(before, close) * above, min(before, close) / below
        bars.append(Bar(t, before, high, low, close, volume[0] + volume[1] * rng.random()))
    return bars


def by_definition(bars: list[Bar], windows: FeatureWindows) -> dict[str, float]:
    """The features of the last bar as they are defined, each with its floor under what it divides by."""
    logs = [math.log(bar.close) for bar in bars]
    returns = [later - earlier for earlier, later in pairwise(logs)]
    ranges = [math.log(bar.high / bar.low) for bar in bars]
    recent = bars[-windows.vwap :]
    traded = [bar.volume for bar in recent]
    typical = [(bar.high + bar.low + bar.close) / 3.0 for bar in recent]
    average = (
        math.fsum(price * volume for price, volume in zip(typical, traded, strict=True)) / math.fsum(traded)
        if any(traded)
        else statistics.fmean(typical)
    )
    near = logs[-windows.vwap :]
    slow = logs[-1] - logs[-1 - windows.slow]
    volatility_slow = math.log(statistics.pstdev(returns[-windows.slow :]) + 1e-8)
    true_range = max(math.log(bars[-1].high), logs[-2]) - min(math.log(bars[-1].low), logs[-2])
    return {
        "log_return_1": returns[-1],
        "log_return_fast": logs[-1] - logs[-1 - windows.fast],
        "log_return_medium": logs[-1] - logs[-1 - windows.medium],
        "log_return_slow": slow,
        "log_volatility_medium": math.log(statistics.pstdev(returns[-windows.medium :]) + 1e-8),
        "log_volatility_slow": volatility_slow,
        "vwap_distance": math.log(bars[-1].close / average),
        "price_zscore": (logs[-1] - statistics.fmean(near)) / (statistics.pstdev(near) + 1e-8),
        "volume_zscore": (traded[-1] - statistics.fmean(traded))
        / (statistics.pstdev(traded) + 1e-8 * (1.0 + statistics.fmean(traded))),
        "log_range_medium": math.log(statistics.fmean(ranges[-windows.medium :]) + 1e-8),
        "efficiency_slow": slow / (math.fsum(map(abs, returns[-windows.slow :])) + 1e-8),
        "trend_slow": slow / (statistics.pstdev(returns[-windows.slow :]) * math.sqrt(windows.slow) + 1e-8),
        "range_surprise": math.log(true_range + 1e-8) - volatility_slow / 3.0,
        "close_location": returns[-1] / (true_range + 1e-8),
    }


@pytest.mark.parametrize("windows", [TINY, FeatureWindows(2, 4, 7, 6)], ids=["average longest", "slow longest"])
@pytest.mark.parametrize("volume", [(0.0, 1e3), (0.0, 1e-8), (1e3, 1e-3), (0.0, 0.0)])
@pytest.mark.parametrize("scale", [1e-2, 1e-8])
def test_every_feature_is_its_definition_also_where_the_market_hardly_moves(
    scale: float, volume: tuple[float, float], windows: FeatureWindows
) -> None:
    bars = random_bars(30, scale, volume)
    rows = stream(bars, windows)
    for t in range(warmup_bars(windows) - 1, len(bars)):
        found = dict(zip(FEATURE_NAMES, rows[t].tolist(), strict=True))
        assert found == pytest.approx(by_definition(bars[: t + 1], windows), rel=1e-6, abs=1e-14)


def test_the_first_vector_stands_at_the_last_bar_of_the_warm_up() -> None:
    assert (warmup_bars(TINY), warmup_bars(WINDOWS)) == (6, 25)
    rows = stream(random_bars(8, 1e-2), TINY)
    assert [bool(np.isnan(row).all()) for row in rows] == [True] * 5 + [False] * 3
    # The first return of all is none, and lies beyond every window but the slowest average's.
    assert np.isfinite(rows[5]).all()


def test_the_first_bar_has_no_return() -> None:
    ring = new_ring(TINY)
    feature_step(ring, 0, TINY, random_bars(1, 1e-2)[0], np.empty(FEATURES))
    assert ring[RING_FIELDS.index("log_close"), 0] != 0.0
    assert ring[RING_FIELDS.index("log_return"), 0] == 0.0


def test_a_ring_holds_every_entry_twice() -> None:
    ring = new_ring(TINY)
    assert ring.shape == (len(RING_FIELDS), 12)
    assert not ring.any()
    write(ring, 2, 8, 5.0)
    assert np.argwhere(ring).tolist() == [[2, 2], [2, 8]]
    assert ring[2, [2, 8]].tolist() == [5.0, 5.0]


@pytest.mark.parametrize("window", [1, 2, 3, 4, 7, 8])
def test_moments_are_of_the_window_alone(window: int) -> None:
    row = np.random.default_rng(1).normal(3.0, 2.0, 20)
    row[::3] *= -1.0
    inside = row[12 - window : 12]
    mean, deviation, path = window_moments(row, 11, window)
    assert mean == pytest.approx(inside.mean(), rel=1e-12)
    assert deviation == pytest.approx(inside.std(), rel=1e-9, abs=1e-12)
    assert path == pytest.approx(np.abs(inside).sum(), rel=1e-12)


def test_an_average_price_is_weighted_by_volume_and_plain_where_nothing_traded() -> None:
    typical, volume = np.array([7.0, 10.0, 20.0, 40.0, 9.0]), np.array([5.0, 0.25, 0.5, 0.25, 5.0])
    assert window_vwap(typical, volume, 3, 3) == 22.5
    assert window_vwap(typical, np.zeros(5), 3, 3) == pytest.approx(70.0 / 3.0)
    assert window_vwap(typical, volume / 1_024.0, 3, 3) == 22.5


def test_a_model_sees_its_own_features_in_units_of_its_training_split() -> None:
    raw = np.arange(FEATURES, dtype=np.float64)
    scaling = Scaling(np.array([3, 0, 7]), np.array([1.0, -2.0, 3.0]), np.array([2.0, 4.0, 0.5]))
    scaled = np.empty(3)
    scale_step(raw, scaling, scaled)
    assert scaled.tolist() == [1.0, 0.5, 8.0]


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(1, 600), seed=st.integers(0, 3))
def test_the_value_at_a_bar_needs_no_later_bar(cut: int, seed: int) -> None:
    bars = small_bars(30, seed)
    whole = compute_features(bars, WINDOWS)
    prefix = compute_features(bars.slice(0, cut), WINDOWS)
    np.testing.assert_array_equal(prefix, whole[:cut])


def test_streaming_bar_by_bar_equals_the_batch() -> None:
    bars = small_bars(20)
    batch = compute_features(bars, WINDOWS)
    ring, out = new_ring(WINDOWS), np.empty(FEATURES)
    for t, bar in enumerate(bars.rows()):
        feature_step(ring, t, WINDOWS, bar, out)
        np.testing.assert_allclose(out, batch[t], rtol=1e-11, atol=1e-13)


def test_warm_up_is_declared_and_marked_with_nan() -> None:
    values = compute_features(small_bars(20), WINDOWS)
    warm = warmup_bars(WINDOWS)
    assert np.isnan(values[: warm - 1]).all()
    assert np.isfinite(values[warm - 1 :]).all()


def test_features_equal_their_definitions_by_pandas() -> None:
    pd = pytest.importorskip("pandas")
    bars = small_bars(20)
    values = pd.DataFrame(compute_features(bars, WINDOWS), columns=list(FEATURE_NAMES)).iloc[100:]
    close, volume = pd.Series(np.log(bars.close)), pd.Series(bars.volume)
    returns = close.diff()
    typical = pd.Series((bars.high + bars.low + bars.close) / 3)
    expected = {
        "log_return_1": returns,
        "log_return_fast": close.diff(3),
        "log_return_slow": close.diff(24),
        "log_volatility_medium": np.log(returns.rolling(6).std(ddof=0)),
        "vwap_distance": close - np.log((typical * volume).rolling(12).sum() / volume.rolling(12).sum()),
        "price_zscore": (close - close.rolling(12).mean()) / close.rolling(12).std(ddof=0),
        "volume_zscore": (volume - volume.rolling(12).mean()) / volume.rolling(12).std(ddof=0),
        "efficiency_slow": close.diff(24) / returns.abs().rolling(24).sum(),
        "log_range_medium": np.log(pd.Series(np.log(bars.high / bars.low)).rolling(6).mean()),
        "trend_slow": close.diff(24) / (returns.rolling(24).std(ddof=0) * np.sqrt(24)),
    }
    for name, series in expected.items():
        np.testing.assert_allclose(values[name], series.iloc[100:], rtol=1e-4, atol=1e-6, err_msg=name)


def test_a_market_that_stands_still_gives_finite_features() -> None:
    bars = small_bars(10)
    frozen = bars.slice(0, 100)
    for column in ("open", "high", "low", "close"):
        getattr(frozen, column)[:] = 100.0
    frozen.volume[:] = 0.0
    assert np.isfinite(compute_features(frozen, WINDOWS)[warmup_bars(WINDOWS) :]).all()
