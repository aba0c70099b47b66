from __future__ import annotations

import numpy as np
import pytest

from trading.arrays import Floats, Ints
from trading.statistics.distances import psi_of_counts, quantile_edges
from trading.statistics.stationarity import Lengths, chance_of, codes_of, counts_of, draw_pairs, running_counts

BINS = 10


def persistent(rng: np.random.Generator, count: int, memory: float) -> Floats:
    """A series whose values hang together over about ``memory`` bars."""
    keep = 1.0 - 1.0 / memory
    values, noise = np.empty(count), rng.normal(size=count) * np.sqrt(1.0 - keep**2)
    values[0] = rng.normal()
    for t in range(1, count):
        values[t] = keep * values[t - 1] + noise[t]
    return values


def deciles(values: Floats, reference: Floats) -> Ints:
    return codes_of([values], [quantile_edges(reference, BINS)])


def drawn_psi(values: Floats, lengths: Lengths, seed: int = 0, draws: int = 400) -> Floats:
    pairs = draw_pairs(deciles(values, values), BINS, lengths, draws=draws, rng=np.random.default_rng(seed))
    return psi_of_counts(*pairs)


def test_without_dependence_chance_is_the_textbook_expectation():
    values = np.random.default_rng(1).normal(size=20_000)
    drawn = drawn_psi(values, Lengths(4_000, 1_000, 100))
    assert drawn.mean() == pytest.approx((BINS - 1) * (1 / 4_000 + 1 / 1_000), rel=0.1)


def test_with_dependence_chance_is_what_other_series_of_the_same_kind_show():
    rng = np.random.default_rng(2)
    reference, current = 12_000, 4_000
    shown: list[float] = []
    for _ in range(60):
        values = persistent(rng, reference + current, 60.0)
        first, second = values[:reference], values[reference:]
        before, after = (counts_of(deciles(part, first), BINS) for part in (first, second))
        shown.append(float(psi_of_counts(before, after)[0]))
    drawn = drawn_psi(persistent(rng, reference, 60.0), Lengths(reference, current, 600))
    assert np.mean(shown) > 10 * (BINS - 1) * (1 / reference + 1 / current)
    assert drawn.mean() == pytest.approx(np.mean(shown), rel=0.3)
    assert np.mean(np.array(shown) > np.quantile(drawn, 0.95)) < 0.15


def test_the_same_seed_draws_the_same_pairs_and_another_does_not():
    values = np.random.default_rng(3).normal(size=2_000)
    first, again, other = (drawn_psi(values, Lengths(900, 300, 90), seed) for seed in (4, 4, 5))
    assert (first == again).all()
    assert (first != other).any()


def test_a_drawn_stretch_is_as_long_as_it_was_asked_to_be_and_made_of_blocks():
    codes = (np.arange(3_000) // 100 % 2)[:, None]
    before, after = draw_pairs(codes, 2, Lengths(1_500, 60, 60), draws=200, rng=np.random.default_rng(6))
    assert (before.sum(axis=-1) == 1_500).all()
    assert (after.sum(axis=-1) == 60).all()
    # A block of 60 bars out of runs of 100 holds one value alone, or the end of one run and the start of the next.
    assert 0.2 < np.mean(after.max(axis=-1) == 60) < 0.6


def test_running_counts_are_those_of_the_bars_before_each_place():
    codes = np.random.default_rng(7).integers(0, 4, (1_000, 3))
    running, step = running_counts(codes, 4, 150)
    assert step == 5
    for place in (0, 1, 77, len(running) - 1):
        expected = [np.bincount(codes[: place * step, column], minlength=4) for column in range(3)]
        assert (running[place] == np.stack(expected)).all()


def test_no_measure_of_a_family_is_over_its_limit_but_as_often_as_allowed():
    rng = np.random.default_rng(8)
    skewed = lambda draws: rng.chisquare([1.0, 4.0, 9.0, 30.0], (draws, 4)) * [0.01, 1.0, 5.0, 0.1]  # noqa: E731
    chance = chance_of(skewed(4_000), 0.05)
    alarms = (skewed(4_000) > chance.limit).any(axis=1).mean()
    assert alarms == pytest.approx(0.05, abs=0.02)
    assert (chance.limit > chance.expected + chance.spread).all()
    assert chance.expected == pytest.approx([0.01, 4.0, 45.0, 3.0], rel=0.1)


def test_a_measure_that_never_varies_has_its_value_as_limit():
    drawn = np.column_stack([np.full(50, 0.2), np.random.default_rng(9).uniform(size=50)])
    chance = chance_of(drawn, 0.01)
    assert chance.limit[0] == pytest.approx(0.2)
    assert chance.spread[0] == pytest.approx(0.0, abs=1e-12)


def test_a_value_that_is_missing_has_the_bin_after_the_last():
    codes = codes_of([np.array([0.5, np.nan, 2.5])], [np.array([1.0, 2.0])])
    assert codes[:, 0].tolist() == [0, 3, 2]
