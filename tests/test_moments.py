"""Moments and lengths of time: one grammar in, one form out, and each reads back what the other wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.moments import (
    DAY_MS,
    EARLIEST_MS,
    END_MS,
    duration_text,
    interval_ms,
    interval_text,
    moment_iso,
    moment_ms,
    moment_text,
)

NEW_YEAR_MS = 1_640_995_200_000
MOMENTS = st.integers(EARLIEST_MS, END_MS - 1)


@pytest.mark.parametrize(
    "when",
    [
        "2022-01-01",
        "20220101",
        " 2022-01-01 ",
        "2022-01-01T00:00",
        "2022-01-01 00:00:00",
        "2022-01-01T00:00Z",
        "2022-01-01T02:00+02:00",
        "2022-01-01 00:00 UTC",
        "1640995200",
        "1640995200000",
        datetime(2022, 1, 1, tzinfo=UTC),
        datetime(2022, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        datetime(2022, 1, 1),
    ],
)
def test_a_moment_is_utc_unless_it_says_otherwise(when: str | datetime) -> None:
    assert moment_ms(when, option="--from") == NEW_YEAR_MS


def test_no_moment_stays_none() -> None:
    assert moment_ms(None, option="--to") is None


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("yesterday", "not a date or time"),
        ("", "not a date or time"),
        ("2022", "not a date or time"),
        ("2022-01", "not a date or time"),
        ("2022-13-01", "not a date or time"),
        ("20221301", "not a date or time"),
        ("-1640995200", "not a date or time"),
        ("1640995200.5", "not a date or time"),
        ("NaT", "not a date or time"),
        ("9" * 5_000, "not a date or time"),
        ("0", "not a date or time"),
        ("315532799", "1980 and 2099"),
        ("315532799999", "1980 and 2099"),
        ("1979-12-31T23:59:59.999", "1980 and 2099"),
        ("2100-01-01", "1980 and 2099"),
        ("9999-12-31", "1980 and 2099"),
        (datetime(2099, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))), "1980 and 2099"),
    ],
)
def test_what_is_no_moment_is_refused_by_the_name_of_its_option(when: str | datetime, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        moment_ms(when, option="--as-of")
    assert caught.value.code == ReasonCode.CONFIG_INVALID
    assert caught.value.message.startswith(f"--as-of {when!r}" if isinstance(when, str) else f"--as-of {when}")
    assert "Write for example 2026-11-20" in caught.value.remedy


@given(MOMENTS)
def test_what_is_written_for_people_says_utc_and_reads_back(ts_ms: int) -> None:
    text = moment_text(ts_ms)
    assert text.endswith(" UTC")
    assert moment_ms(text, option="--from") == ts_ms
    assert moment_text(np.int64(ts_ms)) == text


@given(MOMENTS)
def test_every_written_form_names_the_same_moment(ts_ms: int) -> None:
    when = datetime.fromtimestamp(ts_ms // 1000, UTC) + timedelta(milliseconds=ts_ms % 1000)
    assert moment_ms(when, option="as_of") == moment_ms(when.isoformat(), option="as_of") == ts_ms
    assert moment_ms(str(ts_ms), option="as_of") == ts_ms
    assert moment_ms(str(ts_ms // 1000), option="as_of") == ts_ms // 1000 * 1000
    assert moment_iso(ts_ms) == when.isoformat(timespec="minutes")


def test_seconds_are_shown_where_there_are_any() -> None:
    texts = [moment_text(NEW_YEAR_MS + ms) for ms in (0, 60_000, 61_000, 1)]
    assert texts == [
        "2022-01-01 00:00 UTC",
        "2022-01-01 00:01 UTC",
        "2022-01-01 00:01:01 UTC",
        "2022-01-01 00:00:00.001 UTC",
    ]


@pytest.mark.parametrize("number", [10**15, -(10**15), 10**30])
def test_a_number_that_is_no_time_of_the_calendar_is_shown_as_it_is(number: int) -> None:
    assert str(number) in moment_text(number)


@given(st.integers(1, 10**6).map(lambda seconds: seconds * 1_000))
def test_an_interval_is_written_as_settings_name_it_and_reads_back(ms: int) -> None:
    assert interval_ms(interval_text(ms)) == ms
    assert duration_text(ms).replace(" ", "") == interval_text(ms)


def test_lengths_of_time_are_written_in_the_largest_unit_that_divides_them() -> None:
    lengths = (0, 999, 90_000, 900_000, 33 * 3_600_000, 2 * DAY_MS)
    assert [duration_text(ms) for ms in lengths] == ["0 ms", "999 ms", "90 s", "15 m", "33 h", "2 d"]


@pytest.mark.parametrize("text", ["", "15", "m", "0m", "-1h", "1.5h", "1 h", "1w", "\u0661h", "9" * 5_000 + "s"])
def test_an_interval_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        interval_ms(text)
    assert caught.value.code == ReasonCode.BARS_INTERVAL


@pytest.mark.parametrize("ms", [0, -60_000, 1, 1_500])
def test_an_interval_that_settings_cannot_name_is_not_written(ms: int) -> None:
    with pytest.raises(ConfigError) as caught:
        interval_text(ms)
    assert caught.value.code == ReasonCode.BARS_INTERVAL
