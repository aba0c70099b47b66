from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import small_bars
from trading.engines.series import compute_features
from trading.steps.features import FEATURE_NAMES, FEATURES, FeatureWindows, feature_step, new_ring, warmup_bars

WINDOWS = FeatureWindows(fast=3, medium=6, slow=24, vwap=12)


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
