"""Laws are recovered from their own numbers, and block draws measure the error of a mean that hangs together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.market.impact.law import block_draws, fit_law

X = 1e-4 * 10.0 ** (np.arange(10) / 5)


@given(y=st.floats(1e-3, 10.0), exponent=st.floats(0.1, 2.0))
def test_a_law_is_recovered_from_its_own_costs(y: float, exponent: float) -> None:
    law = fit_law(X, y * X**exponent)
    assert (law.y, law.exponent, law.r2) == pytest.approx((y, exponent, 1.0))
    held = fit_law(X, y * X**exponent, exponent)
    assert (held.y, held.exponent, held.r2) == pytest.approx((y, exponent, 1.0))


def test_a_held_exponent_that_is_wrong_explains_less() -> None:
    held = fit_law(X, 2.0 * X**1.1, 0.5)
    assert held.exponent == 0.5
    # By hand: residuals in logarithms are 0.6 of the deviations of log size, the total 1.1 of them.
    assert held.r2 == pytest.approx(1.0 - (0.6 / 1.1) ** 2)


def error_of_mean(series: np.ndarray, block: int) -> float:
    draws = block_draws(len(series), block=block, draws=2_000, seed=3)
    return float(series[draws].mean(axis=1).std(ddof=1))


def test_the_error_of_the_mean_of_independent_numbers_is_sigma_over_root_n() -> None:
    series = np.random.default_rng(1).normal(0.0, 2.0, 3_000)
    assert error_of_mean(series, 1) == pytest.approx(series.std() / math.sqrt(3_000), rel=0.06)


def test_blocks_see_that_neighbours_hang_together() -> None:
    rng = np.random.default_rng(1)
    series = np.zeros(20_000)
    for at in range(1, len(series)):
        series[at] = 0.8 * series[at - 1] + rng.normal()
    # The mean of an autoregression of 0.8 with unit shocks has the error 1 / (1 - 0.8) / sqrt(n).
    assert error_of_mean(series, 100) == pytest.approx(5.0 / math.sqrt(20_000), rel=0.12)
    assert error_of_mean(series, 1) < 0.5 * error_of_mean(series, 100)


def test_draws_are_runs_of_neighbours_and_follow_from_the_seed() -> None:
    draws = block_draws(100, block=30, draws=50, seed=4)
    assert draws.shape == (50, 90)
    assert (np.diff(draws.reshape(50, 3, 30), axis=2) == 1).all()
    assert (draws.min(), draws.max()) == (0, 99)
    np.testing.assert_array_equal(draws, block_draws(100, block=30, draws=50, seed=4))
    assert (draws != block_draws(100, block=30, draws=50, seed=5)).any()
