from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from trading.arrays import Floats
from trading.statistics.overfitting import overfitting


def by_hand(returns: Floats, parts: int) -> tuple[float, float]:
    """The paper's steps one after the other."""
    length = len(returns) // parts
    pieces = np.split(returns[len(returns) - parts * length :], parts)
    logits: list[float] = []
    for chosen in combinations(range(parts), parts // 2):
        inside = np.concatenate([pieces[i] for i in chosen])
        outside = np.concatenate([pieces[i] for i in range(parts) if i not in chosen])
        fit, elsewhere = (half.mean(axis=0) / half.std(axis=0) for half in (inside, outside))
        relative = rankdata(elsewhere)[fit.argmax()] / (returns.shape[1] + 1)
        logits.append(math.log(relative / (1.0 - relative)))
    return float(np.mean(np.array(logits) <= 0.0)), float(np.mean(logits))


@given(
    seed=st.integers(0, 999), count=st.integers(12, 60), candidates=st.integers(2, 6), parts=st.sampled_from([2, 4, 6])
)
def test_it_is_the_papers_procedure(seed: int, count: int, candidates: int, parts: int) -> None:
    returns = np.random.default_rng(seed).normal(0.001, 0.01, (count, candidates))
    found = overfitting(returns, parts=parts)
    assert (found.probability, found.logit) == pytest.approx(by_hand(returns, parts))
    assert found.divisions == math.comb(parts, parts // 2)


def test_a_candidate_that_is_truly_best_is_not_overfitted() -> None:
    returns = np.random.default_rng(1).normal(0.0, 0.01, (4_000, 20))
    returns[:, 7] += 0.002
    assert overfitting(returns).probability < 0.01


def test_the_best_of_equal_candidates_is_under_the_median_elsewhere_half_of_the_time() -> None:
    found = [
        overfitting(np.random.default_rng(seed).normal(0.0, 0.01, (1_000, 21)), parts=8).probability
        for seed in range(60)
    ]
    assert np.mean(found) == pytest.approx(0.5, abs=0.08)


def test_what_does_well_in_one_half_because_it_does_badly_in_the_other_is_overfitted() -> None:
    # Demeaned over the whole record, what is good in one half is bad in the other.
    returns = np.random.default_rng(2).normal(0.0, 0.01, (800, 10))
    assert overfitting(returns - returns.mean(axis=0), parts=8).probability > 0.95


def test_candidates_that_never_move_or_are_not_finite_give_no_answer() -> None:
    returns = np.random.default_rng(3).normal(0.0, 0.01, (80, 3))
    for value in (0.0, math.nan):
        spoiled = returns.copy()
        spoiled[:, 1] = value
        assert math.isnan(overfitting(spoiled, parts=4).probability)


@pytest.mark.parametrize(("shape", "parts"), [((80, 1), 4), ((80, 3), 5), ((80, 3), 0), ((6, 3), 8)])
def test_what_cannot_be_divided_or_chosen_from_is_refused(shape: tuple[int, int], parts: int) -> None:
    with pytest.raises(ValueError, match=r"expected an even number|needs at least two"):
        overfitting(np.zeros(shape), parts=parts)
