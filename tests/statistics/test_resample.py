from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.statistics.bootstrap import stationary_blocks
from trading.statistics.resample import NO_BAND, quantile_band, resampled_positions, wilson_band


@given(count=st.integers(1, 60), mean_block=st.floats(1.0, 20.0), seed=st.integers(0, 99))
def test_a_draw_is_the_blocks_laid_end_to_end_around_the_end_of_the_series(
    count: int, mean_block: float, seed: int
) -> None:
    starts, lengths = stationary_blocks(np.random.default_rng(seed), count, 3, mean_block)
    drawn = list(resampled_positions(np.random.default_rng(seed), count, 3, mean_block))
    for start, length, positions in zip(starts, lengths, drawn, strict=True):
        expected = [(s + step) % count for s, run in zip(start, length, strict=True) for step in range(run)]
        assert positions.tolist() == expected


def test_a_band_holds_the_middle_of_the_draws() -> None:
    assert quantile_band(np.arange(1_001.0), level=0.8) == pytest.approx((100.0, 900.0))


def test_a_few_draws_without_a_number_are_left_out_and_many_leave_no_band() -> None:
    assert quantile_band([math.nan, *range(99)]).high > 90.0
    assert all(map(math.isnan, quantile_band([math.nan] * 11 + [1.0] * 89)))
    assert all(map(math.isnan, quantile_band([])))


@pytest.mark.parametrize(("share", "count"), [(math.nan, 10.0), (0.5, 0.0), (0.5, math.nan), (1.1, 10.0)])
def test_a_proportion_of_nothing_has_no_interval(share: float, count: float) -> None:
    assert wilson_band(share, count) is NO_BAND


def test_wilsons_interval_is_that_of_statsmodels() -> None:
    # proportion_confint(8, 10, method="wilson")
    assert wilson_band(0.8, 10) == pytest.approx((0.4901624715366418, 0.9433178485456247))
