from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.paths import (
    carry,
    entries,
    extremes,
    halts,
    latency,
    liquidations,
    rounding,
    slippage,
    stops,
    targets,
)
from tests.support.decimal_account import BookedFill, Rates, confirmed, decimal_bars, replay
from tests.support.paths import FREE, PricePath, bars_of

TOPICS = (entries, rounding, stops, targets, extremes, slippage, latency, carry, liquidations, halts)
TABLE = [path for topic in TOPICS for path in topic.ROWS]
by_name = pytest.mark.parametrize("path", TABLE, ids=lambda path: path.name)


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
    rates = Rates(*(float(given[name] or 0.0) for name in Rates._fields))
    booked = replay(bars, fills, rates, initial=float(given["initial_equity"] or 0.0))

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
