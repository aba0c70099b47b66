from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from trading.arrays import Floats
from trading.checks.leakage import check_leakage, check_prefix, check_splits, check_target
from trading.codes import ReasonCode
from trading.market.bars import Bars
from trading.moments import moment_text
from trading.settings.models import LeakageSpec, SplitSpec
from trading.splits import Range, Splits, make_splits

Walk = Callable[..., Bars]
NAMES = ("momentum", "volume")


def honest(bars: Bars) -> Floats:
    momentum = np.full(len(bars), np.nan)
    momentum[5:] = np.log(bars.close[5:] / bars.close[:-5])
    return np.column_stack([momentum, np.log(bars.volume)])


def from_next_bar(bars: Bars) -> Floats:
    table = honest(bars)
    table[:-1, 0] = np.log(bars.close[1:] / bars.close[:-1])
    return table


def scaled_by_the_whole_sample(bars: Bars) -> Floats:
    table = honest(bars)
    table[:, 1] = (table[:, 1] - table[:, 1].mean()) / table[:, 1].std()
    return table


def smoothed_around_the_bar(bars: Bars) -> Floats:
    table = honest(bars)
    table[:, 0] = np.convolve(np.log(bars.close), np.ones(3) / 3, mode="same")
    return table


def test_honest_features_pass_all_three_checks(walk: Walk):
    bars = walk()
    splits = make_splits(len(bars), SplitSpec(), lookback=5, max_holding=10, warmup=5)
    evidence = check_leakage(honest, bars, honest(bars), names=NAMES, splits=splits, spec=LeakageSpec(), seed=7)
    assert [(check.name, check.passed) for check in evidence.results] == [
        ("prefix", True),
        ("splits", True),
        ("target", True),
    ]


@pytest.mark.parametrize(
    ("compute", "name"),
    [(from_next_bar, "momentum"), (scaled_by_the_whole_sample, "volume"), (smoothed_around_the_bar, "momentum")],
)
def test_a_feature_that_changes_without_the_future_is_caught_and_named(
    walk: Walk, compute: Callable[[Bars], Floats], name: str
):
    found = check_prefix(compute, walk(), NAMES, points=4, seed=1)
    assert (found.passed, found.code, found.observed) == (False, ReasonCode.LEAK_PREFIX, 1)
    assert found.evidence["features"] == [name]
    assert f"{name} of 2023-" in found.message


def test_a_difference_in_the_last_digits_is_no_leak(walk: Walk):
    def noisy(bars: Bars) -> Floats:
        return honest(bars) * (1.0 + 1e-14 * (len(bars) % 7))

    assert check_prefix(noisy, walk(), NAMES, points=4, seed=1).passed


def test_a_prefix_check_without_moments_fails(walk: Walk):
    assert check_prefix(honest, walk(), NAMES, points=0, seed=1).code is ReasonCode.EVIDENCE_MISSING


def test_a_feature_from_the_next_bar_is_caught_by_its_correlation_with_the_next_return(walk: Walk):
    bars = walk()
    table = honest(bars)
    rng = np.random.default_rng(3)
    table[:-1, 1] = np.diff(np.log(bars.close)) + 0.02 * rng.standard_normal(len(bars) - 1)
    found = check_target(table, bars, NAMES, Range(5, 1_400), limit=0.3)
    assert (found.passed, found.code) == (False, ReasonCode.LEAK_TARGET)
    assert found.evidence["features"] == ["volume"]
    assert "rank correlation" in found.message


@pytest.mark.parametrize("column", ["open", "close", "volume"])
def test_a_feature_equal_to_a_value_of_the_next_bar_is_named_with_that_value(walk: Walk, column: str):
    bars = walk()
    table = honest(bars)
    table[:-1, 1] = getattr(bars, column)[1:]
    found = check_target(table, bars, NAMES, Range(5, 1_400), limit=0.3)
    assert not found.passed
    if column != "open":
        assert f"volume is the next bar's {column}" in found.message


def test_a_feature_that_is_not_finite_fails_the_target_check_by_name(walk: Walk):
    bars = walk()
    found = check_target(honest(bars), bars, NAMES, Range(0, 1_400), limit=0.3)
    assert (found.code, found.evidence["features"]) == (ReasonCode.EVIDENCE_NOT_FINITE, ["momentum"])


def test_a_constant_feature_cannot_leak(walk: Walk):
    bars = walk()
    table = honest(bars)
    table[:, 1] = 2.5
    found = check_target(table, bars, NAMES, Range(5, 1_400), limit=0.3)
    assert found.passed
    assert found.evidence["correlation"]["volume"] == 0.0


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
