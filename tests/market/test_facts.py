from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from tests.support import small_bars, small_path
from trading.market.facts import FACTS, stylised_facts


def test_the_embedded_market_has_the_stylised_facts_of_real_ones() -> None:
    found = stylised_facts(small_path(700).bars)
    assert set(found) == set(FACTS)
    assert found["excess_kurtosis"] > 3
    assert abs(found["autocorrelation_returns_1"]) < 0.05
    assert found["autocorrelation_absolute_1"] > found["autocorrelation_absolute_60"] > 0.05
    assert found["volume_volatility"] > 0.2


def test_a_random_walk_has_none_of_them() -> None:
    rng = np.random.default_rng(0)
    bars = small_bars(120)
    walk = replace(bars, close=np.exp(np.cumsum(rng.normal(size=len(bars)) * 0.01)), volume=rng.uniform(size=len(bars)))
    found = stylised_facts(walk)
    assert all(abs(found[name]) < 0.3 for name in FACTS if name not in ("bars", "annual_volatility"))


def test_a_market_that_stands_still_has_no_correlations() -> None:
    bars = small_bars(10)
    found = stylised_facts(replace(bars, close=np.ones(len(bars))))
    assert math.isnan(found["autocorrelation_absolute_1"])
