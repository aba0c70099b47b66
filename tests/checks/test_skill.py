from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.checks.skill import Forecasts, brier_skill, equal_mass_ece, share_at_mode


def forecasts_of(stated: np.ndarray, won: np.ndarray, reference: float = 0.5, horizon_bars: int = 1) -> Forecasts:
    n = len(stated)
    return Forecasts(
        at=np.arange(n),
        side=np.where(np.arange(n) % 2 == 0, 1, -1),
        stated=stated,
        reference=np.full(n, reference),
        won=won,
        bars=max(n, 1),
        horizon_bars=horizon_bars,
    )


def test_skill_by_hand():
    # Errors 0.04 and 0.16 against 0.25 and 0.25: 0.3 of 0.5 is saved.
    skill = brier_skill(forecasts_of(np.array([0.8, 0.4]), np.array([True, False])), np.random.default_rng(0))
    assert skill.score == pytest.approx(0.6)


def test_the_bound_holds_in_nineteen_of_twenty_samples_of_independent_outcomes():
    inside, n = 0, 3_000
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p = rng.uniform(0.3, 0.9, n)
        skill = brier_skill(forecasts_of(p, rng.random(n) < p, reference=0.6), rng)
        inside += skill.low < np.var(p) / 0.24
    assert 51 <= inside <= 60


def test_outcomes_that_repeat_each_other_count_as_few():
    rng = np.random.default_rng(1)
    apart = rng.random(6_000) < 0.6
    together = np.repeat(apart[:100], 60)
    half = np.full(6_000, 0.55)
    alone, repeated = (
        brier_skill(forecasts_of(half, won), np.random.default_rng(2)).n_effective for won in (apart, together)
    )
    assert 3_000 < alone <= 6_000
    assert 50 < repeated < 250


def test_no_decision_has_no_skill_and_no_share():
    nothing = forecasts_of(np.empty(0), np.empty(0, bool))
    skill = brier_skill(nothing, np.random.default_rng(0))
    assert all(math.isnan(value) for value in (skill.score, skill.low, skill.n_effective))
    assert math.isnan(share_at_mode(np.empty(0)))
    assert all(map(math.isnan, equal_mass_ece(np.empty(0), np.empty(0, bool), 10, 5.0)))


def test_outcomes_that_are_all_alike_count_as_those_apart_in_time():
    forecasts = forecasts_of(np.linspace(0.5, 0.9, 500), np.ones(500, bool), horizon_bars=50)
    assert brier_skill(forecasts, np.random.default_rng(0)).n_effective == 10.0


def test_the_error_of_a_side_by_hand():
    stated, won = np.array([0.2, 0.4, 0.6, 0.8]), np.array([False, True, True, True])
    error, chance = equal_mass_ece(stated, won, 2, 4.0)
    assert error == pytest.approx(0.5 * abs(0.3 - 0.5) + 0.5 * abs(0.7 - 1.0))
    assert chance == pytest.approx(math.sqrt(2.0 / math.pi) * math.sqrt(0.21 / 2.0))


def test_chance_explains_about_all_of_the_error_of_true_probabilities():
    excess = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = rng.uniform(0.3, 0.9, 400)
        error, chance = equal_mass_ece(p, rng.random(400) < p, 10, 400.0)
        excess.append(error - chance)
    assert abs(np.mean(excess)) < 0.01


@settings(deadline=None)
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=60), bins=st.integers(2, 20))
def test_share_at_mode_is_a_share_and_one_of_a_constant(p: list[float], bins: int):
    stated = np.array(p)
    assert 1.0 / len(p) <= share_at_mode(stated) <= 1.0
    assert share_at_mode(np.full(7, stated[0])) == 1.0
    error, _ = equal_mass_ece(stated, np.ones(len(p), bool), bins, 10.0)
    assert 0.0 <= error <= 1.0


def test_what_a_share_of_one_decision_says_is_left_to_its_side():
    forecasts = forecasts_of(np.array([0.1, 0.2, 0.3]), np.array([True, False, True]))
    assert forecasts.of_side(1).stated.tolist() == [0.1, 0.3]
    assert forecasts.of_side(-1).at.tolist() == [1]
    assert forecasts.of_side(-1).bars == 3
