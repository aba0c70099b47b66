"""A market whose book follows a known law of impact exactly, and its files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats
from trading.market.impact.minutes import Minutes, measure_minutes
from trading.market.impact.records import Book, Trades

START_MS = 1_723_161_256_000
HALF_TICK = 0.005


def touch_market(minutes: int = 5, seed: int = 1) -> tuple[Trades, Book]:
    """Trades at the best prices of a random walk, each just before a snapshot, and a book of one level."""
    rng = np.random.default_rng(seed)
    count = minutes * 60 + 1
    ts = START_MS + 1_000 * np.arange(count, dtype=np.int64)
    mid = np.round(1_000.0 * np.exp(np.cumsum(rng.normal(0.0, 1e-4, count))), 2)
    side = rng.choice([-1.0, 1.0], count)
    trades = Trades("trades.csv", ts, mid + side * HALF_TICK, np.round(rng.uniform(1.0, 9.0, count), 3), side)
    one = np.ones((count, 1))
    book = Book("book.csv", ts, (mid - HALF_TICK)[:, None], one, (mid + HALF_TICK)[:, None], one)
    return trades, book


def lawful_market(
    y: float, exponent: float, *, levels: int = 20, minutes: int = 5, noise: float = 0.0
) -> tuple[Trades, Book]:
    """A market in which orders of the sizes that are walked cost ``y * sigma * share ** exponent`` beyond the spread.

    Level 0 holds next to nothing; each further level ends at one of the sizes, at the price that makes the order's
    average right. ``noise`` multiplies the costs of a snapshot by a lognormal factor.
    """
    trades, touch = touch_market(minutes)
    measured = measure_minutes(trades, touch)
    minute = np.minimum((touch.ts - START_MS) // 60_000, len(measured.start_ms) - 1)
    sigma, volume = measured.sigma[minute, None], measured.volume[minute, None]
    factor = np.exp(np.random.default_rng(2).normal(0.0, noise, (len(touch.ts), 1)))
    shares = np.r_[1e-9, 1e-4 * 10.0 ** (np.arange(levels - 1) / 5)] * (1.0 + 1e-12)
    total = shares * y * sigma * factor * shares**exponent * touch.mid[:, None]
    away = np.diff(total, axis=1, prepend=0.0) / np.diff(shares, prepend=0.0)
    away[:, 0] = 0.0
    held = np.diff(shares, prepend=0.0) * volume
    book = replace(
        touch,
        bid_price=touch.bid_price - away,
        bid_quantity=held,
        ask_price=touch.ask_price + away,
        ask_quantity=held,
    )
    return trades, book


def minutes_of(count: int, sigma: float, volume: float) -> Minutes:
    start = START_MS + 60_000 * np.arange(count, dtype=np.int64)
    return Minutes(start, np.full(count, sigma), np.full(count, volume), 0, 1.0)


def write_market(folder: Path, trades: Trades, book: Book) -> tuple[Path, Path]:
    """Both as CSV files; returns their paths."""
    trades_path, book_path = folder / "trades.csv", folder / "book.csv"
    write_csv(
        trades_path, {"ts": trades.ts, "price": trades.price, "qty": trades.quantity, "side": trades.side.astype(int)}
    )
    write_csv(book_path, book_columns(book))
    return trades_path, book_path


def book_columns(book: Book) -> dict[str, np.ndarray]:
    columns: dict[str, np.ndarray] = {"ts": book.ts}
    for level in range(book.bid_price.shape[1]):
        columns[f"b{level}p"], columns[f"b{level}q"] = book.bid_price[:, level], book.bid_quantity[:, level]
        columns[f"a{level}p"], columns[f"a{level}q"] = book.ask_price[:, level], book.ask_quantity[:, level]
    return columns


def write_csv(path: Path, columns: dict[str, np.ndarray]) -> None:
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    path.write_text("\n".join([",".join(columns), *(",".join(map(repr, row)) for row in rows)]) + "\n")


def shifted(trades: Trades, by_ms: int) -> Trades:
    return replace(trades, ts=trades.ts + by_ms)


def scaled(book: Book, by: Floats | float) -> Book:
    """The book with each level's quantity multiplied."""
    return replace(book, bid_quantity=book.bid_quantity * by, ask_quantity=book.ask_quantity * by)


def taken(book: Book, rows: NDArray[np.bool_]) -> Book:
    """The chosen snapshots."""
    names = ("ts", "bid_price", "bid_quantity", "ask_price", "ask_quantity")
    return replace(book, **{name: getattr(book, name)[rows] for name in names})
