from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.arrays import Ints
from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.market.hours import DAYS, MINUTE_MS, Hours, OpenRange, count_open, is_open, open_spans, parse_hours
from trading.moments import DAY_MS, EARLIEST_MS, END_MS, iso_ms

NEW_YORK = "Mon-Fri 09:30-16:00 America/New_York"
CHICAGO = "Sun-Thu 17:00-16:00 America/Chicago"
ZONES = ("America/New_York", "America/Chicago", "Australia/Sydney", "Europe/London", "Asia/Kolkata", "UTC")

# Around the changes of daylight saving of 2023 and 2024 in the north and the south, and a few days of no change.
MOMENTS = st.one_of(
    *(
        st.integers(iso_ms(day) - 2 * DAY_MS, iso_ms(day) + 2 * DAY_MS)
        for day in ("2023-03-12", "2023-11-05", "2024-03-10", "2024-03-31", "2024-04-06", "2023-09-30", "2024-07-04")
    )
)
MINUTES = st.one_of(st.integers(0, 1_439), st.sampled_from([0, 60, 90, 120, 150, 180, 570, 960]))


@st.composite
def open_ranges(draw: st.DrawFn) -> OpenRange:
    begin, end = draw(MINUTES), draw(st.one_of(MINUTES, st.just(1_440)))
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    return OpenRange(tuple(sorted(days)), begin, 1_440 if end in (0, begin) else end)


@st.composite
def calendars(draw: st.DrawFn) -> Hours:
    holidays = draw(st.sets(st.sampled_from([date(2023, 11, 5), date(2024, 3, 11), date(2024, 7, 4)])))
    ranges = draw(st.lists(open_ranges(), min_size=1, max_size=3))
    return Hours(draw(st.sampled_from(ZONES)), tuple(ranges), tuple(sorted(holidays)))


def is_open_by_the_clock(hours: Hours, ts: int) -> bool:
    """What a clock on the wall in the zone says, one moment at a time."""
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ts)).astimezone(ZoneInfo(hours.zone))
    if local.date() in hours.holidays:
        return False
    minute, today, yesterday = local.hour * 60 + local.minute, local.weekday(), (local.weekday() - 1) % 7
    for part in hours.ranges:
        overnight = part.end <= part.begin
        if today in part.days and part.begin <= minute < (1_440 if overnight else part.end):
            return True
        if overnight and yesterday in part.days and minute < part.end:
            return True
    return False


@given(calendars(), st.lists(MOMENTS, min_size=1, max_size=60))
def test_a_market_is_open_when_the_clock_of_its_zone_says_so(hours: Hours, moments: list[int]) -> None:
    found = is_open(hours, np.array(moments, dtype=np.int64)).tolist()
    assert found == [is_open_by_the_clock(hours, ts) for ts in moments]


@given(calendars(), st.lists(st.tuples(MOMENTS, st.integers(-2, 300)), min_size=1, max_size=6))
def test_open_bars_are_counted_as_one_by_one(hours: Hours, stretches: list[tuple[int, int]]) -> None:
    interval = 15 * MINUTE_MS
    begins = np.array([begin for begin, _ in stretches], dtype=np.int64)
    ends = begins + np.array([length * interval for _, length in stretches], dtype=np.int64)
    expected = [
        sum(is_open_by_the_clock(hours, ts) for ts in range(-(-begin // interval) * interval, end, interval))
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
    ]
    assert count_open(hours, begins, ends, interval).tolist() == expected


@given(calendars(), MOMENTS, st.integers(0, 30 * DAY_MS))
def test_open_spans_are_apart_in_order_and_the_open_moments(hours: Hours, begin: int, length: int) -> None:
    starts, ends = open_spans(hours, begin, begin + length)
    edges = np.ravel(np.column_stack([starts, ends]))
    assert (np.diff(edges) > 0).all()
    assert len(edges) == 0 or (begin <= edges[0] and edges[-1] <= begin + length)
    assert is_open(hours, starts).all()
    assert not is_open(hours, ends[ends < begin + length]).any()


@given(calendars())
def test_the_text_of_hours_tells_the_same_hours(hours: Hours) -> None:
    assert parse_hours(str(hours), hours.holidays) == hours


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("mon-FRI 09:30-16:00 America/New_York", NEW_YORK),
        ("  Mon,Tue,Wed,Thu,Fri   09:30-16:00 America/New_York ", NEW_YORK),
        ("Sun-Thu 17:00-16:00 America/Chicago", "Mon-Thu,Sun 17:00-16:00 America/Chicago"),
        ("Fri-Mon 22:00-00:00 UTC", "Fri-Sun,Mon 22:00-24:00 UTC"),
    ],
)
def test_texts_of_the_same_hours_are_equal(text: str, same: str) -> None:
    assert parse_hours(text) == parse_hours(same)


def open_days(text: str, *moments: str) -> list[bool]:
    return is_open(parse_hours(text), np.array([iso_ms(moment) for moment in moments], dtype=np.int64)).tolist()


def test_new_york_opens_an_hour_earlier_by_utc_in_summer() -> None:
    assert open_days(NEW_YORK, "2024-03-08T13:30", "2024-03-08T14:30", "2024-03-11T13:29", "2024-03-11T13:30") == [
        False,
        True,
        False,
        True,
    ]
    assert open_days(NEW_YORK, "2024-07-05T19:59:59.999", "2024-07-05T20:00", "2024-07-06T15:00") == [
        True,
        False,
        False,
    ]


def test_a_range_over_midnight_and_its_two_halves_are_the_same_hours() -> None:
    halves = "Sun-Thu 17:00-24:00 America/Chicago; Mon-Fri 00:00-16:00 America/Chicago"
    ts = iso_ms("2023-01-01") + np.arange(0, 2 * 365 * DAY_MS, 30 * MINUTE_MS)
    np.testing.assert_array_equal(is_open(parse_hours(CHICAGO), ts), is_open(parse_hours(halves), ts))


def test_a_holiday_is_a_date_in_the_zone_from_midnight_to_midnight() -> None:
    hours = parse_hours(CHICAGO, [date(2024, 7, 4)])
    # Chicago is five hours behind UTC then.
    ts = np.array([iso_ms(t) for t in ("2024-07-04T04:59", "2024-07-04T05:00", "2024-07-05T04:59", "2024-07-05T05:00")])
    assert is_open(hours, ts).tolist() == [True, False, False, True]


def test_no_market_is_open_outside_the_years_that_there_are() -> None:
    always = parse_hours("Mon-Sun 00:00-24:00 UTC")
    ts = np.array([-(10**17), EARLIEST_MS - 1, EARLIEST_MS, END_MS - 1, END_MS, 10**17], dtype=np.int64)
    assert is_open(always, ts).tolist() == [False, False, True, True, False, False]
    assert len(is_open(always, np.empty(0, dtype=np.int64))) == 0


@given(st.integers(0, 400), st.integers(0, 400))
def test_later_moments_change_nothing_about_earlier_ones(first: int, more: int) -> None:
    ts: Ints = iso_ms("2024-02-20") + np.arange(first + more, dtype=np.int64) * 2 * 3_600_000
    hours = parse_hours(CHICAGO)
    np.testing.assert_array_equal(is_open(hours, ts)[:first], is_open(hours, ts[:first]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("09:30-16:00 America/New_York", "expected days, times as HH:MM-HH:MM and zone"),
        ("Mon-Fri 9:30-16:00 America/New_York", "expected days, times as HH:MM-HH:MM and zone"),
        ("Mon-Fri 09:30-16:00", "expected days, times as HH:MM-HH:MM and zone"),
        (f"{NEW_YORK};", "'' is no range of hours"),
        (" ", "'' is no range of hours"),
        ("Monday 09:30-16:00 UTC", "'Monday' is no weekday: expected Mon, Tue, .* the nearest is Mon"),
        ("Mon-Fir 09:30-16:00 UTC", "'Fir' is no weekday: .* the nearest is Fri"),
        ("Mon- 09:30-16:00 UTC", "'' is no weekday"),
        ("Mon 09:30-24:01 UTC", "24:01 is no time of a day"),
        ("Mon 09:60-16:00 UTC", "09:60 is no time of a day"),
        ("Mon 09:30-09:30 UTC", "09:30-09:30 is no stretch of a day"),
        ("Mon 24:00-16:00 UTC", "24:00-16:00 is no stretch of a day"),
        ("Mon 09:30-16:00 America/NewYork", "no time zone of a place: .* the nearest is America/New_York"),
        ("Mon 09:30-16:00 Chicago", "no time zone of a place: .* the nearest is America/Chicago"),
        ("Mon 09:30-16:00 America/../UTC", "no time zone of a place"),
        ("Mon 09:30-16:00 /etc/passwd", "no time zone of a place"),
        (
            "Mon 09:30-16:00 EST",
            "'EST' is no time zone of a place: .* such as America/New_York, or UTC\\.",
        ),
        ("Mon 09:30-16:00 UTC; Tue 09:30-16:00 Asia/Tokyo", "the zones UTC and Asia/Tokyo differ"),
    ],
)
def test_a_text_that_tells_no_hours_is_refused_by_what_is_wrong_with_it(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        parse_hours(text)
    assert caught.value.code == ReasonCode.CONFIG_INVALID
    assert repr(text) in caught.value.message
    assert NEW_YORK in caught.value.remedy


def test_the_weekdays_are_those_of_the_calendar() -> None:
    for at, name in enumerate(DAYS):
        monday = date(2024, 1, 1) + timedelta(days=at)
        assert monday.strftime("%a") == name
        assert open_days(f"{name} 00:00-24:00 UTC", monday.isoformat()) == [True]
