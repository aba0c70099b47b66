from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student_t

from tests.support.twins import equal_pair
from trading.arrays import Floats
from trading.statistics.bootstrap import stationary_blocks
from trading.statistics.paired import _DRAWS_AT_A_TIME, UNKNOWN, paired_sharpe_difference

YEAR = 8766.0


def compare(one: Floats, other: Floats, seed: int = 0, draws: int = 1_000):
    return paired_sharpe_difference(one, other, periods_per_year=YEAR, draws=draws, seed=seed)


def annual_sharpe(returns: Floats) -> float:
    return float(np.mean(returns) / np.std(returns, ddof=1) * math.sqrt(YEAR))


def hac_standard_error(one: Floats, other: Floats, lags: int) -> float:
    """Ledoit and Wolf (2008), section 3.1: the delta method over four moments, with Bartlett's weights."""
    moments = np.stack([one, other, one**2, other**2], axis=1)
    (m1, m2, s1, s2), centred = moments.mean(axis=0), moments - moments.mean(axis=0)
    v1, v2 = s1 - m1**2, s2 - m2**2
    slope = np.array([s1 / v1**1.5, -s2 / v2**1.5, -m1 / (2.0 * v1**1.5), m2 / (2.0 * v2**1.5)])
    psi = centred.T @ centred / len(one)
    for lag in range(1, lags + 1):
        gamma = centred[lag:].T @ centred[:-lag] / len(one)
        psi += (1.0 - lag / (lags + 1.0)) * (gamma + gamma.T)
    return math.sqrt(slope @ psi @ slope / len(one) * YEAR)


def test_the_difference_is_that_of_the_sharpe_ratios_and_its_error_that_of_ledoit_and_wolf() -> None:
    errors: list[float] = []
    for seed in range(5):
        one, other = equal_pair(seed, gain=1.0)
        found = compare(one, other, seed)
        assert found.difference == pytest.approx(annual_sharpe(one) - annual_sharpe(other))
        assert found.correlation == pytest.approx(np.corrcoef(one, other)[0, 1])
        assert found.low < found.difference < found.high
        errors.append(found.se / hac_standard_error(one, other, 96))
    assert np.mean(errors) == pytest.approx(1.0, abs=0.15)


def test_the_numbers_are_those_of_both_series_drawn_again_and_written_out() -> None:
    count, block, draws, year = 240, 9.0, _DRAWS_AT_A_TIME + 40, 365.25
    rng = np.random.default_rng(5)
    pair = 0.01 * rng.standard_t(5, (2, count)) + np.array([[0.002], [0.0005]])
    found = paired_sharpe_difference(*pair, periods_per_year=year, mean_block=block, draws=draws, seed=8)

    def ratio(row: Floats) -> float:
        return float(row.mean() / row.std(ddof=1)) * math.sqrt(year)

    rng, drawn = np.random.default_rng(8), list[float]()
    for size in (_DRAWS_AT_A_TIME, 40):
        for begins, lengths in zip(*stationary_blocks(rng, count, size, block), strict=True):
            rows = np.concatenate([(b + np.arange(n)) % count for b, n in zip(begins, lengths, strict=True)])
            drawn.append(ratio(pair[0, rows]) - ratio(pair[1, rows]))
    difference = ratio(pair[0]) - ratio(pair[1])
    moves = np.array(drawn) - difference
    assert found.difference == pytest.approx(difference)
    assert found.se == pytest.approx(moves.std(ddof=1))
    low, high = difference - np.quantile(moves, [0.95, 0.05])
    assert (found.low, found.high) == pytest.approx((low, high))
    tail = float(student_t.sf(difference / found.se, count / block - 1.0))
    assert found.p == pytest.approx(max(float(np.mean(moves >= difference)), tail))
    assert found.correlation == pytest.approx(float(np.asarray(np.corrcoef(pair))[0, 1]))


def test_an_equal_model_is_called_better_no_more_often_than_the_test_says() -> None:
    p = np.array([compare(*equal_pair(seed), seed).p for seed in range(250)])
    # Three deviations of a count of 250 over the nominal size.
    assert np.mean(p <= 0.05) <= 0.05 + 3.0 * math.sqrt(0.05 * 0.95 / 250)
    assert np.mean(p <= 0.01) <= 0.01 + 3.0 * math.sqrt(0.01 * 0.99 / 250)
    # It is not a test that never says anything, either.
    assert 0.35 < np.mean(p <= 0.5) < 0.65


def test_a_truly_better_model_is_found_more_often_the_better_it_is() -> None:
    power = [
        np.mean([compare(*equal_pair(seed, gain=gain), seed, 500).p <= 0.01 for seed in range(60)])
        for gain in (0.0, 1.0, 3.0)
    ]
    assert power[0] <= 0.05
    assert power[0] < power[1] < power[2]
    assert power[2] > 0.9


def test_p_goes_under_one_draw_where_the_difference_does() -> None:
    one, other = equal_pair(3, gain=6.0)
    assert 0.0 < compare(one, other, draws=200).p < 1e-5


def test_equal_seeds_give_equal_numbers_and_swapping_the_two_turns_them_round() -> None:
    one, other = equal_pair(4, gain=1.0)
    found, again, turned = compare(one, other, 7), compare(one, other, 7), compare(other, one, 7)
    assert found == again != compare(one, other, 8)
    assert (turned.difference, turned.se) == pytest.approx((-found.difference, found.se))
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))
    assert turned.p > 0.5 > found.p


@given(scale=st.floats(0.01, 100.0))
def test_leverage_changes_nothing(scale: float) -> None:
    one, other = equal_pair(5, count=1_000)
    scaled = compare(one * scale, other, draws=50)
    assert scaled == pytest.approx(compare(one, other, draws=50), rel=1e-6)


GOOD = equal_pair(6, count=1_000)[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (GOOD, np.zeros(1_000)),
        (np.full(1_000, 1e-3), GOOD),
        (np.where(np.arange(1_000) == 9, np.nan, GOOD), GOOD),
        (np.where(np.arange(1_000) == 9, np.inf, GOOD), GOOD),
        (GOOD[:383], GOOD[:383]),
        (GOOD, GOOD[:-1]),
    ],
    ids=["flat", "constant", "nan", "infinite", "short", "of other bars"],
)
def test_what_cannot_be_compared_is_unknown_and_passes_no_limit(one: Floats, other: Floats) -> None:
    found = compare(one, other)
    assert all(math.isnan(value) for value in found)
    assert not found.p <= 1.0
    assert not found.low > -math.inf
    assert len(found) == len(UNKNOWN)


def test_two_copies_of_one_model_are_never_told_apart() -> None:
    found = compare(GOOD, GOOD * 2.0)
    assert found.difference == pytest.approx(0.0, abs=1e-9)
    assert not found.p <= 0.5
