"""A few of the nights of ``tests/campaigns/test_contests.py``: the rule against noise, in seconds."""

from __future__ import annotations

import math

import numpy as np

from tests.support.contests import forward_test, play_contests, record_of
from tests.support.twins import models
from trading.gates.live_consistency import LiveAnswer
from trading.registry.contest import Meeting, PromotionRule, Side, meeting_numbers, needed_difference


def test_the_naive_rule_replaces_equal_champions_and_this_one_does_not() -> None:
    naive = [play_contests(seed, naive=True, nights=8) for seed in range(6)]
    new = [play_contests(seed, nights=8) for seed in range(6)]
    assert np.mean([reign.replaced > 0 for reign in naive]) > 0.6
    assert np.mean([reign.inflation for reign in naive]) > 0.2
    assert sum(reign.replaced for reign in new) == 0


def test_a_much_better_candidate_replaces_within_a_few_nights_and_then_is_the_champion() -> None:
    reigns = [play_contests(seed, gain=4.0, nights=5) for seed in range(4)]
    assert all(reign.replaced == 1 for reign in reigns)


def test_a_model_as_good_as_its_backtest_is_proven_in_time_and_fails_in_no_night() -> None:
    answers = forward_test(0, backtest=6.0, true=6.0, bars=10_000, looks=60)
    assert LiveAnswer.FAIL not in answers
    assert answers[-1] is LiveAnswer.PROVEN


def test_a_model_that_loses_what_it_promised_fails_in_time_and_one_without_skill_is_not_proven() -> None:
    assert forward_test(1, backtest=6.0, true=-4.0, bars=6_000)[0] is LiveAnswer.FAIL
    assert LiveAnswer.PROVEN not in forward_test(2, backtest=3.0, true=0.0, bars=5_000, looks=40)


def test_a_record_of_eight_days_says_nothing_yet() -> None:
    (returns,) = models(3, 1, count=200, sharpe=3.0)
    record = record_of(returns, 3.0)
    assert record.se is not None
    assert record.se > 6.0
    assert record.e_value == 1.0 or (record.e_value is not None and record.e_value < 5.0)


def test_what_is_needed_grows_with_contests_and_is_never_under_the_minimum() -> None:
    met = Meeting(candidate=Side(version=2), champion=Side(version=1), se=0.5, blocks=124.0)
    needed = [needed_difference(met.model_copy(update={"contest": k}), PromotionRule()) for k in (1, 2, 10)]
    assert needed == sorted(needed)
    assert 1.2 < needed[0] < 1.35
    assert needed_difference(met.model_copy(update={"se": 1e-6}), PromotionRule()) == 0.05
    assert math.isnan(needed_difference(met.model_copy(update={"se": None}), PromotionRule()))
    assert set(meeting_numbers(met, PromotionRule())) >= {"needed", "alpha_spent", "contest"}
    assert "p" not in meeting_numbers(met, PromotionRule())
