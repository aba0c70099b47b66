from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.market.sources.cells import ISO, UNREADABLE, parse_numbers, parse_times
from trading.moments import EARLIEST_MS, END_MS

MOMENTS = st.integers(EARLIEST_MS, END_MS - 1)


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_every_float_is_read_back_exactly_from_its_text(numbers: list[float]) -> None:
    values, bad = parse_numbers([repr(number) for number in numbers])
    assert bad == []
    np.testing.assert_array_equal(values, numbers)


@pytest.mark.parametrize("text", ["", " ", "abc", "1,234.5", "1_000", "12.5x", "null", "0x10", "46210,57", "--"])
def test_a_cell_that_is_no_number_is_named_and_its_neighbours_are_kept(text: str) -> None:
    values, bad = parse_numbers(["1.5", text, " 2.5 "])
    assert bad == [1]
    assert values[0] == 1.5
    assert math.isnan(values[1])
    assert values[2] == 2.5


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from([1, 1_000, 1_000_000]))
def test_epoch_times_in_milliseconds_and_finer_are_told_apart_by_magnitude(moments: list[int], per_ms: int) -> None:
    ts, units = parse_times([str(moment * per_ms) for moment in moments])
    assert ts.tolist() == moments
    assert set(units.tolist()) <= {{1: 2, 1_000: 3, 1_000_000: 4}[per_ms]}


@given(st.lists(st.integers(EARLIEST_MS // 1000, END_MS // 1000 - 1), min_size=1, max_size=20))
def test_epoch_seconds_are_read_with_and_without_a_fraction(seconds: list[int]) -> None:
    assert parse_times([str(second) for second in seconds])[0].tolist() == [second * 1000 for second in seconds]
    assert parse_times([f"{second}.125" for second in seconds])[0].tolist() == [s * 1000 + 125 for s in seconds]


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-04T10:17:00",
        "2024-03-04 10:17",
        "2024-03-04T10:17:00Z",
        "2024-03-04 10:17:00+00:00",
        "2024-03-04 12:17:00+02:00",
        "2024-03-04 10:17:00 UTC",
        "2024-03-04T10:17:00.000000000",
    ],
)
def test_iso_time_is_utc_unless_it_names_another_zone(text: str) -> None:
    ts, units = parse_times([text])
    assert ts.tolist() == [1_709_547_420_000]
    assert units.tolist() == [ISO]


@pytest.mark.parametrize(
    "text", ["", "soon", "04/03/2024", "20240304", "46210.57", "0", "-5", "1e30", "1970-01-01", "nan"]
)
def test_what_is_no_plausible_time_is_unreadable_rather_than_guessed(text: str) -> None:
    assert parse_times([text])[1].tolist() == [UNREADABLE]
    assert parse_times(["2024-03-04 10:17", text])[1].tolist() == [ISO, UNREADABLE]
    assert parse_times(["1704067200000", text])[1].tolist() == [2, UNREADABLE]
