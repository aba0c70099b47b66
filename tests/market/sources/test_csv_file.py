from __future__ import annotations

import gzip
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.market.samples import HEADER, clean_bars, csv_text, rows_of
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import COLUMNS, Bars
from trading.market.raw import Columns
from trading.market.sources.csv_file import read_csv
from trading.market.sources.layout import BARS, TRADES

TIMES = {
    "seconds": lambda ts: str(ts // 1000),
    "milliseconds": str,
    "microseconds": lambda ts: str(ts * 1000),
    "nanoseconds": lambda ts: str(ts * 1_000_000),
    "ISO": lambda ts: datetime.fromtimestamp(ts / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "ISO without zone": lambda ts: datetime.fromtimestamp(ts / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S"),
}


def read(text: str | bytes) -> Columns:
    return read_csv(text.encode() if isinstance(text, str) else text, BARS, "test.csv")


def assert_same(columns: Columns, bars: Bars) -> None:
    assert columns.problem_count == 0
    np.testing.assert_array_equal(columns.ts, bars.ts)
    for name in COLUMNS:
        np.testing.assert_array_equal(columns.values[name], getattr(bars, name))


@settings(max_examples=60)
@given(
    unit=st.sampled_from(sorted(TIMES)),
    header=st.booleans(),
    zipped=st.booleans(),
    bom=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoted=st.booleans(),
    extra=st.booleans(),
    n=st.integers(2, 40),
)
def test_every_way_to_write_bars_reads_back_as_the_same_bars(
    unit: str, header: bool, zipped: bool, bom: bool, line_end: str, quoted: bool, extra: bool, n: int
) -> None:
    bars = clean_bars(n)
    rows = [[TIMES[unit](int(row[0])), *row[1:]] for row in rows_of(bars)]
    if quoted:
        rows = [[f'"{cell}"' for cell in row] for row in rows]
    if extra:
        rows = [[*row, "text"] for row in rows]
    names = HEADER.upper() + (",note" if extra else "")
    data = csv_text(rows, names if header else "").replace("\n", line_end).encode("utf-8-sig" if bom else "utf-8")
    columns = read(gzip.compress(data) if zipped else data)
    assert_same(columns, bars)
    assert columns.rows.tolist() == [index + (2 if header else 1) for index in range(n)]


@pytest.mark.parametrize(
    "header",
    ["timestamp,o,h,l,c,v", "Open_Time,Open,High,Low,Close,Volume", " Date , open , high , low , close , vol "],
)
def test_usual_names_of_columns_are_known(header: str) -> None:
    bars = clean_bars(5)
    assert_same(read(csv_text(rows_of(bars), header)), bars)


def test_columns_may_stand_in_any_order_when_they_have_names() -> None:
    bars = clean_bars(5)
    rows = [[row[5], row[4], row[0], row[1], row[2], row[3]] for row in rows_of(bars)]
    assert_same(read(csv_text(rows, "volume,close,time,open,high,low")), bars)


def test_blank_lines_do_not_count_as_rows_but_keep_the_line_numbers_right() -> None:
    bars = clean_bars(4)
    text = csv_text(rows_of(bars)).replace("\n", "\n\n", 3)
    columns = read(text + "\n\n")
    assert_same(columns, bars)
    assert columns.rows.tolist() == [3, 5, 7, 8]


@settings(max_examples=60)
@given(
    row=st.integers(0, 39),
    column=st.integers(0, 5),
    text=st.sampled_from(["", "abc", "null", "1 000.5", "12:30", "-", "N/A", "�"]),
)
def test_every_unreadable_cell_is_named_by_line_column_and_text(row: int, column: int, text: str) -> None:
    rows = rows_of(clean_bars(40))
    rows[row][column] = text
    columns = read(csv_text(rows))
    assert columns.problem_count == 1
    (problem,) = columns.problems
    assert (problem.row, problem.column, problem.text) == (row + 2, HEADER.split(",")[column], text)
    assert len(columns.ts) == (39 if column == 0 else 40)


@pytest.mark.parametrize("cells", [4, 5, 7])
def test_a_row_with_another_number_of_cells_is_a_problem_and_never_padded(cells: int) -> None:
    rows = rows_of(clean_bars(10))
    rows[6] = [*rows[6], "9"][:cells]
    columns = read(csv_text(rows))
    assert [(problem.row, problem.column) for problem in columns.problems] == [(8, "row")]
    assert f"has {cells} cells" in columns.problems[0].why
    assert len(columns.ts) == 9


def test_times_in_another_unit_than_most_are_named() -> None:
    rows = rows_of(clean_bars(10))
    for row in rows[7:]:
        row[0] += "000"
    columns = read(csv_text(rows))
    assert [problem.row for problem in columns.problems] == [9, 10, 11]
    assert "epoch microseconds where most of the file is in epoch milliseconds" in columns.problems[0].why


def test_a_cut_last_line_is_named_and_a_missing_line_end_is_noticed() -> None:
    text = csv_text(rows_of(clean_bars(10)))
    cut = read(text[:-25])
    assert [problem.row for problem in cut.problems] == [11]
    whole = read(text[:-1])
    assert whole.problem_count == 0
    assert not whole.ends_complete


def test_a_last_cell_that_was_cut_inside_its_number_is_noticed_by_its_missing_decimals() -> None:
    rows = [[*row[:5], f"{float(row[5]):.3f}"] for row in rows_of(clean_bars(50))]
    for cut in (1, 2, 3, 4, 5):
        columns = read(csv_text(rows)[: -1 - cut])
        assert [(problem.row, problem.column) for problem in columns.problems] == [(51, "volume")]
        assert "is cut" in columns.problems[0].why
    assert read(csv_text(rows)[:-1]).problem_count == 0
    assert read(csv_text([[*row[:5], row[5], "x"] for row in rows], HEADER + ",note")[:-1]).problem_count == 0


def test_problems_are_all_counted_though_only_the_first_thousand_are_listed() -> None:
    rows = [[row[0], "x", *row[2:]] for row in rows_of(clean_bars(1500))]
    columns = read(csv_text(rows))
    assert columns.problem_count == 1500
    assert len(columns.problems) == 1000


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", ReasonCode.BARS_SCHEMA, "no rows"),
        (b"\n \n", ReasonCode.BARS_SCHEMA, "no rows"),
        (HEADER.encode() + b"\n", ReasonCode.BARS_SCHEMA, "no rows"),
        (b"ts;open;high;low;close;volume\n1;2;3;4;5;6\n", ReasonCode.BARS_SCHEMA, "semicolons"),
        (b"1704067200;46,5;47,1;46,0;46,9;3,5\n", ReasonCode.BARS_SCHEMA, "semicolons"),
        (b"ts\topen\thigh\tlow\tclose\tvolume\n", ReasonCode.BARS_SCHEMA, "tabs"),
        (b"ts open high low close volume\n", ReasonCode.BARS_SCHEMA, "blanks"),
        (b"ts,open,high,low,close\n1,2,3,4,5\n", ReasonCode.BARS_SCHEMA, "column volume not found"),
        (b"ts,price,volume\n1,2,3\n", ReasonCode.BARS_SCHEMA, "open, high, low, close"),
        (b"ts,open,open,high,low,close,volume\n", ReasonCode.BARS_SCHEMA, "'open' is there 2 times"),
        (b"1704067200,2,3,4\n", ReasonCode.BARS_SCHEMA, "has 4 cells and no header"),
        (b"<html><body>rate limit</body></html>", ReasonCode.BARS_SCHEMA, "not found"),
        (HEADER.encode("utf-16"), ReasonCode.SOURCE_UNREADABLE, "UTF-16"),
        (b"PAR1....", ReasonCode.SOURCE_UNREADABLE, "Parquet"),
        (b"PK\x03\x04....", ReasonCode.SOURCE_UNREADABLE, "zip"),
        (gzip.compress(csv_text(rows_of(clean_bars(50))).encode())[:-40], ReasonCode.SOURCE_UNREADABLE, "gzip"),
        (f'{HEADER}\n1704067200,"{"x" * 200_000}'.encode(), ReasonCode.SOURCE_UNREADABLE, "line 2"),
    ],
)
def test_a_file_that_is_no_table_of_bars_says_what_it_is(data: bytes, code: ReasonCode, said: str) -> None:
    with pytest.raises(DataError) as caught:
        read(data)
    assert caught.value.code == code
    assert said in caught.value.message
    assert caught.value.remedy


def test_trades_are_found_by_the_names_that_exchanges_use() -> None:
    header = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
    columns = read_csv(f"{header}\n1,10.5,2,1,1,1704067200123,true\n".encode(), TRADES, "trades.csv")
    assert columns.ts.tolist() == [1704067200123]
    assert columns.values["price"].tolist() == [10.5]
    assert columns.values["volume"].tolist() == [2.0]
