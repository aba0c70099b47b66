"""The features by name, in the order of the feature vector."""

from __future__ import annotations

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
