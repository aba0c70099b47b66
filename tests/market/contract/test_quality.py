from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.market.samples import HOUR_MS, clean_bars, raw_of
from trading.market.bars import Bars
from trading.market.contract.quality import check_quality, excess_kurtosis
from trading.results import CheckResult
from trading.settings.models import MarketSpec

SPEC = MarketSpec()


def told(bars: Bars, late_ms: int = 0) -> dict[str, CheckResult]:
    raw = raw_of(bars)
    return {check.name: check for check in check_quality(raw, SPEC, int(bars.ts[-1]) + bars.interval + late_ms)}


def test_nothing_about_clean_bars_is_unusual_and_nothing_ever_blocks() -> None:
    found = told(clean_bars(500))
    assert all(check.passed for check in found.values())
    assert {check.severity for check in found.values()} == {"warn"}


@given(st.integers(1, 5))
def test_quality_copes_with_the_shortest_histories(n: int) -> None:
    assert told(clean_bars(n))["span"].observed == n


def test_a_file_that_ends_long_before_the_moment_is_told() -> None:
    found = told(clean_bars(500), late_ms=10 * HOUR_MS)
    assert not found["freshness"].passed
    assert found["freshness"].observed == 10


def test_wrong_prints_are_told_with_their_time() -> None:
    bars = clean_bars(500)
    bars.close[250] *= 1.5
    found = told(bars)["outlier_returns"]
    assert not found.passed
    assert {row["ts"] for row in found.evidence["largest"]} == {"2024-01-11 10:00 UTC", "2024-01-11 11:00 UTC"}


def test_a_feed_that_hangs_is_told() -> None:
    bars = clean_bars(500)
    for column in (bars.open, bars.high, bars.low, bars.close):
        column[100:200] = bars.close[100]
    found = told(bars)["frozen_price"]
    assert not found.passed
    assert found.observed == 99


def test_kurtosis_of_known_distributions() -> None:
    rng = np.random.default_rng(0)
    assert abs(excess_kurtosis(rng.standard_normal(200_000))) < 0.1
    assert abs(excess_kurtosis(rng.laplace(size=500_000)) - 3.0) < 0.3
    assert excess_kurtosis(np.ones(10)) == 0.0
