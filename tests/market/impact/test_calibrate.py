"""The fit recovers a law that is built into a book, counts what the book does not hold, and says how sure it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.market.impact.samples import lawful_market, scaled, taken, touch_market
from trading.errors import DataError
from trading.market.impact.calibrate import calibrate
from trading.market.impact.records import read_book, read_trades

TRADES_FILE = "BTCUSDT-trades-2024-08-08.parquet"
BOOK_FILE = "BTCUSDT-book-top20-1s-2024-08-08.parquet"


@pytest.mark.parametrize(("y", "exponent"), [(0.7, 0.5), (0.05, 0.6), (4.0, 1.1)])
def test_a_law_that_is_built_into_the_book_is_recovered(y: float, exponent: float) -> None:
    found = calibrate(*lawful_market(y, exponent))
    assert (found.free.y, found.exponent.value, found.free.r2) == pytest.approx((y, exponent, 1.0), rel=1e-6)
    assert found.exponent.error < 1e-6
    assert [size.exhausted for size in found.sizes] == [0] * 19
    assert (found.minutes, found.snapshots, found.snapshots_left_out) == (5, 300, 1)
    assert found.half_spread.value == pytest.approx(5e-6, rel=0.01)
    if exponent == 0.5:
        assert (found.y.value, found.square_root.r2) == pytest.approx((y, 1.0), rel=1e-6)


def test_with_noise_the_law_lies_within_the_error() -> None:
    trades, book = lawful_market(0.7, 0.5, noise=0.5, minutes=20)
    found = calibrate(trades, book)
    # The mean of the lognormal factor is not 1.
    expected = 0.7 * np.exp(0.125)
    assert 0.0 < found.y.error < 0.05
    assert abs(found.y.value - expected) < 4 * found.y.error


def test_a_size_that_the_book_does_not_hold_is_counted_and_never_extended() -> None:
    trades, book = lawful_market(0.7, 0.5)
    whole = calibrate(trades, book)
    # One snapshot in ten is cut to half its depth: its last levels are gone, what is left costs the same or more.
    thin = np.where(np.arange(len(book.ts)) % 10 == 0, 0.5, 1.0)[:, None]
    cut = calibrate(trades, scaled(book, thin))
    assert [size.exhausted for size in cut.sizes] == [0] * 17 + [60] * 2
    last = cut.sizes[-1]
    assert last.walks == 600
    assert (last.error, last.root_ratio, last.free_ratio) == (None, None, None)
    assert cut.sizes[-3].error is not None
    assert last.relative == pytest.approx(whole.sizes[-1].relative, rel=1e-6)
    shallow = calibrate(*lawful_market(0.7, 0.5, levels=8))
    assert [size.exhausted for size in shallow.sizes] == [0] * 7
    assert shallow.y.value == pytest.approx(0.7, rel=1e-6)


def test_ratios_say_where_a_law_fails() -> None:
    found = calibrate(*lawful_market(2.0, 1.0))
    ratios = [size.root_ratio or 0.0 for size in found.sizes]
    assert ratios[0] < 0.2
    assert ratios[-1] > 5.0
    assert [size.free_ratio for size in found.sizes] == pytest.approx([1.0] * 19)


def test_the_same_seed_gives_the_same_errors_and_another_gives_others() -> None:
    market = lawful_market(0.7, 0.5, noise=0.5)
    found = calibrate(*market, seed=3)
    assert found == calibrate(*market, seed=3)
    other = calibrate(*market, seed=4)
    assert other.y.error != found.y.error
    assert other.y.value == found.y.value


def test_a_book_whose_best_level_holds_everything_has_no_law() -> None:
    trades, book = touch_market(5)
    with pytest.raises(DataError, match=r"IMPACT_NO_COST.*21 of them never cost more"):
        calibrate(trades, scaled(book, 1e6))
    with pytest.raises(DataError, match=r"IMPACT_NO_COST.*the book holds 0 sizes"):
        calibrate(trades, scaled(book, 1e-9))


def test_snapshots_that_are_too_rare_are_refused() -> None:
    trades, book = lawful_market(0.7, 0.5)
    with pytest.raises(DataError, match=r"IMPACT_TOO_SHORT.*has 15 snapshots in the minutes used; 60 are needed"):
        calibrate(trades, taken(book, np.arange(len(book.ts)) % 20 == 0))


def test_costs_in_a_moment_only_have_no_error_and_are_refused() -> None:
    trades, book = lawful_market(0.7, 0.5)
    deep = np.ones(len(book.ts))
    deep[1:] = 1e12
    with pytest.raises(DataError, match=r"IMPACT_NO_COST.*in a resampled series 0 of 19"):
        calibrate(trades, scaled(book, deep[:, None]))


def test_one_scale_of_prices_and_quantities_is_as_good_as_another() -> None:
    trades, book = lawful_market(0.7, 0.6)
    found = calibrate(trades, book)
    larger = calibrate(
        replace(trades, price=trades.price * 8.0, quantity=trades.quantity * 4.0),
        replace(scaled(book, 4.0), bid_price=book.bid_price * 8.0, ask_price=book.ask_price * 8.0),
    )
    assert (larger.free.y, larger.free.exponent) == pytest.approx((found.free.y, found.free.exponent))


def test_six_minutes_of_a_real_market(market_data: Path) -> None:
    trades, book = read_trades(market_data / TRADES_FILE), read_book(market_data / BOOK_FILE, 20)
    found = calibrate(trades, book)
    assert (found.minutes, found.snapshots, found.snapshots_left_out) == (5, 300, 44)
    assert found.agreement > 0.9
    # A tick of 0.1 at 61,700 is the whole spread.
    assert found.half_spread.value == pytest.approx(0.05 / 61_700, rel=0.01)
    assert 0.02 < found.y.value < 0.1
    assert 0.0 < found.y.error < found.y.value
    # The standing book is near linear, not a square root, and the mid moves as if Y were of order one.
    assert found.exponent.value - 2 * found.exponent.error > 0.5
    assert all(0.5 < fit.y.value < 2.0 for fit in found.realised)


def test_real_trades_on_the_clock_of_the_exchange_are_refused(market_data: Path) -> None:
    import pyarrow.parquet as pq

    trades, book = read_trades(market_data / TRADES_FILE), read_book(market_data / BOOK_FILE, 20)
    exchange = pq.read_table(market_data / TRADES_FILE, columns=["ts"])["ts"].to_numpy()
    with pytest.raises(DataError, match=r"BOOK_APART.*in 38% of"):
        calibrate(replace(trades, ts=exchange), book)
