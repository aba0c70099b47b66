from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support import small_bars
from trading.checks.drift.levels import LEVELS, market_levels
from trading.splits import Range

REFERENCE = Range(0, 1_000)


def test_levels_have_a_scale():
    bars = small_bars(60)
    before, after = market_levels(bars, REFERENCE), market_levels(replace(bars, volume=10.0 * bars.volume), REFERENCE)
    assert tuple(before) == LEVELS
    moved = {name: float(np.mean(after[name] - before[name])) for name in LEVELS}
    assert moved == pytest.approx({LEVELS[0]: np.log(10.0), LEVELS[1]: 0.0, LEVELS[2]: -np.log(10.0)}, abs=1e-12)


def test_a_bar_without_volume_or_range_counts_as_the_smallest_of_the_reference():
    bars = small_bars(60)
    still = np.arange(len(bars)) % 100 == 7
    halted = replace(
        bars,
        volume=np.where(still, 0.0, bars.volume),
        high=np.where(still, bars.close, bars.high),
        low=np.where(still, bars.close, bars.low),
    )
    levels = market_levels(halted, REFERENCE)
    for name in LEVELS[:2]:
        assert levels[name][still] == pytest.approx(levels[name][:1_000].min())
    assert np.isfinite(levels[LEVELS[2]]).all()


def test_a_market_without_volume_has_no_level_of_it():
    bars = small_bars(60)
    levels = market_levels(replace(bars, volume=np.zeros(len(bars))), REFERENCE)
    assert np.isnan(levels[LEVELS[0]]).all()
    assert np.isfinite(levels[LEVELS[1]]).all()
