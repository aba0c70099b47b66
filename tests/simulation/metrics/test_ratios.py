from __future__ import annotations

import math

import numpy as np
import pytest

from trading.simulation.metrics.ratios import cagr, calmar, sharpe, sortino, tail_ratio, volatility

RETURNS = np.array([0.01, -0.02, 0.03, 0.0])


def test_ratios_follow_their_formulas() -> None:
    assert sharpe(RETURNS, 100.0) == pytest.approx(RETURNS.mean() / RETURNS.std(ddof=1) * 10)
    assert sortino(RETURNS, 100.0) == pytest.approx(RETURNS.mean() / 0.01 * 10)
    assert volatility(RETURNS, 100.0) == pytest.approx(RETURNS.std(ddof=1) * 10)


def test_two_returns_are_enough_for_a_ratio() -> None:
    two = np.array([0.03, -0.01])
    assert sharpe(two, 1.0) == pytest.approx(0.01 / (0.02 * math.sqrt(2.0)))
    assert sortino(two, 1.0) == pytest.approx(0.01 / (0.01 / math.sqrt(2.0)))
    assert volatility(two, 1.0) == pytest.approx(0.02 * math.sqrt(2.0))


def test_half_a_year_of_a_tenth_grows_by_a_fifth_a_year() -> None:
    assert cagr(np.array([0.1]), 2.0) == pytest.approx(0.21)
    assert cagr(np.array([0.21, 0.0, 0.0, 0.0]), 2.0) == pytest.approx(0.1)


def test_calmar_is_growth_over_drawdown() -> None:
    # 100, 80, 121 in two years: a tenth a year, after a fall of a fifth.
    assert calmar(np.array([-0.2, 0.5125]), 1.0) == pytest.approx(0.1 / 0.2)


def test_tail_ratio_compares_the_twentieths_at_both_ends() -> None:
    returns = np.arange(-100, 301) / 1_000.0
    assert tail_ratio(returns) == pytest.approx(0.28 / 0.08)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("returns", [np.zeros(30), np.full(30, 0.001), np.array([0.01]), np.empty(0)])
def test_a_ratio_without_anything_to_divide_by_is_nan(returns: np.ndarray) -> None:
    assert math.isnan(sharpe(returns, 365.25))
    assert math.isnan(sortino(returns, 365.25))
    assert math.isnan(calmar(returns, 365.25))


def test_growth_that_is_steady_but_for_rounding_has_no_sharpe_ratio() -> None:
    equity = 100.0 * 1.001 ** np.arange(1_000)
    returns = equity[1:] / equity[:-1] - 1.0
    assert returns.std() > 0.0
    assert math.isnan(sharpe(returns, 365.25))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_return_that_is_no_number_leaves_no_figure_finite(bad: float) -> None:
    returns = np.r_[RETURNS, bad]
    with np.errstate(invalid="ignore"):
        figures = [figure(returns, 365.25) for figure in (sharpe, volatility, cagr, calmar)]
        tail = tail_ratio(np.full(3, bad))
    assert not any(map(math.isfinite, [*figures, tail]))


def test_a_rate_that_is_too_large_for_a_number_is_none() -> None:
    assert math.isnan(cagr(np.array([1e3]), 365.25))
    assert math.isnan(cagr(np.array([math.inf]), 1.0))


def test_a_loss_of_everything_grows_by_minus_one_and_one_of_more_has_no_rate() -> None:
    assert cagr(np.array([-1.0, 0.0]), 365.25) == -1.0
    assert math.isnan(cagr(np.array([-1.5, 0.0]), 365.25))
    assert math.isnan(cagr(np.empty(0), 365.25))


def test_a_tail_ratio_needs_a_lower_percentile() -> None:
    assert math.isnan(tail_ratio(np.r_[np.zeros(99), -0.1]))
    assert math.isnan(tail_ratio(np.empty(0)))


@pytest.mark.filterwarnings("error")
def test_what_never_moved_has_no_volatility_and_what_is_too_short_has_no_figure() -> None:
    assert volatility(np.zeros(5), 365.25) == 0.0
    assert math.isnan(volatility(np.zeros(1), 365.25))
