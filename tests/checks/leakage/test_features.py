"""Honest features pass; one that changes when the future is taken away is caught and named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.checks.leakage.honest import NAMES, honest
from trading.arrays import Floats
from trading.checks.leakage.features import check_prefix
from trading.codes import ReasonCode
from trading.market.bars import Bars

Walk = Callable[..., Bars]


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


def test_honest_features_pass(walk: Walk):
    found = check_prefix(honest, walk(), NAMES, points=4, seed=1)
    assert (found.passed, found.observed) == (True, 0)


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
