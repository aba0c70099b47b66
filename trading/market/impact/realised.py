"""What the mid did while more was bought than sold: a check of the magnitude of impact from trades alone."""

from __future__ import annotations

import numpy as np

from trading.market.impact.law import Estimate, block_draws
from trading.market.impact.minutes import MINUTE_MS, Minutes
from trading.market.impact.records import Book, Trades
from trading.market.raw import common_step
from trading.seeds import seed_for
from trading.values import Frozen

WINDOWS_S = (1, 5, 10, 30)
"""Divisors of a minute, so that every window has the volatility and volume of one minute."""
BLOCK_MS = 30_000
COST_PER_MOVE = 2.0 / 3.0
"""What an order pays on average, of the whole move, if it moves the price by the root of what it has bought so far."""
_DRAWS = 2_000


class Realised(Frozen):
    """Moves of the mid over windows of one length against the net volume taken in the same window.

    Attributes:
        window_s: length of a window, seconds.
        windows: how many, none overlapping.
        same_sign: share of windows with a move and a net volume in which both have one sign.
        y: of ``move = y * sigma * sign * sqrt(net volume / volume)``, least squares through zero.
        cost: ``y`` times :data:`COST_PER_MOVE`, to be compared with the cost of walking the book.
        r2: share of the moves' squares that this explains.
    """

    window_s: int
    windows: int
    same_sign: float
    y: Estimate
    cost: Estimate
    r2: float


def realised_impact(trades: Trades, book: Book, minutes: Minutes, seed: int) -> tuple[Realised, ...]:
    """One fit for each length of :data:`WINDOWS_S`; none if no mid moved with it, or the book's step is longer.

    Args:
        trades: of a market.
        book: of the same market at the same time.
        minutes: that both share.
        seed: of the bootstrap.
    """
    fits = (_fit(trades, book, minutes, window_s, seed) for window_s in WINDOWS_S)
    return tuple(fit for fit in fits if fit is not None)


def _fit(trades: Trades, book: Book, minutes: Minutes, window_s: int, seed: int) -> Realised | None:
    length = window_s * 1_000
    if length < common_step(book.ts):
        return None
    start = (minutes.start_ms[:, None] + np.arange(0, MINUTE_MS, length)).ravel()
    minute = np.repeat(np.arange(len(minutes.start_ms)), MINUTE_MS // length)
    mid = np.log(book.mid)
    before, after = (np.searchsorted(book.ts, ts, side="right") - 1 for ts in (start, start + length))
    move = mid[after] - mid[before]
    # A trade at the very moment of a snapshot is in it already.
    flow = np.concatenate([[0.0], np.cumsum(trades.side * trades.quantity)])
    low, high = (np.searchsorted(trades.ts, ts, side="right") for ts in (start, start + length))
    net = flow[high] - flow[low]
    expected = minutes.sigma[minute] * np.sign(net) * np.sqrt(np.abs(net) / minutes.volume[minute])
    moved = (move != 0.0) & (net != 0.0)
    if not moved.any():
        return None
    seed = seed_for(seed, "impact", "realised", window_s)
    draws = block_draws(len(start), block=BLOCK_MS // length, draws=_DRAWS, seed=seed)
    y = float((expected * move).sum() / (expected**2).sum())
    squares = (expected**2)[draws].sum(axis=1)
    resampled = (expected * move)[draws].sum(axis=1)[squares > 0.0] / squares[squares > 0.0]
    error = float(resampled.std(ddof=1))
    return Realised(
        window_s=window_s,
        windows=len(start),
        same_sign=float((np.sign(move) == np.sign(net))[moved].mean()),
        y=Estimate(value=y, error=error),
        cost=Estimate(value=COST_PER_MOVE * y, error=COST_PER_MOVE * error),
        r2=float(1.0 - ((move - y * expected) ** 2).sum() / (move**2).sum()),
    )
