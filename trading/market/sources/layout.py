"""Which columns a file must have, under which names they are known, and what to say when they are not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trading.codes import ReasonCode
from trading.errors import DataError

_TIME_NAMES = (
    "ts",
    "timestamp",
    "open_time",
    "opentime",
    "open time",
    "time",
    "datetime",
    "date",
    "unix",
    "timestamp_ms",
    "ts_ms",
    "t",
    "start",
)


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of file.

    Attributes:
        kind: what the rows are, for messages.
        names: for each column its names in lower case; the first is ours, an earlier one wins over a later one.
        other: what to try if the columns are not there.
    """

    kind: str
    names: tuple[tuple[str, ...], ...]
    other: str

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(names[0] for names in self.names)


BARS = Layout(
    "bars",
    (
        _TIME_NAMES,
        ("open", "o", "open_price", "open price"),
        ("high", "h", "high_price", "high price"),
        ("low", "l", "low_price", "low price"),
        ("close", "c", "close_price", "close price"),
        ("volume", "vol", "v", "base_volume", "volume_base", "base volume"),
    ),
    "If the file holds trades, name the source ticks:PATH.",
)
TRADES = Layout(
    "trades",
    (
        (*_TIME_NAMES, "transact_time", "trade_time", "tradetime"),
        ("price", "p", "rate", "trade_price"),
        ("volume", "vol", "qty", "quantity", "size", "amount", "v", "q"),
    ),
    "If the file holds bars, name the source csv:PATH or parquet:PATH.",
)
FUNDING_EVENTS = Layout(
    "funding events",
    (
        (*_TIME_NAMES, "funding_time", "fundingtime", "calc_time"),
        ("funding_rate", "fundingrate", "last_funding_rate"),
    ),
    "market.funding names a file of funding events.",
)


def has_header(first_row: Sequence[str], layout: Layout) -> bool:
    """Whether a file's first row holds names: one of them is known, or no cell begins like a number or a date.

    Args:
        first_row: its cells.
        layout: the columns wanted.
    """
    cells = [cell.strip().lower() for cell in first_row]
    if any(cell in aliases for aliases in layout.names for cell in cells):
        return True
    return not any(cell[:1].isdigit() or (cell[:1] in "+-." and cell[1:2].isdigit()) for cell in cells if cell)


def find_columns(header: Sequence[str], layout: Layout, name: str) -> tuple[int, ...]:
    """The position of each column of a layout in a header; case, outer blanks and extra columns do not matter.

    Args:
        header: cells of the first row.
        layout: the columns wanted.
        name: what messages call the file.

    Raises:
        DataError: with code ``BARS_SCHEMA`` if a column is missing or there twice.
    """
    known = [cell.strip().lower() for cell in header]
    positions: list[int] = []
    missing: list[str] = []
    for aliases in layout.names:
        found = next((alias for alias in aliases if alias in known), None)
        if found is None:
            missing.append(aliases[0])
        elif known.count(found) > 1:
            raise schema_error(
                f"{name}: column {found!r} is there {known.count(found)} times.", "Keep one column of each name."
            )
        else:
            positions.append(known.index(found))
    if missing:
        shown = ", ".join(repr(cell[:40]) for cell in list(header)[:12])
        raise schema_error(
            f"{name}: column {', '.join(missing)} not found; the file has {shown}.",
            f"Name the columns {','.join(layout.columns)}, separated by commas. {layout.other}",
        )
    return tuple(positions)


def check_delimiter(first_line: str, name: str) -> None:
    """Refuse a text file whose cells are separated by anything but a comma, before its cells look like damage.

    Args:
        first_line: of the file.
        name: what messages call the file.

    Raises:
        DataError: with code ``BARS_SCHEMA``, naming the separator.
    """
    commas = first_line.count(",")
    for separator, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars"), (" ", "blanks")):
        cells = len([cell for cell in first_line.split(separator) if cell.strip(" ,")])
        # Semicolons often come with decimal commas; names and ISO times may hold blanks beside commas.
        if cells >= 3 and (cells > commas if separator == ";" else commas <= 1):
            raise schema_error(
                f"{name}: cells of line 1 are separated by {word}, not commas: {first_line[:80]!r}.",
                "Write the file with commas between cells and a point in decimals.",
            )


def schema_error(message: str, remedy: str) -> DataError:
    """An error about a file's columns.

    Args:
        message: what is wrong.
        remedy: what the user can do.
    """
    return DataError(ReasonCode.BARS_SCHEMA, message, remedy=remedy)


def no_rows(name: str) -> DataError:
    """An error about a file that is empty or holds a header only.

    Args:
        name: what messages call the file.
    """
    return schema_error(f"{name} has no rows.", "Write or download the file again.")
