from __future__ import annotations

import math

import numpy as np
import pytest

from trading.arrays import Floats
from trading.checks.trials import DailySeries, Trials, count_trials, mean_correlation
from trading.moments import DAY_MS


def days(values: Floats, first: int = 0) -> DailySeries:
    return DailySeries(
        ts=tuple(range(first * DAY_MS, (first + len(values)) * DAY_MS, DAY_MS)), value=tuple(values.tolist())
    )


def alike(count: int, correlation: float, *, length: int = 400) -> list[DailySeries]:
    rng = np.random.default_rng(0)
    common, own = rng.normal(size=length), rng.normal(size=(count, length))
    return [
        days(math.sqrt(correlation) * common + math.sqrt(1.0 - correlation) * one, number)
        for number, one in enumerate(own)
    ]


def test_without_earlier_candidates_there_is_one_trial() -> None:
    found = count_trials(alike(1, 0.5)[0], Trials())
    assert (found.trials, found.unknown, found.effective) == (1, 0, 1.0)
    assert math.isnan(found.correlation)


def test_nights_that_correlate_are_worth_few_trials_and_unrelated_ones_all_of_theirs() -> None:
    own, *earlier = alike(10, 0.8)
    found = count_trials(own, Trials(earlier=9, days=tuple(earlier)))
    # Each night is a day on, so the series share most of their days but not the same row.
    assert found.trials == 10
    assert found.correlation < 0.3
    together = [DailySeries(ts=own.ts, value=one.value) for one in earlier]
    found = count_trials(own, Trials(earlier=9, days=tuple(together)))
    assert found.correlation == pytest.approx(0.8, abs=0.06)
    assert found.effective == pytest.approx(10 / (1 + 9 * 0.8), abs=0.15)


def test_candidates_before_the_newest_count_as_being_like_them() -> None:
    own, *earlier = [DailySeries(ts=alike(1, 0.8)[0].ts, value=one.value) for one in alike(10, 0.8)]
    found = count_trials(own, Trials(earlier=365, days=tuple(earlier)))
    assert found.trials == 366
    assert found.effective == pytest.approx(366 / (1 + 365 * found.correlation))


def test_a_candidate_of_which_nothing_is_known_is_a_trial_of_its_own() -> None:
    own, other = (DailySeries(ts=alike(1, 0.8)[0].ts, value=one.value) for one in alike(2, 0.99))
    flat = days(np.zeros(400))
    broken = days(np.r_[np.nan, np.ones(399)])
    short = days(np.random.default_rng(1).normal(size=59))
    found = count_trials(own, Trials(earlier=5, days=(other, DailySeries(), flat, broken, short)))
    assert (found.trials, found.unknown) == (6, 4)
    assert found.effective == pytest.approx(4.0 + 2.0 / (1.0 + found.correlation))


def test_pairs_that_share_few_days_or_move_against_each_other_count_as_independent() -> None:
    values = np.random.default_rng(2).normal(size=200)
    assert mean_correlation([days(values), days(values)]) == pytest.approx(1.0)
    assert mean_correlation([days(values), days(-values)]) == 0.0
    assert mean_correlation([days(values), days(values[141:], 141)]) == 0.0
    assert mean_correlation([days(values), days(values[140:], 140)]) == pytest.approx(1.0)
    assert mean_correlation([days(values), days(values), days(-values)]) == pytest.approx(1.0 / 3.0)
