from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.arrays import Floats
from trading.statistics.sequential import (
    DECISIVE,
    LOOK_ERROR,
    MIN_SCALE_DAYS,
    anytime_interval,
    decay_e_values,
    gain_e_values,
    shrunken_sharpe,
    spent_alpha,
)

DAYS = 365.25
PROMISED = 2.1


def normal(rng: np.random.Generator, count: int) -> Floats:
    return rng.normal(size=count)


def heavy_tails(rng: np.random.Generator, count: int) -> Floats:
    return rng.standard_t(4, size=count) / math.sqrt(2.0)


def crashes(rng: np.random.Generator, count: int) -> Floats:
    return 1.0 - rng.exponential(size=count)


def jumps(rng: np.random.Generator, count: int) -> Floats:
    return rng.exponential(size=count) - 1.0


def moving_volatility(rng: np.random.Generator, count: int) -> Floats:
    values, variance, shocks = np.empty(count), 1.0, rng.standard_t(5, size=count) / math.sqrt(5.0 / 3.0)
    for day in range(count):
        values[day] = math.sqrt(variance) * shocks[day]
        variance = 0.02 + 0.10 * values[day] ** 2 + 0.88 * variance
    return values


LAWS = (normal, heavy_tails, crashes, jumps, moving_volatility)
Law = Callable[[np.random.Generator, int], Floats]


def days(law: Law, seed: int, count: int, sharpe: float) -> Floats:
    """Daily returns of 1 % volatility with a true Sharpe ratio."""
    return 0.01 * (law(np.random.default_rng(seed), count) + sharpe / math.sqrt(DAYS))


def test_the_error_of_all_contests_together_is_what_is_allowed_in_all() -> None:
    assert sum(spent_alpha(0.01, contest) for contest in range(1, 100_000)) == pytest.approx(0.01, abs=1e-6)
    assert spent_alpha(0.01, 1) == pytest.approx(0.0060793, abs=1e-7)
    with pytest.raises(ValueError, match="from one"):
        spent_alpha(0.01, 0)


@pytest.mark.parametrize("law", LAWS)
def test_a_model_without_skill_is_ever_proven_in_no_more_than_one_record_of_twenty(law: Law) -> None:
    """Looked at after each of 730 days, as a night does."""
    ever = [gain_e_values(days(law, seed, 730, 0.0)).max() >= DECISIVE for seed in range(150)]
    assert np.mean(ever) <= 1.0 / DECISIVE


@pytest.mark.parametrize("law", LAWS)
def test_a_model_that_keeps_what_is_asked_is_ever_called_decayed_in_no_more_than_one_record_of_twenty(law: Law) -> None:
    def last(seed: int) -> float:
        return decay_e_values(days(law, seed, 730, PROMISED), promised=PROMISED, days_per_year=DAYS).max()

    assert np.mean([last(seed) >= DECISIVE for seed in range(150)]) <= 1.0 / DECISIVE


def test_losing_or_earning_more_than_promised_is_less_evidence_still() -> None:
    assert np.mean([gain_e_values(days(normal, seed, 400, -2.0)).max() >= DECISIVE for seed in range(50)]) == 0.0
    more = [
        decay_e_values(days(normal, seed, 400, 6.0), promised=PROMISED, days_per_year=DAYS).max() for seed in range(50)
    ]
    assert max(more) < DECISIVE


def test_gain_and_decay_are_proven_where_they_are_in_time() -> None:
    gains = [gain_e_values(days(normal, seed, 417, 6.0))[-1] >= DECISIVE for seed in range(50)]
    assert np.mean(gains) > 0.9
    lost = [
        decay_e_values(days(normal, seed, 730, -1.0), promised=PROMISED, days_per_year=DAYS)[-1] >= DECISIVE
        for seed in range(50)
    ]
    assert np.mean(lost) > 0.5


def test_days_that_did_not_move_and_the_first_that_did_are_no_evidence() -> None:
    moved = days(normal, 1, 60, 3.0)
    spread = np.zeros(180)
    spread[::3] = moved
    assert gain_e_values(spread)[::3] == pytest.approx(gain_e_values(moved))
    assert (gain_e_values(np.zeros(50)) == 1.0).all()
    assert (gain_e_values(moved)[:MIN_SCALE_DAYS] == 1.0).all()
    assert len(gain_e_values(np.empty(0))) == 0


@given(start=st.integers(0, 59), scale=st.floats(1e-3, 1e3))
def test_evidence_of_a_day_does_not_change_when_later_days_come_and_has_no_unit(start: int, scale: float) -> None:
    moved = days(normal, 2, 60, 3.0)
    assert gain_e_values(moved[: start + 1])[-1] == gain_e_values(moved)[start]
    assert gain_e_values(moved * scale) == pytest.approx(gain_e_values(moved))


def test_a_day_without_a_number_is_no_evidence_and_spoils_none() -> None:
    moved = days(normal, 3, 60, 3.0)
    broken = np.insert(moved, 30, math.nan)
    assert gain_e_values(broken)[-1] == gain_e_values(moved)[-1]


def test_years_of_evidence_stay_a_finite_number() -> None:
    values = gain_e_values(0.01 * np.ones(4_000) + 1e-4 * np.random.default_rng(0).normal(size=4_000))
    assert np.isfinite(values).all()


def test_an_end_of_the_interval_is_ever_wrong_in_no_more_than_its_share_of_records() -> None:
    wrong = 0
    for seed in range(200):
        returns = days(normal, seed, 730, 3.0)
        count = np.arange(20, 731)
        mean = np.cumsum(returns)[count - 1] / count
        deviation = np.sqrt(np.cumsum(returns**2)[count - 1] / count - mean**2)
        ratios = mean / deviation * math.sqrt(DAYS)
        highs = [
            anytime_interval(float(ratio), math.sqrt(DAYS / n), n / DAYS).high
            for ratio, n in zip(ratios[::7], count[::7], strict=True)
        ]
        wrong += min(highs) < 3.0
    assert wrong / 200 <= LOOK_ERROR


def test_the_interval_is_the_boundary_of_the_papers_with_its_numbers_put_in() -> None:
    half, whole = anytime_interval(3.0, 0.5, 0.5), anytime_interval(-1.0, 2.0, 1.0)
    # sqrt((1 + 1 / s) log((1 + s) / 0.01)) standard errors, s being the length over half a year.
    width = 0.5 * math.sqrt(2.0 * math.log(200.0))
    assert (half.low, half.high) == pytest.approx((3.0 - width, 3.0 + width), rel=1e-12)
    width = 2.0 * math.sqrt(1.5 * math.log(300.0))
    assert (whole.low, whole.high) == pytest.approx((-1.0 - width, -1.0 + width), rel=1e-12)


@pytest.mark.parametrize("numbers", [(math.nan, 1.0, 1.0), (1.0, math.nan, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)])
def test_without_an_error_or_a_length_there_is_no_interval(numbers: tuple[float, float, float]) -> None:
    assert all(math.isnan(end) for end in anytime_interval(*numbers))


def test_a_measured_ratio_is_drawn_to_the_prior_the_more_the_less_it_is_known() -> None:
    assert shrunken_sharpe(3.0, 1e-9) == pytest.approx(3.0)
    assert shrunken_sharpe(3.0, 1.0) == pytest.approx(2.0)
    assert shrunken_sharpe(3.0, 1e9) == pytest.approx(1.0)
    assert shrunken_sharpe(3.0, 1.5, prior_mean=0.5, prior_sd=2.0) == pytest.approx(0.5 + 4.0 / 6.25 * 2.5)
    for bad in (math.nan, math.inf):
        assert math.isnan(shrunken_sharpe(3.0, bad))
        assert math.isnan(shrunken_sharpe(bad, 1.0))
    for no_error in (0.0, -1.0):
        assert math.isnan(shrunken_sharpe(3.0, no_error))
