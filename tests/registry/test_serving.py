"""Bars that are handed to a served model: held to the contract of a bar, and then decided on as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import HOUR_MS, random_model, small_bars
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import COLUMNS
from trading.market.contract.bar import first_breach
from trading.registry.serving import bars_of

MODEL = random_model(4)
BARS = small_bars(20)


def columns_of() -> dict[str, Any]:
    return {name: getattr(BARS, name).copy() for name in ("ts", *COLUMNS)}


def test_good_bars_arrive_as_they_were_given() -> None:
    assert bars_of(MODEL, columns_of(), 4.0).digest() == BARS.digest()


def test_funding_is_taken_if_it_is_given_and_held_to_the_contract() -> None:
    rates = np.arange(len(BARS)) / 1024
    given = bars_of(MODEL, columns_of() | {"funding": rates}, 4.0)
    assert given.columns().funding.tolist() == rates.tolist()
    assert bars_of(MODEL, columns_of(), 4.0).funding is None
    with pytest.raises(DataError, match=r"BARS_NOT_FINITE: row 7: .* funding is nan"):
        bars_of(MODEL, columns_of() | {"funding": np.where(np.arange(len(BARS)) == 7, np.nan, rates)})


def test_whole_times_kept_as_floats_and_whole_numbers_as_objects_are_read() -> None:
    columns = columns_of()
    columns["ts"] = columns["ts"].astype(np.float64)
    columns["volume"] = np.ones(len(BARS), dtype=object)
    bars = bars_of(MODEL, columns)
    assert bars.ts.dtype == np.int64
    np.testing.assert_array_equal(bars.ts, BARS.ts)
    np.testing.assert_array_equal(bars.volume, np.ones(len(BARS)))


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("ts", BARS.ts.astype("datetime64[ms]"), ReasonCode.BARS_SCHEMA),
        ("ts", BARS.ts + 0.5, ReasonCode.BARS_SCHEMA),
        ("ts", BARS.ts.astype(str), ReasonCode.BARS_SCHEMA),
        ("ts", BARS.ts + 1, ReasonCode.BARS_OFF_GRID),
        ("ts", np.zeros(len(BARS), dtype=np.int64), ReasonCode.BARS_NOT_INCREASING),
        ("close", BARS.close.astype(str), ReasonCode.BARS_SCHEMA),
        ("close", np.full(len(BARS), None), ReasonCode.BARS_SCHEMA),
        ("close", BARS.close > 0, ReasonCode.BARS_SCHEMA),
        ("close", np.full(len(BARS), np.nan), ReasonCode.BARS_NOT_FINITE),
    ],
)
def test_a_column_of_another_kind_is_refused_by_its_first_row(name: str, values: Any, code: ReasonCode) -> None:
    with pytest.raises(DataError) as caught:
        bars_of(MODEL, columns_of() | {name: values})
    assert caught.value.code == code
    assert caught.value.fields["row"] == (1 if code == ReasonCode.BARS_NOT_INCREASING else 0)


def test_a_jump_is_refused_only_where_its_limit_is_known() -> None:
    columns = columns_of()
    for name in ("open", "high", "low", "close"):
        columns[name][300:] *= 100.0
    assert len(bars_of(MODEL, columns)) == len(BARS)
    with pytest.raises(DataError, match="BARS_JUMP: row 300: bar 2021-01-13 12:00 UTC"):
        bars_of(MODEL, columns, 4.0)


@given(
    faults=st.lists(
        st.tuples(
            st.integers(0, len(BARS) - 1),
            st.sampled_from(COLUMNS),
            st.sampled_from([0.0, -1.0, float("nan"), float("inf"), 1e-3, 1e6]),
        ),
        max_size=3,
    ),
    shifts=st.lists(st.tuples(st.integers(0, len(BARS) - 1), st.sampled_from([-HOUR_MS, 1, 60_000])), max_size=2),
)
def test_a_served_model_refuses_the_bar_and_gives_the_code_that_the_runner_would(
    faults: list[tuple[int, str, float]], shifts: list[tuple[int, int]]
) -> None:
    columns = columns_of()
    for row, name, value in faults:
        columns[name][row] = value
    for row, shift in shifts:
        columns["ts"][row] += shift
    rows = [tuple(column[row].item() for column in columns.values()) for row in range(len(BARS))]
    expected = first_breach(rows, MODEL.spec.interval, max_jump=4.0)
    if expected is None:
        assert len(bars_of(MODEL, columns, 4.0)) == len(BARS)
        return
    with pytest.raises(DataError) as caught:
        bars_of(MODEL, columns, 4.0)
    assert (caught.value.fields["row"], caught.value.code) == (expected[0], expected[1].code)
