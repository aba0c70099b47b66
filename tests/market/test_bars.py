from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.market.samples import HOUR_MS, START_MS, clean_bars
from trading.errors import DataError
from trading.market.bars import COLUMNS, Bars, resample

MINUTE_MS = 60_000


@st.composite
def bars_with_gaps(draw: st.DrawFn) -> Bars:
    n = draw(st.integers(1, 120))
    kept = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    kept[draw(st.integers(0, n - 1))] = True
    bars = clean_bars(n, MINUTE_MS, seed=draw(st.integers(0, 5)))
    shift = draw(st.integers(0, 30)) * MINUTE_MS
    columns = {name: getattr(bars, name)[kept] for name in COLUMNS}
    return Bars("TEST", MINUTE_MS, bars.ts[kept] + shift, **columns)


@given(bars_with_gaps(), st.sampled_from([2, 5, 15, 60]))
def test_a_joined_bar_is_what_its_short_bars_say_and_a_gap_stays_a_gap(bars: Bars, factor: int) -> None:
    interval = factor * MINUTE_MS
    joined = resample(bars, interval)
    buckets = sorted({int(ts) // interval * interval for ts in bars.ts})
    if bars.ts[-1] + MINUTE_MS < buckets[-1] + interval:
        buckets.pop()
    assert joined.ts.tolist() == buckets
    for index, start in enumerate(buckets):
        inside = (bars.ts >= start) & (bars.ts < start + interval)
        assert joined.open[index] == bars.open[inside][0]
        assert joined.close[index] == bars.close[inside][-1]
        assert joined.high[index] == bars.high[inside].max()
        assert joined.low[index] == bars.low[inside].min()
        assert joined.volume[index] == pytest.approx(bars.volume[inside].sum())


@given(bars_with_gaps(), st.sampled_from([5, 15]), st.integers(0, 120))
def test_joining_what_was_visible_gives_what_was_visible_of_the_joined(bars: Bars, factor: int, minute: int) -> None:
    as_of = START_MS + minute * MINUTE_MS
    early = resample(bars.until(as_of), factor * MINUTE_MS)
    later = resample(bars, factor * MINUTE_MS).until(as_of)
    for name in ("ts", *COLUMNS):
        np.testing.assert_array_equal(getattr(early, name), getattr(later, name)[: len(early)])
    assert all(early.ts + factor * MINUTE_MS <= as_of)


@given(bars_with_gaps())
def test_joining_twice_is_joining_once(bars: Bars) -> None:
    once, twice = resample(bars, 60 * MINUTE_MS), resample(resample(bars, 15 * MINUTE_MS), 60 * MINUTE_MS)
    assert set(twice.ts.tolist()) <= set(once.ts.tolist())
    np.testing.assert_array_equal(once.high[: len(twice)], twice.high)
    np.testing.assert_array_equal(once.close[: len(twice)], twice.close)


def test_bars_cannot_be_cut_into_shorter_ones() -> None:
    with pytest.raises(DataError, match="BARS_INTERVAL"):
        resample(clean_bars(10), HOUR_MS // 4)
