from __future__ import annotations

from collections import Counter
from dataclasses import asdict

import pytest

from tests.simulation.paths.table import TABLE, by_name
from tests.support.decimal_account import BookedFill, Rates, confirmed, decimal_bars, replay
from tests.support.decimal_player import play_in_decimals
from tests.support.paths import simulate
from tests.support.price_paths import FREE, Played, PricePath, TradeRow, bars_of, summed


def test_every_row_has_a_name_of_its_own_and_says_something_of_every_bar() -> None:
    assert not [name for name, count in Counter(path.name for path in TABLE).items() if count > 1]
    assert not [path.name for path in TABLE if len(path.after) != len(path.bars)]
    assert not [path.name for path in TABLE if path.given.keys() - FREE.keys()]


@by_name
def test_the_numbers_of_a_row_agree_with_each_other(path: PricePath) -> None:
    """What a row says of cash, equity and trade follows from its fills by an account in plain decimals."""
    given = {**FREE, **path.given}
    bars = confirmed(decimal_bars(bars_of(path)), given["wick_limit"])
    fills = [BookedFill(bar, quantity, price, kind == "target") for kind, quantity, price, bar in path.fills]
    rates = Rates(*(given[name] for name in Rates._fields))
    booked = replay(bars, fills, rates, initial=given["initial_equity"])

    for (cash, position, equity), close in zip(path.after, booked.closes, strict=True):
        assert (float(close.cash), float(close.position), float(close.equity)) == pytest.approx(
            (cash, position, equity), rel=1e-9, abs=1e-9
        )
    assert (path.trade is None) == (not booked.trades)
    if path.trade is not None:
        (trade,) = booked.trades
        said = [path.trade.pnl, path.trade.fees, path.trade.funding, path.trade.mae, path.trade.mfe]
        counted = [float(number) for number in (trade.pnl, trade.fees, trade.funding, trade.mae, trade.mfe)]
        assert counted == pytest.approx(said, rel=1e-9, abs=1e-9)
        assert trade.held == path.trade.held


@by_name
def test_the_simulator_plays_every_row(path: PricePath) -> None:
    require_row(path, simulate({**FREE, **path.given}, bars_of(path), {path.order.after: path.order}))


@by_name
def test_the_page_in_decimals_plays_every_row(path: PricePath) -> None:
    require_row(path, play_in_decimals({**FREE, **path.given}, bars_of(path), {path.order.after: path.order}))


def require_row(path: PricePath, played: Played) -> None:
    """Every number of the row, and no fill or trade besides."""
    assert [fill[3] for fill in summed(played.fills)] == [fill[3] for fill in summed(path.fills)], played.fills
    for found, said in zip(summed(played.fills), summed(path.fills), strict=True):
        assert (found[3], found[0]) in ((said[3], said[0]), (said[3], "exit"))
        assert found[1:3] == pytest.approx(said[1:3], rel=1e-12)
    for found, said in zip(played.after, path.after, strict=True):
        assert found == pytest.approx(said, rel=1e-12, abs=1e-9)
    assert [trade.reason for trade in played.trades] == ([path.trade.reason] if path.trade else [])
    for trade in played.trades:
        assert path.trade is not None
        assert _numbers(trade) == pytest.approx(_numbers(path.trade), rel=1e-9, abs=1e-9)
    if path.halted:
        assert played.halted == list(path.halted)


def _numbers(trade: TradeRow) -> dict[str, float]:
    return {name: number for name, number in asdict(trade).items() if name != "reason"}
