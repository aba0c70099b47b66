from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from trading.arrays import Floats
from trading.statistics.distances import ks_distance, ks_of_counts, psi, psi_of_counts, quantile_edges
from trading.statistics.stationarity import codes_of, counts_of

SAMPLES = st.lists(st.floats(-1e6, 1e6), min_size=30, max_size=80).map(np.array)
ROUNDED = st.lists(st.integers(-3, 3), min_size=2, max_size=60).map(lambda values: np.array(values, dtype=np.float64))


@given(first=SAMPLES, second=SAMPLES, bins=st.integers(3, 20))
def test_psi_and_distance_are_zero_for_equal_samples_and_never_negative(first: Floats, second: Floats, bins: int):
    assert psi(first, first, bins) == 0.0
    assert psi(first, second, bins) >= 0.0
    assert ks_distance(first, first) == 0.0
    assert 0.0 <= ks_distance(first, second) <= 1.0


@given(first=st.one_of(SAMPLES, ROUNDED), second=st.one_of(SAMPLES, ROUNDED))
def test_the_distance_is_that_of_scipy_with_and_without_ties(first: Floats, second: Floats):
    expected: Any = ks_2samp(first, second, method="asymp")
    assert ks_distance(first, second) == pytest.approx(expected.statistic, abs=1e-12)
    assert ks_distance(second, first) == ks_distance(first, second)


@given(first=st.one_of(SAMPLES, ROUNDED), second=st.one_of(SAMPLES, ROUNDED), bins=st.integers(3, 12))
def test_counts_give_the_same_psi_and_at_most_the_distance(first: Floats, second: Floats, bins: int):
    edges = quantile_edges(first, bins)
    before, after = (counts_of(codes_of([values], [edges]), len(edges) + 1) for values in (first, second))
    assert psi_of_counts(before, after)[0] == psi(first, second, bins)
    assert ks_of_counts(before, after)[0] <= ks_distance(first, second) + 1e-12


def test_psi_is_the_sum_over_deciles_by_hand():
    reference = np.arange(100.0)
    current = np.concatenate([np.arange(50.0), np.arange(50.0)])
    # Five bins hold twice their share, five hold none and are given the smallest.
    expected = 5 * (0.1 - 0.2) * np.log(0.1 / 0.2) + 5 * (0.1 - 1e-4) * np.log(0.1 / 1e-4)
    assert psi(reference, current, 10) == pytest.approx(expected, rel=1e-12)


def test_one_outlier_does_not_hide_a_shift():
    rng = np.random.default_rng(5)
    reference, current = rng.normal(size=4_000), rng.normal(1.5, 1.0, size=2_000)
    before = psi(reference, current, 10)
    current[0] = 1e9
    assert psi(reference, current, 10) == pytest.approx(before, abs=0.01)


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_a_value_that_fills_whole_bins_has_one_of_its_own_and_is_missed_when_it_goes(value: float):
    rng = np.random.default_rng(6)
    reference = np.where(rng.random(3_000) < 0.4, value, rng.normal(size=3_000))
    assert psi(reference, rng.permutation(reference)[:1_500], 10) < 0.02
    assert psi(reference, rng.normal(size=1_500), 10) > 1.0
    assert psi(reference, np.full(1_500, value), 10) > 1.0


def test_a_series_that_never_changes_is_missed_when_it_does():
    always = np.full(500, 0.25)
    assert psi(always, always, 10) == 0.0
    assert psi(always, np.full(100, 0.26), 10) > 5.0
    assert psi(always, np.full(100, 0.24), 10) > 5.0
