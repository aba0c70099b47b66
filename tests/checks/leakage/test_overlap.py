"""What two splits both know is refused: gaps, repeated stretches of bars, and interpolated ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.support import small_bars
from trading.checks.leakage.overlap import check_duplicates, check_interpolation, check_splits
from trading.codes import ReasonCode
from trading.market.bars import COLUMNS, Bars
from trading.moments import moment_text
from trading.settings.models import SplitSpec
from trading.splits import Range, Splits, make_splits

Walk = Callable[..., Bars]
PRICES = ("open", "high", "low", "close")
LENGTH = 12


@pytest.fixture
def bars() -> Bars:
    return small_bars(120)


@pytest.fixture
def splits(bars: Bars) -> Splits:
    return make_splits(len(bars), SplitSpec(), lookback=25, max_holding=30, warmup=25)


def copied(bars: Bars, source: int, place: int, count: int, *, level: float = 1.0) -> Bars:
    """The same bars with a stretch written over another one, at another price level."""
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    for name, column in columns.items():
        column[place : place + count] = column[source : source + count] * (level if name in PRICES else 1.0)
    return replace(bars, **columns)


def interpolated(bars: Bars, start: int, count: int, scale: Callable[..., np.ndarray]) -> Bars:
    """The same bars with a stretch drawn as a line between its ends."""
    columns = {name: getattr(bars, name).copy() for name in PRICES}
    for column in columns.values():
        column[start : start + count] = scale(column[start], column[start + count - 1], count)
    return replace(bars, **columns)


def test_overlapping_splits_are_refused_with_the_overlapping_dates(walk: Walk):
    bars = walk()
    splits = Splits(
        train=Range(10, 800),
        validation=Range(790, 1_000),
        test=Range(1_030, 1_500),
        bars=1_500,
        lookback=5,
        max_holding=10,
    )
    found = check_splits(splits, bars.ts)
    assert (found.passed, found.code, found.observed) == (False, ReasonCode.SPLIT_OVERLAP, 1)
    assert f"{moment_text(bars.ts[785])} to {moment_text(bars.ts[810])}" in found.message


def test_bars_of_a_market_are_all_different(bars: Bars, splits: Splits):
    found = check_duplicates(bars, splits, length=LENGTH)
    assert (found.passed, found.observed) == (True, 0)


@pytest.mark.parametrize("level", [1.0, 1.7])
def test_a_stretch_of_the_train_split_in_the_test_split_is_caught_at_any_price_level(
    bars: Bars, splits: Splits, level: float
):
    twice = copied(bars, splits.train.start + 50, splits.test.start + 30, 40, level=level)
    found = check_duplicates(twice, splits, length=LENGTH)
    assert (found.passed, found.code) == (False, ReasonCode.LEAK_DUPLICATE)
    assert found.observed == 40 - LENGTH + 1
    assert f"stand in train too, first at {moment_text(int(bars.ts[splits.test.start + 30]))}" in found.message


def test_a_stretch_shorter_than_the_limit_is_let_be(bars: Bars, splits: Splits):
    twice = copied(bars, splits.train.start + 50, splits.test.start + 30, LENGTH - 1)
    assert check_duplicates(twice, splits, length=LENGTH).passed


def test_a_stretch_that_stands_twice_in_one_split_is_no_leak(bars: Bars, splits: Splits):
    twice = copied(bars, splits.test.start + 10, splits.test.start + 100, 40)
    assert check_duplicates(twice, splits, length=LENGTH).passed


def test_hours_without_a_trade_are_no_duplicates(bars: Bars, splits: Splits):
    columns = {name: getattr(bars, name).copy() for name in PRICES}
    for start in (splits.train.start, splits.test.start):
        for column in columns.values():
            column[start : start + 60] = 100.0
    assert check_duplicates(replace(bars, **columns), splits, length=LENGTH).passed


@pytest.mark.parametrize("scale", [np.linspace, np.geomspace], ids=["steps", "factors"])
def test_bars_drawn_between_two_prices_are_caught(bars: Bars, scale: Callable[..., np.ndarray]):
    found = check_interpolation(interpolated(bars, 1_000, 30, scale))
    assert (found.passed, found.code) == (False, ReasonCode.LEAK_INTERPOLATED)
    assert found.observed == 30 - 4
    assert moment_text(int(bars.ts[1_004])) in found.message


def test_a_market_that_rests_and_one_of_coarse_ticks_are_no_lines(walk: Walk):
    bars = walk()
    rest = interpolated(bars, 700, 60, lambda first, _last, count: np.full(count, first))
    assert check_interpolation(rest).passed
    coarse = replace(bars, **{name: np.round(getattr(bars, name), 0) for name in PRICES})
    assert check_interpolation(coarse).passed
