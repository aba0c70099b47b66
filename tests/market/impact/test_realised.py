"""Moves of the mid that follow the net volume by a known root are measured as such; others explain nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.market.impact.samples import minutes_of, touch_market
from trading.market.impact.realised import realised_impact
from trading.market.impact.records import Book, Trades


def following_market(y: float, sigma: float, volume: float) -> tuple[Trades, Book]:
    """Trades in the middle of each second whose size is what the root needs for the second's move."""
    trades, book = touch_market(5)
    move = np.diff(np.log(book.mid))
    net = np.sign(move) * (move / (y * sigma)) ** 2 * volume
    some = net != 0.0
    ts = (book.ts[:-1] + 500)[some]
    moved = replace(trades, ts=ts, price=book.mid[1:][some], quantity=np.abs(net)[some], side=np.sign(net)[some])
    return moved, book


def test_moves_by_a_known_root_are_recovered() -> None:
    trades, book = following_market(0.9, 1e-3, 400.0)
    fits = realised_impact(trades, book, minutes_of(5, 1e-3, 400.0), seed=0)
    assert [fit.window_s for fit in fits] == [1, 5, 10, 30]
    assert [fit.windows for fit in fits] == [300, 60, 30, 10]
    second = fits[0]
    assert (second.y.value, second.r2, second.same_sign) == pytest.approx((0.9, 1.0, 1.0))
    assert second.y.error == pytest.approx(0.0, abs=1e-9)
    assert second.cost.value == pytest.approx(0.6)


def test_takers_that_follow_nothing_explain_nothing() -> None:
    trades, book = touch_market(60)
    fits = realised_impact(trades, book, minutes_of(60, 1e-3, 300.0), seed=0)
    # A trade just at a snapshot belongs to the window that ends there, and its side is a coin.
    assert abs(fits[0].y.value) < 4 * fits[0].y.error
    assert fits[0].r2 < 0.01


def test_windows_without_net_volume_have_no_fit() -> None:
    trades, book = touch_market(5)
    balanced = replace(
        trades,
        ts=np.repeat(trades.ts, 2),
        price=np.repeat(trades.price, 2),
        quantity=np.repeat(np.round(trades.quantity), 2),
        side=np.tile([1.0, -1.0], len(trades.ts)),
    )
    assert realised_impact(balanced, book, minutes_of(5, 1e-3, 300.0), seed=0) == ()
