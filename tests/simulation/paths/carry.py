"""Carry: funding from the bar and by the day, interest on what is borrowed, closed hours included."""

from __future__ import annotations

from tests.support.price_paths import PricePath, TradeRow, buy, sell

FLAT = (100, 100, 100, 100, 1_000)

ROWS = [
    PricePath(
        name="a long position pays a positive funding rate of the bar",
        bars=[FLAT] * 4,
        funding={2: 0.001},
        order=buy(10, duration=2),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 100.00, 3)],
        # 10 x 100 x 0.001 = 1
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (8_999, 10, 9_999), (9_999, 0, 9_999)],
        trade=TradeRow(reason="time", pnl=-1, held=2, mae=0, mfe=0, funding=1),
    ),
    PricePath(
        name="a short position receives a positive funding rate of the bar",
        bars=[FLAT] * 4,
        funding={2: 0.001},
        order=sell(10, duration=2),
        fills=[("entry", -10, 100.00, 1), ("time", 10, 100.00, 3)],
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (11_001, -10, 10_001), (10_001, 0, 10_001)],
        trade=TradeRow(reason="time", pnl=1, held=2, mae=0, mfe=0, funding=-1),
    ),
    PricePath(
        name="a long position receives a negative funding rate of the bar",
        bars=[FLAT] * 4,
        funding={2: -0.001},
        order=buy(10, duration=2),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 100.00, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_001, 10, 10_001), (10_001, 0, 10_001)],
        trade=TradeRow(reason="time", pnl=1, held=2, mae=0, mfe=0, funding=-1),
    ),
    PricePath(
        name="a short position pays a negative funding rate of the bar",
        bars=[FLAT] * 4,
        funding={2: -0.001},
        order=sell(10, duration=2),
        fills=[("entry", -10, 100.00, 1), ("time", 10, 100.00, 3)],
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (10_999, -10, 9_999), (9_999, 0, 9_999)],
        trade=TradeRow(reason="time", pnl=-1, held=2, mae=0, mfe=0, funding=1),
    ),
    PricePath(
        name="a position that enters at an open does not pay the funding of that bar",
        bars=[FLAT] * 2,
        funding={0: 0.01, 1: 0.01},
        order=buy(10),
        fills=[("entry", 10, 100.00, 1)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000)],
    ),
    PricePath(
        name="a position that leaves at an open pays the funding of that bar",
        bars=[FLAT] * 4,
        funding={2: 0.001, 3: 0.5},
        order=buy(10, duration=1),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 100.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_999, 0, 9_999), (9_999, 0, 9_999)],
        trade=TradeRow(reason="time", pnl=-1, held=1, mae=0, mfe=0, funding=1),
    ),
    PricePath(
        name="funding by the day is paid for the hours since the bar before, on the notional at the open",
        given={"funding_bps_per_day": 24},
        bars=[FLAT, FLAT, (110, 110, 110, 110, 1_000), (120, 120, 120, 120, 1_000)],
        order=buy(10, duration=2),
        # an hour is 0.0001: 10 x 110 x 0.0001 = 0.11, then 0.12
        fills=[("entry", 10, 100.00, 1), ("time", -10, 120.00, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (8_999.89, 10, 10_099.89), (10_199.77, 0, 10_199.77)],
        trade=TradeRow(reason="time", pnl=199.77, held=2, mae=0, mfe=0.20, funding=0.23),
    ),
    PricePath(
        name="a short position receives the funding by the day",
        given={"funding_bps_per_day": 24},
        bars=[FLAT, FLAT, FLAT],
        order=sell(10, duration=1),
        fills=[("entry", -10, 100.00, 1), ("time", 10, 100.00, 2)],
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (10_000.10, 0, 10_000.10)],
        trade=TradeRow(reason="time", pnl=0.10, held=1, mae=0, mfe=0, funding=-0.10),
    ),
    PricePath(
        name="funding by the day and of the bar add up",
        given={"funding_bps_per_day": 24},
        bars=[FLAT, FLAT, FLAT],
        funding={2: 0.001},
        order=buy(10, duration=1),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 100.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_998.90, 0, 9_998.90)],
        trade=TradeRow(reason="time", pnl=-1.10, held=1, mae=0, mfe=0, funding=1.10),
    ),
    PricePath(
        name="funding by the day counts a closed weekend",
        given={"funding_bps_per_day": 10},
        hours=(0, 1, 61),
        bars=[FLAT, FLAT, FLAT],
        order=buy(10),
        fills=[("entry", 10, 100.00, 1)],
        # 60 hours are 2.5 days: 10 x 100 x 0.0025
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (8_997.50, 10, 9_997.50)],
    ),
    PricePath(
        name="a short position pays to borrow what it sold",
        given={"borrow_bps_per_day": 24},
        bars=[FLAT, FLAT, (110, 110, 110, 110, 1_000)],
        order=sell(10, duration=1),
        fills=[("entry", -10, 100.00, 1), ("time", 10, 110.00, 2)],
        # 10 x 110 x 0.0001 = 0.11; 11,000 - 0.11 - 1,100
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (9_899.89, 0, 9_899.89)],
        trade=TradeRow(reason="time", pnl=-100.11, held=1, mae=0.10, mfe=0, funding=0.11),
    ),
    PricePath(
        name="borrowing counts a closed weekend",
        given={"borrow_bps_per_day": 4},
        hours=(0, 1, 61),
        bars=[FLAT, FLAT, FLAT],
        order=sell(10),
        fills=[("entry", -10, 100.00, 1)],
        # 2.5 days: 10 x 100 x 0.0010
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (10_999, -10, 9_999)],
    ),
    PricePath(
        name="a long position pays for the cash it borrowed",
        given={"borrow_bps_per_day": 24, "size_cap": 3, "max_leverage": 3},
        bars=[FLAT, FLAT, (110, 110, 110, 110, 1_000)],
        order=buy(250),
        fills=[("entry", 250, 100.00, 1)],
        # 10,000 - 25,000 = -15,000; 15,000 x 0.0001 = 1.50, whatever the price; 27,500 - 15,001.50
        after=[(10_000, 0, 10_000), (-15_000, 250, 10_000), (-15_001.50, 250, 12_498.50)],
    ),
    PricePath(
        name="a long position bought with its own cash borrows nothing",
        given={"borrow_bps_per_day": 24},
        bars=[FLAT, FLAT, FLAT],
        order=buy(100),
        fills=[("entry", 100, 100.00, 1)],
        after=[(10_000, 0, 10_000), (0, 100, 10_000), (0, 100, 10_000)],
    ),
    PricePath(
        name="a trade's funding is both parts of the carry",
        given={"borrow_bps_per_day": 24},
        bars=[FLAT, FLAT, FLAT],
        funding={2: 0.001},
        order=sell(10, duration=1),
        fills=[("entry", -10, 100.00, 1), ("time", 10, 100.00, 2)],
        # receives 1, pays 0.10
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (10_000.90, 0, 10_000.90)],
        trade=TradeRow(reason="time", pnl=0.90, held=1, mae=0, mfe=0, funding=-0.90),
    ),
]
