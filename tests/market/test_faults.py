"""Files as they go wrong in practice: each ends in a clear refusal that names the place, none passes silently."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.market.samples import HEADER, clean_bars, csv_text, rows_of, spec_for
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.load import load_bars

Rows = list[list[str]]


def cell(row: int, column: int, text: str) -> Callable[[Rows], str]:
    def spoil(rows: Rows) -> str:
        rows[row][column] = text
        return csv_text(rows)

    return spoil


def moved(rows: Rows) -> str:
    rows[200], rows[300] = rows[300], rows[200]
    return csv_text(rows)


def two_units(rows: Rows) -> str:
    for row in rows[400:]:
        row[0] += "000"
    return csv_text(rows)


def seconds_and_milliseconds(rows: Rows) -> str:
    for row in rows[590:]:
        row[0] = row[0][:-3]
    return csv_text(rows)


def iso_from_some_row(rows: Rows) -> str:
    rows[500][0] = "2024-01-21T20:00:00Z"
    return csv_text(rows)


def cents(rows: Rows) -> str:
    for row in rows[450:]:
        row[1:5] = [str(float(price) * 100) for price in row[1:5]]
    return csv_text(rows)


def swapped(first: int, second: int) -> Callable[[Rows], str]:
    def spoil(rows: Rows) -> str:
        for row in rows:
            row[first], row[second] = row[second], row[first]
        return csv_text(rows)

    return spoil


def thousands(rows: Rows) -> str:
    rows[300][4] = f'"1,{rows[300][4]}"'
    return csv_text(rows)


def unquoted_thousands(rows: Rows) -> str:
    rows[300][4] = f"1,{rows[300][4]}"
    return csv_text(rows)


def close_times(rows: Rows) -> str:
    return csv_text([[str(int(row[0]) + 3_599_999), *row[1:]] for row in rows])


FAULTS: dict[str, tuple[Callable[[Rows], str | bytes], ReasonCode, str]] = {
    "negative price": (cell(300, 3, "-4"), ReasonCode.BARS_NOT_POSITIVE, "line 302"),
    "zero price": (cell(300, 1, "0"), ReasonCode.BARS_NOT_POSITIVE, "line 302"),
    "negative volume": (cell(300, 5, "-4"), ReasonCode.BARS_NOT_POSITIVE, "line 302"),
    "NaN as text": (cell(300, 4, "NaN"), ReasonCode.BARS_NOT_FINITE, "line 302"),
    "infinity as text": (cell(300, 5, "inf"), ReasonCode.BARS_NOT_FINITE, "line 302"),
    "null as text": (cell(300, 4, "null"), ReasonCode.BARS_SCHEMA, "line 302 close 'null'"),
    "empty cell": (cell(300, 4, ""), ReasonCode.BARS_SCHEMA, "line 302 close '' is empty"),
    "word in a number": (cell(300, 4, "12.5USD"), ReasonCode.BARS_SCHEMA, "line 302 close '12.5USD'"),
    "high under close": (cell(300, 2, "1.0"), ReasonCode.BARS_HIGH_LOW, "line 302"),
    "time that is a word": (cell(300, 0, "yesterday"), ReasonCode.BARS_SCHEMA, "line 302 ts 'yesterday'"),
    "empty time": (cell(300, 0, ""), ReasonCode.BARS_SCHEMA, "line 302 ts ''"),
    "time off the grid": (cell(300, 0, "1705147200001"), ReasonCode.BARS_OFF_GRID, "line 302"),
    "repeated time": (cell(300, 0, "1705143600000"), ReasonCode.BARS_NOT_INCREASING, "line 302"),
    "rows out of order": (moved, ReasonCode.BARS_NOT_INCREASING, "line 203"),
    "newest first": (lambda rows: csv_text(rows[::-1]), ReasonCode.BARS_NOT_INCREASING, "line 3"),
    "microseconds from some row on": (two_units, ReasonCode.BARS_SCHEMA, "line 402"),
    "seconds from some row on": (seconds_and_milliseconds, ReasonCode.BARS_SCHEMA, "line 592"),
    "ISO time in one row": (iso_from_some_row, ReasonCode.BARS_SCHEMA, "line 502"),
    "prices in cents from some row on": (cents, ReasonCode.BARS_JUMP, "line 452"),
    "time and open swapped": (swapped(0, 1), ReasonCode.BARS_SCHEMA, "line 2 ts"),
    "high and low swapped": (swapped(2, 3), ReasonCode.BARS_HIGH_LOW, "line 2"),
    "open and close swapped": (swapped(1, 4), ReasonCode.BARS_SCHEMA, "open and close are swapped"),
    "close and volume swapped": (swapped(4, 5), ReasonCode.BARS_HIGH_LOW, "line 2"),
    "thousands separator in quotes": (thousands, ReasonCode.BARS_SCHEMA, "line 302 close"),
    "thousands separator": (unquoted_thousands, ReasonCode.BARS_SCHEMA, "line 302 row"),
    "header again in the middle": (
        lambda rows: csv_text([*rows[:300], list(map(str, HEADER.split(","))), *rows[300:]]),
        ReasonCode.BARS_SCHEMA,
        "line 302 ts 'ts'",
    ),
    "half-written last line": (lambda rows: csv_text(rows)[:-30], ReasonCode.BARS_SCHEMA, "line 601 row"),
    "remark at the end": (lambda rows: csv_text(rows) + "# end\n", ReasonCode.BARS_SCHEMA, "line 602 row '# end'"),
    "close times instead of open times": (close_times, ReasonCode.BARS_OFF_GRID, "line 2"),
    "holes": (lambda rows: csv_text(rows[:300] + rows[320:]), ReasonCode.BARS_GAPS, "20 before line 302"),
    "no trading": (
        lambda rows: csv_text([[*row[:5], "0"] if index % 2 else row for index, row in enumerate(rows)]),
        ReasonCode.BARS_ZERO_VOLUME,
        "line 3",
    ),
    "empty file": (lambda rows: "", ReasonCode.BARS_SCHEMA, "no rows"),
    "header only": (lambda rows: HEADER + "\n", ReasonCode.BARS_SCHEMA, "no rows"),
    "semicolons": (lambda rows: csv_text(rows).replace(",", ";"), ReasonCode.BARS_SCHEMA, "semicolons"),
    "tabs": (lambda rows: csv_text(rows).replace(",", "\t"), ReasonCode.BARS_SCHEMA, "tabs"),
    "decimal commas": (
        lambda rows: csv_text(rows).replace(",", ";").replace(".", ","),
        ReasonCode.BARS_SCHEMA,
        "semicolons",
    ),
    "column missing": (
        lambda rows: csv_text([row[:5] for row in rows], "ts,open,high,low,close"),
        ReasonCode.BARS_SCHEMA,
        "column volume not found",
    ),
    "two bytes a letter": (lambda rows: csv_text(rows).encode("utf-16"), ReasonCode.SOURCE_UNREADABLE, "UTF-16"),
    "broken archive": (
        lambda rows: gzip.compress(csv_text(rows).encode())[:-100],
        ReasonCode.SOURCE_UNREADABLE,
        "damaged gzip",
    ),
    "zero bytes in the middle": (
        lambda rows: csv_text(rows[:300]).encode() + b"\0" * 64 + b"\n" + csv_text(rows[300:], "").encode(),
        ReasonCode.BARS_SCHEMA,
        "line 302 row",
    ),
    "quotation mark that never closes": (cell(300, 4, '"99.5'), ReasonCode.BARS_SCHEMA, "line 302 row"),
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_faulty_file_is_refused_by_code_and_place_and_quarantined(name: str, tmp_path: Path) -> None:
    spoil, code, place = FAULTS[name]
    content = spoil(rows_of(clean_bars(600)))
    path = tmp_path / "market.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError) as caught:
        load_bars(spec_for(path), "TEST", None, tmp_path / "quarantine")
    assert (caught.value.code, place in caught.value.message) == (code, True), str(caught.value)
    assert "Nothing was imported" in caught.value.message
    assert caught.value.remedy
    folder = Path(str(caught.value.fields["quarantine"]))
    assert (folder / "market.csv").read_bytes() == path.read_bytes()
    assert str(code) in (folder / "report.md").read_text()


@pytest.mark.parametrize(
    ("name", "settings", "kept"),
    [
        ("repeated time", {"on_duplicate": "keep-last"}, 599),
        ("repeated time", {"on_duplicate": "keep-first"}, 599),
        ("rows out of order", {"on_unsorted": "sort"}, 600),
        ("newest first", {"on_unsorted": "sort"}, 600),
        ("holes", {"on_gap": "allow"}, 580),
        ("holes", {"max_gap_share": 0.05}, 580),
        ("no trading", {"max_zero_volume_share": 0.5}, 600),
    ],
)
def test_a_fault_that_an_option_names_is_repaired_or_allowed_by_it(
    name: str, settings: dict[str, object], kept: int, tmp_path: Path
) -> None:
    path = tmp_path / "market.csv"
    path.write_text(str(FAULTS[name][0](rows_of(clean_bars(600)))))
    loaded = load_bars(spec_for(path, **settings), "TEST", None, tmp_path / "quarantine")
    assert len(loaded.bars) == kept
    assert len(loaded.report.repairs) == ("on_duplicate" in settings or "on_unsorted" in settings)


def test_a_byte_order_mark_and_a_missing_line_end_do_no_harm_and_the_second_is_told(tmp_path: Path) -> None:
    path = tmp_path / "market.csv"
    path.write_bytes(csv_text(rows_of(clean_bars(600))).rstrip("\n").encode("utf-8-sig"))
    loaded = load_bars(spec_for(path), "TEST", None, tmp_path)
    assert len(loaded.bars) == 600
    assert [check.name for check in loaded.report.checks if not check.passed] == ["last_line"]
