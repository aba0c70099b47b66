from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.arrays import Floats
from trading.seeds import seed_for
from trading.simulation.metrics.ratios import sharpe
from trading.simulation.metrics.uncertainty import (
    MIN_RETURNS,
    sharpe_interval,
    sharpe_standard_error,
)
from trading.statistics.bootstrap import stationary_blocks


def autoregressive(rng: np.random.Generator, count: int, rho: float, mean: float) -> Floats:
    values, shocks = np.empty(count), rng.normal(0.0, 0.01, count)
    values[0] = shocks[0]
    for t in range(1, count):
        values[t] = rho * values[t - 1] + shocks[t]
    return values + mean


def error_by_matrices(returns: Floats, lags: int) -> float:
    """Lo's general form as he writes it: gradient of mean over deviation around the covariance of both moments."""
    count, mean, variance = len(returns), returns.mean(), returns.var()
    moments = np.column_stack([returns - mean, (returns - mean) ** 2 - variance])
    covariance = moments.T @ moments / count
    for lag in range(1, lags + 1):
        shifted = moments[lag:].T @ moments[:-lag] / count
        covariance += (1.0 - lag / (lags + 1.0)) * (shifted + shifted.T)
    gradient = np.array([1.0 / math.sqrt(variance), -mean / (2.0 * variance**1.5)])
    return math.sqrt(gradient @ covariance @ gradient / count)


@given(seed=st.integers(0, 999), count=st.integers(MIN_RETURNS, 300), lags=st.integers(0, 12))
def test_the_standard_error_is_los_general_form(seed: int, count: int, lags: int) -> None:
    returns = np.random.default_rng(seed).standard_t(4, count) * 0.01 + 0.001
    found = sharpe_standard_error(returns, 365.25, lags)
    assert found == pytest.approx(error_by_matrices(returns, lags) * math.sqrt(365.25), rel=1e-9)


@pytest.mark.parametrize(("count", "lags"), [(20, 2), (99, 3), (100, 4), (1_000, 6), (3_000, 8)])
def test_lags_follow_the_rule_of_newey_and_west_if_none_are_named(count: int, lags: int) -> None:
    returns = np.random.default_rng(count).standard_t(4, count) * 0.01
    assert sharpe_standard_error(returns, 365.25) == sharpe_standard_error(returns, 365.25, lags)


def test_there_are_never_more_lags_than_pairs_of_returns() -> None:
    returns = np.random.default_rng(0).standard_t(4, 30) * 0.01
    assert sharpe_standard_error(returns, 365.25, 500) == sharpe_standard_error(returns, 365.25, 29)
    assert sharpe_standard_error(returns, 1.0, 500) == pytest.approx(error_by_matrices(returns, 29), rel=1e-9)


def test_a_ratio_that_no_return_moves_has_no_error_and_one_that_they_hardly_move_a_small_one() -> None:
    # Four of 10 and sixteen of 2.5: mean 4, deviation 3, and every move is 2 - 2 or 0.5 - 0.5.
    returns = np.r_[np.full(4, 10.0), np.full(16, 2.5)]
    assert math.isnan(sharpe_standard_error(returns, 1.0, 0))
    nearly = sharpe_standard_error(returns + np.linspace(0.0, 1e-3, 20), 1.0, 0)
    assert 0.0 < nearly < 1e-3


@pytest.mark.parametrize("count", [64, 1_000])
def test_blocks_are_as_long_as_the_cube_root_of_the_days_if_nothing_is_said(count: int) -> None:
    returns = np.random.default_rng(count).standard_t(4, count) * 0.01
    named = sharpe_interval(returns, 365.25, seed=1, level=0.9, draws=1_000, mean_block=count ** (1.0 / 3.0))
    assert sharpe_interval(returns, 365.25, seed=1) == named


def test_for_independent_normal_returns_it_is_los_short_form() -> None:
    returns = np.random.default_rng(1).normal(0.005, 0.01, 100_000)
    ratio = sharpe(returns, 1.0)
    assert sharpe_standard_error(returns, 1.0) == pytest.approx(math.sqrt((1.0 + ratio**2 / 2.0) / 1e5), rel=0.02)


@pytest.mark.parametrize("rho", [-0.3, 0.0, 0.4])
def test_it_is_how_far_sharpe_ratios_of_the_same_market_lie_apart(rho: float) -> None:
    rng = np.random.default_rng(5)
    samples = [autoregressive(rng, 800, rho, 0.0005) for _ in range(300)]
    apart = np.std([sharpe(returns, 365.25) for returns in samples])
    claimed = np.mean([sharpe_standard_error(returns, 365.25) for returns in samples])
    assert claimed == pytest.approx(apart, rel=0.15)
    # Without lags the error of dependent returns is wrong by far.
    naive = np.mean([sharpe_standard_error(returns, 365.25, 0) for returns in samples])
    assert abs(naive / apart - 1.0) < 0.1 if rho == 0.0 else abs(naive / apart - 1.0) > 0.25


@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_nine_of_ten_intervals_hold_the_ratio_of_the_market(rho: float) -> None:
    rng = np.random.default_rng(6)
    truth = 0.001 / (0.01 / math.sqrt(1.0 - rho**2)) * math.sqrt(365.25)
    held = 0
    for sample in range(200):
        low, high = sharpe_interval(autoregressive(rng, 700, rho, 0.001), 365.25, seed=sample, draws=300)
        held += low <= truth <= high
    assert 0.82 <= held / 200 <= 0.97


def test_an_interval_is_that_of_the_series_written_out() -> None:
    returns = np.random.default_rng(3).standard_t(4, 150) * 0.01
    low, high = sharpe_interval(returns, 365.25, seed=11, level=0.8, draws=200, mean_block=7.0)
    rng = np.random.default_rng(seed_for(11, "metrics", "sharpe_interval"))
    starts, lengths = stationary_blocks(rng, 150, 200, 7.0)
    drawn = [
        sharpe(
            np.concatenate([returns[(start + np.arange(length)) % 150] for start, length in zip(*row, strict=True)]),
            365.25,
        )
        for row in zip(starts, lengths, strict=True)
    ]
    assert (low, high) == pytest.approx(tuple(np.quantile(drawn, (0.1, 0.9))), rel=1e-9)


def test_equal_seeds_draw_equal_intervals_and_others_nearly() -> None:
    returns = np.random.default_rng(2).normal(0.001, 0.01, 500)
    first = sharpe_interval(returns, 365.25, seed=1)
    assert sharpe_interval(returns, 365.25, seed=1) == first
    other = sharpe_interval(returns, 365.25, seed=2)
    assert other != first
    assert other == pytest.approx(first, abs=0.4)


@pytest.mark.parametrize(
    "returns",
    [
        np.zeros(100),
        np.full(100, 0.001),
        np.random.default_rng(0).normal(size=MIN_RETURNS - 1),
        np.r_[np.random.default_rng(0).normal(size=50), math.nan],
        np.r_[np.random.default_rng(0).normal(size=50), math.inf],
        np.empty(0),
    ],
)
def test_what_cannot_be_known_is_nan_and_never_zero(returns: Floats) -> None:
    assert math.isnan(sharpe_standard_error(returns, 365.25))
    assert all(map(math.isnan, sharpe_interval(returns, 365.25, seed=0)))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("steady", [0.0, 0.001, 1.0 / 3.0])
def test_an_account_that_moved_on_one_day_alone_has_no_interval(steady: float) -> None:
    assert all(map(math.isnan, sharpe_interval(np.r_[np.full(99, steady), 0.1], 365.25, seed=0)))


def test_a_thousand_draws_of_two_thousand_days_take_less_than_a_third_of_a_second() -> None:
    returns = np.random.default_rng(0).normal(0.001, 0.01, 2_000)
    sharpe_interval(returns, 365.25, seed=0)
    start = time.perf_counter()
    sharpe_interval(returns, 365.25, seed=0)
    assert time.perf_counter() - start < 0.3
