from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError
from trading.night.backfill import (
    MOST_NIGHTS,
    backfill_moments,
    backfill_name,
    backfilled,
    exit_code_of,
    progress_line,
    table_rows,
)
from trading.night.report import NightReport, failed_report

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
ERROR = DataError(ReasonCode.SOURCE_MISSING, "bars.csv is gone.", remedy="Put it back.")


@given(st.integers(0, 60), st.integers(1, 72))
def test_moments_are_in_order_a_step_apart_and_inside_the_period(days: int, hours: int) -> None:
    last = FIRST + timedelta(days=days)
    moments = backfill_moments(FIRST, last, f"{hours}h")
    assert moments[0] == FIRST
    assert last - timedelta(hours=hours) < moments[-1] <= last
    assert all(later - earlier == timedelta(hours=hours) for earlier, later in pairwise(moments))


def test_one_moment_is_one_night() -> None:
    assert backfill_moments("2026-01-01", "2026-01-01", "1d") == [FIRST]


@pytest.mark.parametrize(
    ("start", "stop", "every"),
    [("2026-01-02", "2026-01-01", "1d"), ("2026-01-01", "2026-02-01", "day"), ("soon", "2026-01-01", "1d")],
)
def test_a_period_that_is_none_is_refused(start: str, stop: str, every: str) -> None:
    with pytest.raises(ConfigError):
        backfill_moments(start, stop, every)


def test_more_nights_than_anybody_wants_are_refused_with_their_number() -> None:
    with pytest.raises(ConfigError, match=f"44,640 nights, at most {MOST_NIGHTS:,}"):
        backfill_moments(FIRST, FIRST + timedelta(days=31) - timedelta(minutes=1), "1m")


def test_a_failed_night_gives_the_backfill_its_name_its_exit_code_and_a_row_that_says_why() -> None:
    nights = [
        backfilled(FIRST, [NightReport(symbol="A", status="rejected")]),
        backfilled(FIRST + timedelta(days=1), [failed_report("A", ERROR), NightReport(symbol="B", status="staged")]),
    ]
    assert [night.failed for night in nights] == [False, True]
    assert (backfill_name(nights), exit_code_of(nights)) == ("Failed", DataError.exit_code)
    assert [row[:3] for row in table_rows(nights)] == [
        ("2026-01-01 00:00 UTC", "A", "rejected"),
        ("2026-01-02 00:00 UTC", "A", "failed"),
        ("2026-01-02 00:00 UTC", "B", "staged"),
    ]
    assert table_rows(nights)[1][-1] == "bars.csv is gone."
    assert progress_line(2, 5, nights[1]).startswith("Night 2 of 5, as of 2026-01-02 00:00 UTC: Failed. A: failed.")
