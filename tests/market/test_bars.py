from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.market.samples import HOUR_MS, START_MS, clean_bars
from trading.errors import DataError
from trading.market.bars import COLUMNS, Bars, resample
from trading.market.raw import raw_from_bars

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


def charged(n: int = 20) -> Bars:
    return replace(clean_bars(n, MINUTE_MS), funding=np.arange(n) / 1024)


def test_bars_without_funding_keep_the_digest_of_earlier_releases() -> None:
    assert clean_bars(20).digest() == "81d3489e6a65fc349d33d888c8c5749f5cc3a4a84dbc70817efe4a1ec63ee177"


def test_funding_is_in_the_digest_even_if_it_is_nothing() -> None:
    bars = clean_bars(20, MINUTE_MS)
    digests = {bars.digest(), charged().digest(), replace(bars, funding=np.zeros(20)).digest()}
    assert len(digests) == 3


def test_funding_goes_where_its_bars_go() -> None:
    bars = charged()
    assert bars.funding is not None
    np.testing.assert_array_equal(bars.slice(3, 7).columns().funding, bars.funding[3:7])
    np.testing.assert_array_equal(bars.until(int(bars.ts[5])).columns().funding, bars.funding[:5])
    assert [bar.funding for bar in bars.rows()] == bars.funding.tolist()
    assert [bars.row(at)[6] for at in range(20)] == bars.funding.tolist()
    assert resample(bars, 5 * MINUTE_MS).columns().funding.tolist() == bars.funding.reshape(4, 5).sum(axis=1).tolist()
    again = raw_from_bars(bars, "memory").bars()
    assert again.digest() == bars.digest()


def test_bars_without_funding_owe_nothing() -> None:
    bars = clean_bars(20, MINUTE_MS)
    assert bars.columns().funding.tolist() == [0.0] * 20
    assert {bar.funding for bar in bars.rows()} == {0.0}
    assert (bars.row(3)[6], bars.slice(2, 9).funding, resample(bars, 5 * MINUTE_MS).funding) == (0.0, None, None)
    assert raw_from_bars(bars, "memory").bars().funding is None
