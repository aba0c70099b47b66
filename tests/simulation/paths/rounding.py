"""Ticks: a taker's price is rounded against the taker, stops and targets outward."""

from __future__ import annotations

from tests.support.price_paths import PricePath, TradeRow, buy, sell

QUIET = (100, 100.5, 99.5, 100, 1_000)
FLAT = (100, 100, 100, 100, 1_000)
DUST = (0.02, 0.02, 0.02, 0.02, 1_000_000)

ROWS = [
    PricePath(
        name="a round trip of a buyer costs at least the spread where the tick is wider than it",
        given={"spread_bps": 4, "tick": 0.05},
        bars=[FLAT, FLAT, FLAT],
        order=buy(10, duration=1),
        # 100 x 1.0002 = 100.02, up to 100.05; 100 x 0.9998 = 99.98, down to 99.95
        fills=[("entry", 10, 100.05, 1), ("time", -10, 99.95, 2)],
        after=[(10_000, 0, 10_000), (8_999.50, 10, 9_999.50), (9_999, 0, 9_999)],
        # paid: 10 x 0.05 twice = 1; half a spread: 10 x 0.02 twice = 0.40; the rest is slippage
        trade=TradeRow(reason="time", pnl=-1, held=1, mae=0.10 / 100.05, mfe=0, spread=0.40, slippage=0.60),
    ),
    PricePath(
        name="a round trip of a seller costs at least the spread where the tick is wider than it",
        given={"spread_bps": 4, "tick": 0.05},
        bars=[FLAT, FLAT, FLAT],
        order=sell(10, duration=1),
        fills=[("entry", -10, 99.95, 1), ("time", 10, 100.05, 2)],
        after=[(10_000, 0, 10_000), (10_999.50, -10, 9_999.50), (9_999, 0, 9_999)],
        trade=TradeRow(reason="time", pnl=-1, held=1, mae=0.10 / 99.95, mfe=0, spread=0.40, slippage=0.60),
    ),
    PricePath(
        name="a price on the tick stays there for buyer and seller",
        given={"tick": 0.05},
        bars=[FLAT, (100.05, 100.05, 100.05, 100.05, 1_000), (100.15, 100.15, 100.15, 100.15, 1_000)],
        order=buy(10, duration=1),
        fills=[("entry", 10, 100.05, 1), ("time", -10, 100.15, 2)],
        after=[(10_000, 0, 10_000), (8_999.50, 10, 10_000), (10_001, 0, 10_001)],
        trade=TradeRow(reason="time", pnl=1, held=1, mae=0, mfe=0.10 / 100.05),
    ),
    PricePath(
        name="a price within a millionth of a tick is on it",
        given={"tick": 0.05},
        bars=[FLAT, (100.05000001, 100.05000001, 100.05000001, 100.05000001, 1_000)],
        order=buy(10),
        fills=[("entry", 10, 100.05, 1)],  # 0.00000001 of 0.05 is a fifth of a millionth
        after=[(10_000, 0, 10_000), (8_999.50, 10, 10_000.0000001)],
    ),
    PricePath(
        name="a buyer pays the next tick for an open between two",
        given={"tick": 0.05},
        bars=[FLAT, (100.051, 100.051, 100.051, 100.051, 1_000)],
        order=buy(10),
        fills=[("entry", 10, 100.10, 1)],
        after=[(10_000, 0, 10_000), (8_999, 10, 9_999.51)],
    ),
    PricePath(
        name="a seller gets the tick below for an open between two",
        given={"tick": 0.05},
        bars=[FLAT, (100.049, 100.049, 100.049, 100.049, 1_000)],
        order=sell(10),
        fills=[("entry", -10, 100.00, 1)],
        after=[(10_000, 0, 10_000), (11_000, -10, 9_999.51)],
    ),
    PricePath(
        name="no seller gets less than one tick",
        bars=[DUST, DUST, (0.004, 0.004, 0.004, 0.004, 1_000_000)],
        order=buy(1_000, duration=1, stop=0.01, target=1, at=0.02),
        fills=[("entry", 1_000, 0.02, 1), ("time", -1_000, 0.01, 2)],
        after=[(10_000, 0, 10_000), (9_980, 1_000, 10_000), (9_990, 0, 9_990)],
        # the tick is better than the reference: 1,000 x (0.004 - 0.01)
        trade=TradeRow(reason="time", pnl=-10, held=1, mae=0.5, mfe=0, slippage=-6),
    ),
    PricePath(
        name="the stop of a long position is rounded down",
        bars=[QUIET, FLAT, (95, 96, 90.002, 91, 1_000), (91, 92, 90, 91, 1_000)],
        order=buy(10, stop=90.004),  # at 90.00, which a low of 90.002 does not touch
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 90.00, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 9_910), (9_900, 0, 9_900)],
        trade=TradeRow(reason="stop", pnl=-100, held=2, mae=0.10, mfe=0),
    ),
    PricePath(
        name="the stop of a short position is rounded up",
        bars=[QUIET, FLAT, (105, 110.008, 104, 109, 1_000), (109, 110.01, 108, 109, 1_000)],
        order=sell(10, stop=110.004),
        fills=[("entry", -10, 100.00, 1), ("stop", 10, 110.01, 3)],
        # 11,000 - 1,090 = 9,910; 11,000 - 1,100.10 = 9,899.90
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (11_000, -10, 9_910), (9_899.90, 0, 9_899.90)],
        trade=TradeRow(reason="stop", pnl=-100.10, held=2, mae=0.1001, mfe=0),
    ),
    PricePath(
        name="the target of a long position is rounded up",
        bars=[QUIET, FLAT, (105, 110.008, 104, 109, 1_000), (109, 110.01, 108, 109, 1_000)],
        order=buy(10, target=110.004),
        fills=[("entry", 10, 100.00, 1), ("target", -10, 110.01, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 10_090), (10_100.10, 0, 10_100.10)],
        trade=TradeRow(reason="target", pnl=100.10, held=2, mae=0, mfe=0.1001),
    ),
    PricePath(
        name="the target of a short position is rounded down",
        bars=[QUIET, FLAT, (95, 96, 89.992, 91, 1_000), (91, 92, 89.99, 91, 1_000)],
        order=sell(10, target=89.996),
        fills=[("entry", -10, 100.00, 1), ("target", 10, 89.99, 3)],
        # mfe: the low 89.992 of the bar held is less than the fill at 89.99
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (11_000, -10, 10_090), (10_100.10, 0, 10_100.10)],
        trade=TradeRow(reason="target", pnl=100.10, held=2, mae=0, mfe=0.1001),
    ),
]
