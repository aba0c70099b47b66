"""Volatility and volume of every whole minute that trades and order book share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.impact.records import Book, Trades
from trading.market.raw import common_step
from trading.moments import moment_text

MINUTE_MS = 60_000
RANGE_PER_SIGMA = math.sqrt(8.0 / math.pi)
"""Mean range of a Brownian motion over its standard deviation: 1.596. Source: Parkinson, "The extreme value method for
estimating the variance of the rate of return", Journal of Business 53 (1980)."""
FEWEST_MINUTES = 4
"""Blocks of 30 s from fewer minutes say nothing about an error."""
LEAST_SNAPSHOTS = 0.9
"""Share of the snapshots that a minute has at the book's most common step."""
LEAST_AGREEMENT = 0.5
FRESH_MS = 1_000
"""A trade at most this old can be asked whether it lies between bid and ask."""


@dataclass(frozen=True, eq=False)
class Minutes:
    """The minutes that are used, counted from the first shared moment, not from the clock's full minute.

    Attributes:
        start_ms: shape (m,), UTC milliseconds.
        sigma: shape (m,), volatility of one minute's log return, from its range.
        volume: shape (m,), units of the asset.
        left_out: whole minutes that are not used because the price did not move, or snapshots are missing.
        agreement: share of snapshots whose last trade lies between their bid and ask.
    """

    start_ms: Ints
    sigma: Floats
    volume: Floats
    left_out: int
    agreement: float

    def index_of(self, ts: Ints) -> Ints:
        """Which minute each moment lies in, -1 if in none that is used.

        Args:
            ts: shape (n,), UTC milliseconds.
        """
        at = np.searchsorted(self.start_ms, ts, side="right") - 1
        inside = (at >= 0) & (ts < self.start_ms[np.maximum(at, 0)] + MINUTE_MS)
        return np.where(inside, at, -1).astype(np.int64)


def measure_minutes(trades: Trades, book: Book) -> Minutes:
    """The shared whole minutes.

    Args:
        trades: of a market.
        book: of the same market at the same time.

    Raises:
        DataError: ``BOOK_APART`` if the two share no time, or trades do not happen at the book's prices;
            ``IMPACT_TOO_SHORT`` if fewer than :data:`FEWEST_MINUTES` can be used.
    """
    first, end = _shared_span(trades, book)
    agreement = _agreement(trades, book)
    starts = np.arange(first, end - MINUTE_MS + 1, MINUTE_MS, dtype=np.int64)
    cuts = np.searchsorted(trades.ts, np.append(starts, starts[-1:] + MINUTE_MS))
    sigma, volume = np.zeros(len(starts)), np.zeros(len(starts))
    for at, (low, high) in enumerate(pairwise(cuts)):
        if high > low:
            price = trades.price[low:high]
            sigma[at] = math.log(price.max() / price.min()) / RANGE_PER_SIGMA
            volume[at] = trades.quantity[low:high].sum()
    snapshots = np.diff(np.searchsorted(book.ts, np.append(starts, starts[-1:] + MINUTE_MS)))
    used = (sigma > 0.0) & (snapshots * common_step(book.ts) >= LEAST_SNAPSHOTS * MINUTE_MS)
    if used.sum() < FEWEST_MINUTES:
        raise too_short(
            f"{trades.name} and {book.name} share {(end - first) / 1_000:.0f} s with {int(used.sum())} whole minutes "
            f"in which the price moved and no snapshots are missing; {FEWEST_MINUTES} are needed."
        )
    return Minutes(starts[used], sigma[used], volume[used], int((~used).sum()), agreement)


def too_short(message: str) -> DataError:
    """An error about too little to calibrate on.

    Args:
        message: how much there is, and how much is needed.
    """
    return DataError(ReasonCode.IMPACT_TOO_SHORT, message, remedy="Record trades and book together for longer.")


def _shared_span(trades: Trades, book: Book) -> tuple[int, int]:
    first, end = int(max(trades.ts[0], book.ts[0])), int(min(trades.ts[-1], book.ts[-1]))
    if end > first:
        return first, end
    spans = (f"{of.name} {moment_text(of.ts[0])} to {moment_text(of.ts[-1])}" for of in (trades, book))
    raise DataError(
        ReasonCode.BOOK_APART,
        f"trades and book share no time: {' and '.join(spans)}.",
        remedy="Name files that were recorded together.",
    )


def _agreement(trades: Trades, book: Book) -> float:
    last = np.searchsorted(trades.ts, book.ts, side="right") - 1
    price = trades.price[np.maximum(last, 0)]
    fresh = (last >= 0) & (book.ts - trades.ts[np.maximum(last, 0)] <= FRESH_MS)
    inside = (price >= book.bid_price[:, 0]) & (price <= book.ask_price[:, 0])
    agreement = float(inside[fresh].mean()) if fresh.any() else 0.0
    if agreement < LEAST_AGREEMENT:
        raise DataError(
            ReasonCode.BOOK_APART,
            f"the last trade before a snapshot lies between its bid and ask in {agreement:.0%} of {int(fresh.sum())} "
            f"snapshots that have a trade within {FRESH_MS / 1_000:g} s; at least {LEAST_AGREEMENT:.0%} are expected.",
            remedy="Name files of one market and one clock; a column recv_ts of the trades is the recorder's clock.",
            agreement=agreement,
        )
    return agreement
