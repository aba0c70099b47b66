from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.signal import lfilter

from trading.arrays import Floats
from trading.statistics.sharpe import (
    SharpeError,
    deflated_sharpe,
    drawn_ratios,
    effective_trials,
    expected_maximum,
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_error,
)

YEAR = 8_766.0


def measured(returns: Floats, *, mean_block: float = 96.0, draws: int = 500, seed: int = 0) -> SharpeError:
    return sharpe_error(returns, YEAR, mean_block=mean_block, draws=draws, rng=np.random.default_rng(seed))


def test_the_ratio_is_mean_over_sample_deviation_by_the_root_of_a_year() -> None:
    returns = np.random.default_rng(0).normal(1e-4, 0.01, 2_000)
    assert measured(returns).ratio == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(YEAR))


def test_for_independent_returns_the_error_is_los_closed_form() -> None:
    returns = np.random.default_rng(1).normal(2e-4, 0.01, 20_000)
    found = measured(returns, mean_block=5.0, draws=2_000)
    assert found.error == pytest.approx(math.sqrt(YEAR / 20_000), rel=0.05)
    assert found.low == pytest.approx(found.ratio - 1.645 * found.error, abs=0.1 * found.error)
    assert found.high == pytest.approx(found.ratio + 1.645 * found.error, abs=0.1 * found.error)


def test_dependence_within_a_block_is_in_the_error() -> None:
    rng = np.random.default_rng(2)
    # The long-run variance of an autoregression with 0.9 is 19 times its variance.
    returns = 0.01 * np.asarray(lfilter([1.0], [1.0, -0.9], rng.normal(size=40_000)))
    blocks, single = (measured(returns, mean_block=block) for block in (200.0, 1.0))
    assert blocks.error / single.error == pytest.approx(math.sqrt(19.0), rel=0.1)


def test_drawn_ratios_are_those_of_the_series_written_out() -> None:
    from trading.statistics.bootstrap import stationary_blocks

    returns = np.random.default_rng(3).standard_t(4, 120) * 0.01
    found = drawn_ratios(returns, mean_block=7.0, draws=30, rng=np.random.default_rng(4))
    starts, lengths = stationary_blocks(np.random.default_rng(4), 120, 30, 7.0)
    for ratio, row, sizes in zip(found, starts, lengths, strict=True):
        drawn = np.concatenate(
            [returns[(start + np.arange(size)) % 120] for start, size in zip(row, sizes, strict=True)]
        )
        assert ratio == pytest.approx(drawn.mean() / drawn.std(ddof=1))


@pytest.mark.parametrize(
    "returns",
    [np.zeros(900), np.full(900, 0.01), np.r_[np.nan, np.ones(900)], np.array([0.1])],
    ids=["zeros", "all alike", "one not finite", "one alone"],
)
def test_returns_that_never_move_or_are_not_finite_have_no_ratio_and_prove_nothing(returns: Floats) -> None:
    found = measured(returns)
    assert all(math.isnan(number) for number in found)
    assert math.isnan(probabilistic_sharpe(found, 0.0))
    assert math.isnan(deflated_sharpe(found, 2.0))
    assert math.isnan(minimum_track_record(found, 0.0, years=1.0))


def test_a_record_of_fewer_than_four_blocks_has_a_ratio_and_no_error() -> None:
    returns = np.random.default_rng(5).normal(0.001, 0.01, 384)
    assert math.isfinite(measured(returns).error)
    short = measured(returns[1:])
    assert math.isfinite(short.ratio)
    assert math.isnan(short.error)
    assert math.isnan(probabilistic_sharpe(short, 0.0))


@pytest.mark.parametrize(("count", "block"), [(500, 96.0), (1_500, 96.0), (6_000, 240.0)])
def test_a_strategy_worth_nothing_is_called_significant_about_one_time_in_twenty(count: int, block: float) -> None:
    tries = 400
    found = 0
    for seed in range(tries):
        rng = np.random.default_rng([seed, count])
        # Positions of two days, long, short or none, on a market with fat tails.
        held = np.repeat(rng.choice([-1.0, 0.0, 1.0], count // 48 + 1), 48)[:count]
        found += (
            probabilistic_sharpe(measured(held * rng.standard_t(4, count), mean_block=block, seed=seed), 0.0) >= 0.95
        )
    # Two and a half deviations of a share of 5 % over so many tries.
    assert 0.022 <= found / tries <= 0.08


def test_with_many_blocks_the_probability_is_the_normal_one_of_bailey_and_lopez_de_prado() -> None:
    found = SharpeError(ratio=1.5, error=0.9, low=0.0, high=3.0, freedom=1e6)
    assert probabilistic_sharpe(found, 0.0) == pytest.approx(stats.norm.cdf(1.5 / 0.9), abs=1e-6)
    few = found._replace(freedom=4.0)
    assert probabilistic_sharpe(few, 0.0) == pytest.approx(stats.t.cdf(1.5 / 0.9, 4.0))
    assert probabilistic_sharpe(few, 1.5) == 0.5


@pytest.mark.parametrize("trials", [2, 5, 60])
def test_the_expected_maximum_is_that_of_simulated_numbers(trials: int) -> None:
    drawn = np.random.default_rng(6).normal(size=(40_000, trials)).max(axis=1)
    assert expected_maximum(trials) == pytest.approx(drawn.mean(), abs=0.015)


def test_the_expected_maximum_has_its_closed_forms_and_is_near_the_papers_for_many() -> None:
    assert expected_maximum(1.0) == pytest.approx(0.0, abs=1e-12)
    assert expected_maximum(2.0) == pytest.approx(1.0 / math.sqrt(math.pi), abs=1e-6)
    assert expected_maximum(3.0) == pytest.approx(1.5 / math.sqrt(math.pi), abs=1e-6)
    euler, normal = 0.5772156649, stats.norm
    paper = (1.0 - euler) * normal.ppf(1.0 - 1.0 / 1_000) + euler * normal.ppf(1.0 - 1.0 / (1_000 * math.e))
    assert expected_maximum(1_000.0) == pytest.approx(paper, rel=0.01)


@given(trials=st.floats(1.0, 400.0), more=st.floats(0.01, 50.0))
def test_more_trials_never_make_a_ratio_look_better(trials: float, more: float) -> None:
    found = SharpeError(ratio=2.0, error=0.8, low=0.7, high=3.3, freedom=50.0)
    assert expected_maximum(trials) < expected_maximum(trials + more)
    assert deflated_sharpe(found, trials + more) < deflated_sharpe(found, trials) <= probabilistic_sharpe(found, 0.0)


def test_a_single_trial_is_not_deflated() -> None:
    found = SharpeError(ratio=2.0, error=0.8, low=0.7, high=3.3, freedom=50.0)
    assert deflated_sharpe(found, 1.0) == pytest.approx(probabilistic_sharpe(found, 0.0))


@given(trials=st.integers(1, 400), correlation=st.floats(-0.5, 1.0))
def test_effective_trials_lie_between_one_and_all(trials: int, correlation: float) -> None:
    found = effective_trials(trials, correlation)
    assert found >= 1.0 - 1e-12
    assert found <= trials
    assert correlation > 0.0 or found == trials


def test_thirty_nights_that_correlate_as_measured_are_little_more_than_one_trial() -> None:
    assert effective_trials(30, 0.82) == pytest.approx(1.21, abs=0.01)
    assert effective_trials(30, 1.0) == pytest.approx(1.0)


def test_of_correlated_trials_the_largest_is_over_the_benchmark_of_independent_ones_less_often() -> None:
    rng = np.random.default_rng(7)
    common, own = rng.normal(size=(20_000, 1)), rng.normal(size=(20_000, 30))
    largest = (math.sqrt(0.8) * common + math.sqrt(0.2) * own).max(axis=1)
    raw, effective = expected_maximum(30), expected_maximum(effective_trials(30, 0.8))
    assert np.mean(largest > raw) < 0.15
    assert 0.0 < effective < largest.mean() < raw


def test_the_minimum_record_brings_the_probability_to_the_confidence() -> None:
    found = SharpeError(ratio=1.2, error=0.9, low=0.0, high=2.7, freedom=1e6)
    years = minimum_track_record(found, 0.0, years=1.36)
    assert years == pytest.approx(1.36 * (1.6449 * 0.9 / 1.2) ** 2, rel=1e-4)
    longer = found._replace(error=found.error * math.sqrt(1.36 / years))
    assert probabilistic_sharpe(longer, 0.0) == pytest.approx(0.95, abs=1e-4)
    assert minimum_track_record(found, 1.2, years=1.36) == math.inf


@pytest.mark.parametrize("call", [lambda: effective_trials(0, 0.5), lambda: expected_maximum(0.5)])
def test_fewer_trials_than_one_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match="at least"):
        call()  # pyright: ignore[reportCallIssue]
