"""Minutes that trades and book share: their volatility and volume, and files that do not belong together."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.market.impact.samples import START_MS, shifted, taken, touch_market
from trading.errors import DataError
from trading.market.impact.minutes import RANGE_PER_SIGMA, measure_minutes


def test_sigma_and_volume_are_those_of_each_minute() -> None:
    trades, book = touch_market(5)
    minutes = measure_minutes(trades, book)
    assert minutes.start_ms.tolist() == [START_MS + 60_000 * at for at in range(5)]
    price, quantity = trades.price[60:120], trades.quantity[60:120]
    assert minutes.sigma[1] == pytest.approx(math.log(price.max() / price.min()) / 1.5958, rel=1e-4)
    assert minutes.volume[1] == pytest.approx(quantity.sum())
    assert (minutes.left_out, minutes.agreement) == (0, 1.0)


def test_the_range_of_a_random_walk_gives_back_its_volatility() -> None:
    steps = np.random.default_rng(5).normal(0.0, 1.0, (2_000, 4_000))
    walks = np.cumsum(steps, axis=1)
    sigma = (walks.max(axis=1) - walks.min(axis=1)).mean() / RANGE_PER_SIGMA
    # A walk of steps misses the extremes between them, by about 2 % at this many.
    assert sigma == pytest.approx(math.sqrt(4_000), rel=0.04)


def test_a_moment_lies_in_its_minute_or_in_none() -> None:
    minutes = measure_minutes(*touch_market(5))
    moments = START_MS + np.array([-1, 0, 59_999, 60_000, 299_999, 300_000], dtype=np.int64)
    assert minutes.index_of(moments).tolist() == [-1, 0, 0, 1, 4, -1]


def test_a_minute_without_a_move_is_left_out_and_counted() -> None:
    trades, book = touch_market(6)
    still = (trades.ts >= START_MS + 60_000) & (trades.ts < START_MS + 120_000)
    columns = {name: getattr(trades, name)[~still] for name in ("ts", "price", "quantity", "side")}
    minutes = measure_minutes(replace(trades, **columns), book)
    assert minutes.left_out == 1
    assert len(minutes.start_ms) == 5
    assert minutes.index_of(np.array([START_MS + 90_000])).tolist() == [-1]


def test_a_minute_whose_snapshots_are_missing_is_left_out_and_counted() -> None:
    trades, book = touch_market(6)
    minutes = measure_minutes(trades, taken(book, (book.ts < START_MS + 70_000) | (book.ts >= START_MS + 120_000)))
    assert minutes.left_out == 1
    assert START_MS + 60_000 not in minutes.start_ms


def test_files_of_different_times_are_refused() -> None:
    trades, book = touch_market(5)
    with pytest.raises(DataError, match=r"BOOK_APART.*share no time"):
        measure_minutes(shifted(trades, 3_600_000), book)


def test_trades_of_another_market_or_clock_are_refused() -> None:
    trades, book = touch_market(5)
    with pytest.raises(DataError, match=r"BOOK_APART.*in 0% of 301 snapshots"):
        measure_minutes(replace(trades, price=trades.price * 2.0), book)
    with pytest.raises(DataError, match=r"BOOK_APART.*recv_ts"):
        measure_minutes(shifted(trades, -5_500), book)


def test_a_few_minutes_are_too_few() -> None:
    with pytest.raises(DataError, match=r"IMPACT_TOO_SHORT.*share 180 s with 3 whole minutes.*; 4 are needed"):
        measure_minutes(*touch_market(3))
