"""Files of trades and books: what they promise is held, by code, naming the row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.market.impact.samples import book_columns, lawful_market, touch_market, write_csv, write_market
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.impact.records import read_book, read_trades

Columns = dict[str, np.ndarray]


def trades_columns() -> Columns:
    trades, _ = touch_market(1)
    return {"ts": trades.ts.copy(), "price": trades.price, "qty": trades.quantity, "side": trades.side}


def planted(column: str, row: int, value: float) -> Callable[[Columns], None]:
    def plant(columns: Columns) -> None:
        columns[column] = columns[column].copy()
        columns[column][row] = value

    return plant


def without(column: str) -> Callable[[Columns], None]:
    def drop(columns: Columns) -> None:
        del columns[column]

    return drop


def swapped(one: str, other: str, row: int) -> Callable[[Columns], None]:
    def swap(columns: Columns) -> None:
        for name in (one, other):
            columns[name] = columns[name].copy()
        columns[one][row], columns[other][row] = columns[other][row], columns[one][row]

    return swap


def backward(columns: Columns) -> None:
    columns["ts"] = columns["ts"].copy()
    columns["ts"][7] = columns["ts"][5] - 1


def repeated(columns: Columns) -> None:
    columns["ts"] = columns["ts"].copy()
    columns["ts"][7] = columns["ts"][6]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    trades, book = lawful_market(1.0, 0.5)
    trades_path, book_path = write_market(tmp_path, trades, book)
    read, held = read_trades(trades_path), read_book(book_path, 20)
    for name in ("ts", "price", "quantity", "side"):
        np.testing.assert_array_equal(getattr(read, name), getattr(trades, name))
    for name in ("ts", "bid_price", "bid_quantity", "ask_price", "ask_quantity"):
        np.testing.assert_array_equal(getattr(held, name), getattr(book, name))
    assert held.half_spread == pytest.approx(np.full(len(book.ts), 5e-6), rel=0.02)
    assert read_book(book_path, 3).ask_price.shape == (len(book.ts), 3)


def test_the_time_of_a_trade_is_when_it_was_received_where_the_file_says_so(tmp_path: Path) -> None:
    columns = trades_columns()
    columns["recv_ts"] = columns["ts"] - 1_250
    write_csv(tmp_path / "trades.csv", columns)
    np.testing.assert_array_equal(read_trades(tmp_path / "trades.csv").ts, columns["recv_ts"])


@pytest.mark.parametrize(
    ("fault", "code", "row"),
    [
        (without("side"), ReasonCode.BARS_SCHEMA, None),
        (without("price"), ReasonCode.BARS_SCHEMA, None),
        (planted("price", 3, np.nan), ReasonCode.BARS_NOT_FINITE, 5),
        (planted("qty", 3, np.inf), ReasonCode.BARS_NOT_FINITE, 5),
        (planted("side", 3, np.nan), ReasonCode.BARS_NOT_FINITE, 5),
        (planted("price", 3, 0.0), ReasonCode.BARS_NOT_POSITIVE, 5),
        (planted("qty", 3, -1.0), ReasonCode.BARS_NOT_POSITIVE, 5),
        (planted("side", 3, 0.0), ReasonCode.TRADES_SIDE, 5),
        (backward, ReasonCode.BARS_NOT_INCREASING, 9),
    ],
)
def test_a_fault_in_the_trades_is_refused(
    tmp_path: Path, fault: Callable[[Columns], None], code: ReasonCode, row: int | None
) -> None:
    columns = trades_columns()
    fault(columns)
    write_csv(tmp_path / "trades.csv", columns)
    with pytest.raises(DataError) as caught:
        read_trades(tmp_path / "trades.csv")
    assert caught.value.code == code
    assert caught.value.fields.get("row") == row


@pytest.mark.parametrize(
    ("fault", "code", "row"),
    [
        (without("a2q"), ReasonCode.BARS_SCHEMA, None),
        (planted("b1p", 3, np.nan), ReasonCode.BARS_NOT_FINITE, 5),
        (planted("a2q", 3, np.inf), ReasonCode.BARS_NOT_FINITE, 5),
        (planted("b2p", 3, -1.0), ReasonCode.BARS_NOT_POSITIVE, 5),
        (planted("a0q", 3, 0.0), ReasonCode.BARS_NOT_POSITIVE, 5),
        (swapped("b0p", "a0p", 3), ReasonCode.BOOK_CROSSED, 5),
        (swapped("b1p", "b2p", 3), ReasonCode.BOOK_LEVELS, 5),
        (swapped("a1p", "a2p", 3), ReasonCode.BOOK_LEVELS, 5),
        (backward, ReasonCode.BARS_NOT_INCREASING, 9),
        (repeated, ReasonCode.BARS_NOT_INCREASING, 9),
    ],
)
def test_a_fault_in_the_book_is_refused(
    tmp_path: Path, fault: Callable[[Columns], None], code: ReasonCode, row: int | None
) -> None:
    columns = book_columns(lawful_market(1.0, 0.5, levels=3)[1])
    fault(columns)
    write_csv(tmp_path / "book.csv", columns)
    with pytest.raises(DataError) as caught:
        read_book(tmp_path / "book.csv", 3)
    assert caught.value.code == code
    assert caught.value.fields.get("row") == row


def test_trades_of_one_millisecond_are_normal(tmp_path: Path) -> None:
    columns = trades_columns()
    repeated(columns)
    write_csv(tmp_path / "trades.csv", columns)
    assert len(read_trades(tmp_path / "trades.csv").ts) == 61


def test_a_locked_book_is_crossed(tmp_path: Path) -> None:
    columns = book_columns(touch_market(1)[1])
    columns["b0p"] = columns["a0p"]
    write_csv(tmp_path / "book.csv", columns)
    with pytest.raises(DataError, match=r"BOOK_CROSSED.*61 of 61"):
        read_book(tmp_path / "book.csv", 1)


def test_a_cell_that_is_no_number_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text("ts,price,qty,side\n1723161256000,100,1,1\n1723161257000,abc,1,-1\n")
    with pytest.raises(DataError, match=r"BARS_SCHEMA: trades.csv line 3: price 'abc'"):
        read_trades(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"SOURCE_MISSING: trades: no file .*none.csv"):
        read_trades(tmp_path / "none.csv")
