"""Which bar owes an event: properties of charging, of joining, and of what a moment may see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.market.samples import START_MS, clean_bars
from trading.market.bars import COLUMNS, Bars, resample
from trading.market.funding import FundingEvents, bar_funding, row_funding, with_funding

MINUTE_MS = 60_000
# Sums of these are exact, so that equal means equal whatever the order.
RATES = st.integers(-64, 64).map(lambda number: number / 1024)


@st.composite
def events(draw: st.DrawFn) -> FundingEvents:
    """Events from before the first bar to after the last, at any millisecond."""
    times = draw(st.lists(st.integers(START_MS - 10 * MINUTE_MS, START_MS + 140 * MINUTE_MS), max_size=12, unique=True))
    rates = draw(st.lists(RATES, min_size=len(times), max_size=len(times)))
    return FundingEvents(np.array(sorted(times), dtype=np.int64), np.array(rates, dtype=np.float64))


@st.composite
def bars_with_gaps(draw: st.DrawFn) -> Bars:
    bars = clean_bars(120, MINUTE_MS)
    kept = np.array(sorted(draw(st.sets(st.integers(0, 119), min_size=1))))
    return replace(bars, ts=bars.ts[kept], **{name: getattr(bars, name)[kept] for name in COLUMNS})


def of(ts: int, rate: float = 0.01) -> FundingEvents:
    return FundingEvents(np.array([ts], dtype=np.int64), np.array([rate]))


@given(bars_with_gaps(), events())
def test_an_event_is_owed_at_the_bar_it_falls_into_or_else_at_the_next_there_is(
    bars: Bars, known: FundingEvents
) -> None:
    expected = np.zeros(len(bars))
    for ts, rate in zip(known.ts.tolist(), known.rates.tolist(), strict=True):
        owing = [at for at, opened in enumerate(bars.ts.tolist()) if ts < opened + MINUTE_MS]
        if owing and ts >= bars.ts[0]:
            expected[owing[0]] += rate
    np.testing.assert_array_equal(bar_funding(known, bars.ts, MINUTE_MS), expected)


def test_an_event_at_the_open_is_owed_by_whoever_held_over_it() -> None:
    bars = clean_bars(3, MINUTE_MS)
    for ts, expected in (
        (int(bars.ts[1]), [0.0, 0.01, 0.0]),
        (int(bars.ts[1]) + 3, [0.0, 0.01, 0.0]),
        (int(bars.ts[1]) - 1, [0.01, 0.0, 0.0]),
        (int(bars.ts[0]) - 1, [0.0, 0.0, 0.0]),
        (int(bars.ts[2]) + MINUTE_MS, [0.0, 0.0, 0.0]),
    ):
        assert bar_funding(of(ts), bars.ts, MINUTE_MS).tolist() == expected


def test_what_falls_into_a_gap_is_owed_by_the_bar_after_it() -> None:
    bars = clean_bars(10, MINUTE_MS)
    ts = np.delete(bars.ts, [4, 5, 6])
    assert bar_funding(of(int(bars.ts[5])), ts, MINUTE_MS).tolist() == [0.0, 0.0, 0.0, 0.0, 0.01, 0.0, 0.0]


def test_without_bars_or_events_nothing_is_owed() -> None:
    none = FundingEvents(np.empty(0, dtype=np.int64), np.empty(0))
    assert bar_funding(of(START_MS), np.empty(0, dtype=np.int64), MINUTE_MS).tolist() == []
    assert bar_funding(none, clean_bars(2).ts, MINUTE_MS).tolist() == [0.0, 0.0]
    assert row_funding(of(START_MS), np.empty(0, dtype=np.int64), MINUTE_MS).tolist() == []


@given(events(), st.sampled_from([2, 5, 15, 60]))
def test_charging_joined_bars_is_joining_charged_bars(known: FundingEvents, factor: int) -> None:
    bars, interval = clean_bars(120, MINUTE_MS), factor * MINUTE_MS
    first = with_funding(resample(bars, interval), known)
    then = resample(with_funding(bars, known), interval)
    assert first.funding is not None
    assert then.funding is not None
    np.testing.assert_array_equal(first.funding, then.funding)


@given(bars_with_gaps(), events(), st.sampled_from([1, 5, 15, 60]))
def test_rows_that_are_joined_give_the_bars_that_are_charged_whatever_is_missing(
    bars: Bars, known: FundingEvents, factor: int
) -> None:
    interval = factor * MINUTE_MS
    charged = with_funding(resample(bars, interval), known)
    joined = resample(replace(bars, funding=row_funding(known, bars.ts, interval)), interval)
    assert charged.digest() == joined.digest()


@given(bars_with_gaps(), events(), st.integers(0, 140), events())
def test_events_after_a_moment_change_nothing_that_was_visible_then(
    bars: Bars, known: FundingEvents, minute: int, others: FundingEvents
) -> None:
    as_of = START_MS + minute * MINUTE_MS
    late, early = others.ts > as_of, known.ts <= as_of
    told = FundingEvents(np.r_[known.ts[early], others.ts[late]], np.r_[known.rates[early], others.rates[late]])
    assert with_funding(bars, known).until(as_of).digest() == with_funding(bars, told).until(as_of).digest()
    assert with_funding(bars.until(as_of), known).digest() == with_funding(bars, known).until(as_of).digest()
