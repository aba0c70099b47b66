"""Trades with their taker's side and snapshots of an order book, read from files and held to what the fit needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.raw import Columns
from trading.market.sources.csv_file import read_csv
from trading.market.sources.files import file_bytes
from trading.market.sources.layout import TRADES, Layout, schema_error
from trading.market.sources.parquet_file import PARQUET_ENDINGS, read_parquet
from trading.moments import moment_text

# A recorder stamps its snapshots with its own clock, so where a file says when a trade was received, that is its time.
TAKEN = Layout(
    "trades",
    (("recv_ts", "received", "local_ts", *TRADES.names[0]), *TRADES.names[1:], ("side", "taker_side")),
    "side is 1 where a buyer took and -1 where a seller took.",
)


@dataclass(frozen=True, eq=False)
class Trades:
    """Trades of one market, oldest first.

    Attributes:
        name: of the file.
        ts: shape (n,), UTC milliseconds on the recorder's clock where the file has it.
        price: shape (n,).
        quantity: shape (n,), units of the asset.
        side: shape (n,), 1 where a buyer took, -1 where a seller took.
    """

    name: str
    ts: Ints
    price: Floats
    quantity: Floats
    side: Floats


@dataclass(frozen=True, eq=False)
class Book:
    """Snapshots of the order book of one market, oldest first; level 0 is the best.

    Attributes:
        name: of the file.
        ts: shape (n,), UTC milliseconds.
        bid_price: shape (n, levels), falling along a row.
        bid_quantity: shape (n, levels), units of the asset.
        ask_price: shape (n, levels), rising along a row.
        ask_quantity: shape (n, levels), units of the asset.
    """

    name: str
    ts: Ints
    bid_price: Floats
    bid_quantity: Floats
    ask_price: Floats
    ask_quantity: Floats

    @property
    def mid(self) -> Floats:
        """Midway between best bid and best ask, shape (n,)."""
        return (self.bid_price[:, 0] + self.ask_price[:, 0]) / 2.0

    @property
    def half_spread(self) -> Floats:
        """Half of the spread as a fraction of the mid, shape (n,)."""
        return (self.ask_price[:, 0] - self.bid_price[:, 0]) / 2.0 / self.mid


def read_trades(path: Path) -> Trades:
    """Trades of a CSV or Parquet file, told apart by its ending.

    Args:
        path: of the file; columns as in :data:`TAKEN`.

    Raises:
        DataError: if the file cannot be read, lacks a column, or a row breaches what :class:`Trades` promises.
    """
    columns = _read(path, TAKEN)
    price, quantity, side = (columns.values[name] for name in ("price", "volume", "side"))
    numbers = np.isfinite(price) & np.isfinite(quantity) & np.isfinite(side)
    _refuse(columns, path, ~numbers, ReasonCode.BARS_NOT_FINITE, "a price, quantity or side is not finite")
    positive = (price > 0.0) & (quantity > 0.0)
    _refuse(columns, path, ~positive, ReasonCode.BARS_NOT_POSITIVE, "a price or quantity is not positive")
    _refuse(columns, path, np.abs(side) != 1.0, ReasonCode.TRADES_SIDE, "the side is neither 1 nor -1")
    backward = np.diff(columns.ts, prepend=columns.ts[:1]) < 0
    _refuse(columns, path, backward, ReasonCode.BARS_NOT_INCREASING, "the time goes back", "Sort the file by time.")
    return Trades(path.name, columns.ts, price, quantity, side)


def read_book(path: Path, levels: int) -> Book:
    """Snapshots of a CSV or Parquet file, told apart by its ending.

    Args:
        path: of the file; columns ``ts`` and, for each level i from 0, ``b{i}p,b{i}q,a{i}p,a{i}q``.
        levels: how many levels a side to read.

    Raises:
        DataError: if the file cannot be read, lacks a column, or a row breaches what :class:`Book` promises.
    """
    names = [[f"{side}{level}{what}" for level in range(levels)] for side in "ba" for what in "pq"]
    cells = tuple((name,) for group in names for name in group)
    columns = _read(path, Layout("books", (TRADES.names[0], *cells), "With fewer levels, say --levels."))
    bid, bid_quantity, ask, ask_quantity = (
        np.stack([columns.values[name] for name in group], axis=1) for group in names
    )
    book = Book(path.name, columns.ts, bid, bid_quantity, ask, ask_quantity)
    cells = np.hstack([bid, bid_quantity, ask, ask_quantity])
    finite = np.logical_and.reduce(np.isfinite(cells), axis=1)
    _refuse(columns, path, ~finite, ReasonCode.BARS_NOT_FINITE, "a price or quantity is not finite")
    positive = np.logical_and.reduce(cells > 0.0, axis=1)
    _refuse(columns, path, ~positive, ReasonCode.BARS_NOT_POSITIVE, "a price or quantity is not positive")
    crossed = bid[:, 0] >= ask[:, 0]
    _refuse(columns, path, crossed, ReasonCode.BOOK_CROSSED, "the best bid is not under the best ask")
    outward = np.logical_and.reduce(np.hstack([-np.diff(bid, axis=1), np.diff(ask, axis=1)]) > 0.0, axis=1)
    _refuse(columns, path, ~outward, ReasonCode.BOOK_LEVELS, "prices of its levels do not lead away from the best one")
    still = np.diff(columns.ts, prepend=columns.ts[:1] - 1) <= 0
    wrong = "the time repeats or goes back"
    _refuse(columns, path, still, ReasonCode.BARS_NOT_INCREASING, wrong, "Sort the file by time and drop repeats.")
    return book


def _read(path: Path, layout: Layout) -> Columns:
    data = file_bytes(path, subject=layout.kind, remedy="Check the path; a relative one starts where the command runs.")
    parse = read_parquet if path.name.lower().endswith(PARQUET_ENDINGS) else read_csv
    columns = parse(data, layout, path.name)
    if columns.problem_count:
        first = columns.problems[0]
        raise schema_error(
            f"{path.name} {columns.row_word} {first.row}: {first}; {columns.problem_count} such cells in all.",
            "Correct or remove these rows.",
        )
    return columns


def _refuse(
    columns: Columns,
    path: Path,
    bad: NDArray[np.bool_],
    code: ReasonCode,
    what: str,
    remedy: str = "Correct or remove these rows.",
) -> None:
    if not bad.any():
        return
    first, count = int(np.argmax(bad)), int(bad.sum())
    row = int(columns.rows[first])
    place = f"{path.name} {columns.row_word} {row} ts {moment_text(columns.ts[first])}"
    message = f"{place}: {what}; {count} of {len(bad)} rows."
    raise DataError(code, message, remedy=remedy, file=path.name, row=row, count=count)
