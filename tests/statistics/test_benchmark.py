from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.arrays import Floats
from trading.statistics.benchmark import fit_market, long_run_variance, timing_probability

YEAR = 8_766.0


def fitted_by_matrices(returns: Floats, market: Floats, lags: int) -> tuple[float, float, float]:
    """Newey and West as they write it: sandwich of the moments of regressors and rest."""
    x = np.column_stack([np.ones(len(market)), market])
    coefficients = np.linalg.lstsq(x, returns, rcond=None)[0]
    moments = x * (returns - x @ coefficients)[:, None]
    middle = moments.T @ moments
    for lag in range(1, lags + 1):
        shifted = moments[lag:].T @ moments[:-lag]
        middle += (1.0 - lag / (lags + 1.0)) * (shifted + shifted.T)
    bread = np.linalg.inv(x.T @ x)
    return coefficients[0], coefficients[1], math.sqrt((bread @ middle @ bread)[0, 0])


@given(seed=st.integers(0, 999), count=st.integers(30, 300), lags=st.integers(0, 40))
def test_alpha_beta_and_error_are_those_of_the_matrix_form(seed: int, count: int, lags: int) -> None:
    rng = np.random.default_rng(seed)
    market = rng.normal(1e-3, 0.01, count)
    returns = 2e-4 + 0.4 * market + rng.standard_t(4, count) * 0.005
    found = fit_market(returns, market, periods_per_year=YEAR, lags=lags)
    assert found.lags == min(lags, count // 10)
    alpha, beta, error = fitted_by_matrices(returns, market, found.lags)
    share = (found.lags + 1.0) / count
    wider = (1.6449 + 2.1859 * share + 0.3142 * share**2 - 0.3427 * share**3) / 1.6449
    assert (found.alpha / YEAR, found.beta) == pytest.approx((alpha, beta), rel=1e-6, abs=1e-12)
    assert found.alpha_t == pytest.approx(alpha / error / wider, rel=1e-6)


def test_the_ratio_of_what_is_left_is_annualised() -> None:
    rng = np.random.default_rng(0)
    market, rest = rng.normal(0.0, 0.01, 50_000), rng.normal(3e-4, 0.01, 50_000)
    found = fit_market(0.7 * market + rest, market, periods_per_year=YEAR, lags=96)
    assert found.beta == pytest.approx(0.7, abs=0.02)
    assert found.alpha == pytest.approx(rest.mean() * YEAR, rel=0.02)
    assert found.alpha_sharpe == pytest.approx(rest.mean() / rest.std() * math.sqrt(YEAR), rel=0.02)


@pytest.mark.parametrize(("count", "lags"), [(500, 96), (1_500, 96), (6_000, 240)])
def test_of_a_rider_without_alpha_about_one_in_twenty_passes_the_t_value(count: int, lags: int) -> None:
    tries, found = 400, 0
    for seed in range(tries):
        rng = np.random.default_rng([seed, count])
        market = 5e-4 + rng.standard_t(4, count) * 0.01
        # Positions of two days beside a share that is always held, with the drift of what is held taken out.
        held = np.repeat(rng.choice([-1.0, 0.0, 1.0], count // 48 + 1), 48)[:count]
        returns = 0.5 * market + held * (market - 5e-4)
        found += fit_market(returns, market, periods_per_year=YEAR, lags=lags).alpha_t >= 1.645
    assert 0.022 <= found / tries <= 0.08


@pytest.mark.parametrize(
    ("returns", "market"),
    [
        (np.arange(19.0), np.arange(19.0) ** 2),
        (np.r_[np.nan, np.arange(30.0)], np.arange(31.0) ** 2),
        (np.arange(30.0), np.r_[np.inf, np.arange(29.0)]),
        (np.arange(30.0), np.full(30, 0.01)),
    ],
    ids=["few", "nan", "infinite", "still market"],
)
def test_what_cannot_be_fitted_has_no_number(returns: Floats, market: Floats) -> None:
    found = fit_market(returns, market, periods_per_year=YEAR, lags=3)
    assert all(math.isnan(number) for number in found[:4])


def test_a_multiple_of_the_market_has_no_t_value() -> None:
    market = np.random.default_rng(1).normal(0.0, 0.01, 500)
    found = fit_market(0.5 * market, market, periods_per_year=YEAR, lags=10)
    assert found.beta == pytest.approx(0.5)
    assert math.isnan(found.alpha_t)


def test_a_long_run_variance_is_never_negative() -> None:
    alternating = np.tile([1.0, -1.0], 50)
    assert 0.0 <= long_run_variance(alternating, 20) < 0.2
    assert long_run_variance(alternating, 0) == 1.0


def by_shifts(positions: Floats, market: Floats, closest: int) -> float:
    """The same by rolling the positions one shift after the other."""
    moves = market - market.mean()

    def met(shift: int) -> float:
        earned = np.roll(positions, shift) * moves
        return earned.sum() / math.sqrt((earned**2).sum())

    others = [met(shift) for shift in range(closest, len(market) - closest + 1)]
    return (1 + sum(round(other, 9) >= round(met(0), 9) for other in others)) / (1 + len(others))


@given(seed=st.integers(0, 999), count=st.integers(20, 120), closest=st.integers(1, 8))
def test_the_probability_is_that_of_rolling_the_positions(seed: int, count: int, closest: int) -> None:
    rng = np.random.default_rng(seed)
    positions = np.repeat(rng.choice([-0.3, 0.0, 0.2], count), 3)[:count]
    positions[0] = 0.1
    market = rng.normal(size=count) * 0.01
    found = timing_probability(positions, market, closest=closest)
    assert found == pytest.approx(by_shifts(positions, market, closest), abs=1e-12)


def test_positions_that_know_the_market_are_found_and_a_constant_one_is_not() -> None:
    market = np.random.default_rng(2).normal(1e-3, 0.01, 3_000)
    knowing = np.sign(market) * (np.arange(3_000) % 5 == 0)
    assert timing_probability(knowing, market, closest=96) < 0.001
    assert timing_probability(np.ones(3_000), market, closest=96) == 1.0


@pytest.mark.parametrize("count", [300, 2_000])
def test_positions_without_timing_pass_about_one_time_in_twenty(count: int) -> None:
    tries, found = 400, 0
    for seed in range(tries):
        rng = np.random.default_rng([seed, count])
        # A drift, and volatility that comes in spells in which more is held.
        wild = np.repeat(rng.choice([1.0, 3.0], count // 50 + 1), 50)[:count]
        market = 1e-3 + 0.01 * wild * rng.normal(size=count)
        held = np.repeat(rng.choice([0.0, 1.0], count // 20 + 1), 20)[:count] * wild
        found += timing_probability(held, market, closest=20) <= 0.05
    assert 0.022 <= found / tries <= 0.08


@pytest.mark.parametrize(
    ("positions", "market", "closest"),
    [
        (np.zeros(50), np.arange(50.0), 2),
        (np.ones(50), np.ones(50), 2),
        (np.r_[np.nan, np.ones(49)], np.arange(50.0), 2),
        (np.arange(50.0), np.r_[np.inf, np.ones(49)], 2),
        (np.arange(50.0), np.arange(50.0), 26),
    ],
    ids=["nothing held", "still market", "nan", "infinite", "no shift"],
)
def test_where_nothing_can_be_shifted_there_is_no_probability(positions: Floats, market: Floats, closest: int) -> None:
    assert math.isnan(timing_probability(positions, market, closest=closest))


@pytest.mark.parametrize("call", [lambda a, b: fit_market(a, b, periods_per_year=1.0, lags=1), timing_probability])
def test_series_of_different_lengths_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"3.* and 4 returns|3 returns and 4"):
        call(np.zeros(3), np.zeros(4), **({"closest": 1} if call is timing_probability else {}))  # pyright: ignore[reportCallIssue]
