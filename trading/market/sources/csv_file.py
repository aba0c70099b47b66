"""Bars in a CSV file, plain or gzip, read with the standard library and numpy only: ``csv:PATH``."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from trading.arrays import Floats
from trading.market.raw import Columns, Problem
from trading.market.sources.cells import UNREADABLE, number_trouble, parse_numbers, parse_times
from trading.market.sources.files import BarsFile
from trading.market.sources.layout import BARS, Layout, check_delimiter, find_columns, has_header, no_rows, schema_error
from trading.market.sources.reading import SHOWN, Reading, unpacked, unreadable

CSV_ENDINGS = (".csv", ".csv.gz", ".txt", ".txt.gz")

_BLOCK = 4_096
_ENOUGH_ROWS = 20


class CsvSource(BarsFile):
    """A CSV file of bars; see :class:`trading.market.sources.files.FileSource`."""

    def parse(self, data: bytes) -> Columns:
        """The columns of the bars."""
        return read_csv(data, BARS, self.name)


def read_csv(data: bytes, layout: Layout, name: str) -> Columns:
    """Columns of a CSV file, plain or gzip, with or without a header.

    Without a header the first columns are taken in the layout's order. Blank lines do not count as rows. A row with
    more or fewer cells than the first is a problem, never padded or cut.

    Args:
        data: the file's bytes.
        layout: the columns wanted.
        name: what to call the file in messages.

    Raises:
        DataError: ``SOURCE_UNREADABLE`` if it is no text or the archive is damaged, ``BARS_SCHEMA`` if it has no
            rows, another separator, or lacks a column.
    """
    text = _text(data, name)
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    if not first_line.strip():
        raise no_rows(name)
    check_delimiter(first_line, name)
    reader = csv.reader(io.StringIO(text, newline=""))
    reading = Reading(layout, "line")
    positions: tuple[int, ...] | None = None
    width = 0
    block: list[list[str]] = []
    lines: list[int] = []
    last_line = 0
    try:
        for cells in reader:
            line, last_line = last_line + 1, reader.line_num
            if not cells or (len(cells) == 1 and not cells[0].strip()):
                continue
            if positions is None:
                width = len(cells)
                if has_header(cells, layout):
                    positions = find_columns(cells, layout, name)
                    continue
                positions = _first_columns(cells, layout, name)
            if len(cells) != width:
                _short_row(reading, cells, line, positions, width)
                continue
            block.append(cells)
            lines.append(line)
            if len(block) == _BLOCK:
                _csv_block(reading, block, lines, positions)
                block, lines = [], []
    except csv.Error as error:
        raise unreadable(f"{name} line {last_line + 1}: {error}", "Look for an unclosed quotation mark.") from error
    ends_complete = text.endswith(("\n", "\r"))
    if block and positions is not None:
        if not ends_complete and lines[-1] == last_line and width - 1 in positions and _looks_cut(block):
            why = f"is the last cell, shorter than those above and without a line end: line {last_line} is cut"
            name_of_last = layout.columns[positions.index(width - 1)]
            reading.add(Problem(last_line, name_of_last, block[-1][-1][:SHOWN], why, _time_of(block[-1], positions)))
        _csv_block(reading, block, lines, positions)
    if reading.is_empty:
        raise no_rows(name)
    return reading.finish(ends_complete)


def _text(data: bytes, name: str) -> str:
    data = unpacked(data, name)
    for magic, kind in ((b"PAR1", "Parquet"), (b"PK\x03\x04", "zip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz")):
        if data.startswith(magic):
            remedy = "Name the source parquet:PATH." if kind == "Parquet" else "Unpack it, or pack it with gzip."
            raise unreadable(f"{name} is a {kind} file, not CSV", remedy)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise unreadable(f"{name} is UTF-16 text", "Save the file as UTF-8.")
    return data.decode("utf-8-sig", errors="replace")


def _first_columns(cells: Sequence[str], layout: Layout, name: str) -> tuple[int, ...]:
    wanted = len(layout.columns)
    if len(cells) < wanted:
        raise schema_error(
            f"{name}: {','.join(cells)[:SHOWN]!r} has {len(cells)} cells and no header, {layout.kind} have {wanted}.",
            f"Write the columns {','.join(layout.columns)}. {layout.other}",
        )
    return tuple(range(wanted))


def _short_row(reading: Reading, cells: list[str], line: int, positions: tuple[int, ...], width: int) -> None:
    """A row of the wrong width is never padded or cut to fit."""
    why = f"has {len(cells)} cells, the first line has {width}"
    reading.add(Problem(line, "row", ",".join(cells)[:SHOWN], why, _time_of(cells, positions)))


def _time_of(cells: Sequence[str], positions: tuple[int, ...]) -> int | None:
    """The time of a broken row, to know whether the row is visible at a moment."""
    if len(cells) <= positions[0]:
        return None
    ts, units = parse_times([cells[positions[0]]])
    return int(ts[0]) if units[0] != UNREADABLE else None


def _looks_cut(block: list[list[str]]) -> bool:
    """Whether the last cell of all has fewer decimals than every one above it; enough of them must be there to tell."""
    decimals = [len(row[-1].rstrip().partition(".")[2]) for row in block]
    return len(decimals) > _ENOUGH_ROWS and decimals[-1] < min(decimals[:-1])


def _csv_block(reading: Reading, block: list[list[str]], lines: list[int], positions: tuple[int, ...]) -> None:
    columns = list(zip(*block, strict=True))
    rows = np.array(lines, dtype=np.int64)
    ts, units = parse_times(columns[positions[0]])
    values: list[Floats] = []
    for position, name in zip(positions[1:], reading.layout.columns[1:], strict=True):
        numbers, bad = parse_numbers(columns[position])
        values.append(numbers)
        for at in bad:
            when = int(ts[at]) if units[at] != UNREADABLE else None
            cell = columns[position][at]
            reading.add(Problem(lines[at], name, cell[:SHOWN], number_trouble(cell), when))
    reading.block(rows, ts, units, values, columns[positions[0]].__getitem__)
