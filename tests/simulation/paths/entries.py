"""Entries: at the next open, within cap, lot, smallest notional and the volume of the bar."""

from __future__ import annotations

from tests.support.price_paths import PricePath, TradeRow, buy, sell

QUIET = (100, 100.5, 99.5, 100, 1_000)
FLAT = (100, 100, 100, 100, 1_000)

ROWS = [
    PricePath(
        name="a buy order fills at the next open and leaves at the open after its bars are full",
        bars=[QUIET, (100, 102, 99, 101, 1_000), (103, 104, 90, 103.5, 1_000)],
        order=buy(10, duration=1),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 103.00, 2)],
        # 10,000 - 10 x 100 = 9,000; marked at 101: 10,010; + 10 x 103 = 10,030
        after=[(10_000, 0, 10_000), (9_000, 10, 10_010), (10_030, 0, 10_030)],
        # mae: low 99 of the bar held; mfe: its own exit at 103, and not the high of the bar it left on
        trade=TradeRow(reason="time", pnl=30, held=1, mae=0.01, mfe=0.03),
    ),
    PricePath(
        name="a sell order fills at the next open and gains as the price falls",
        bars=[QUIET, (100, 102, 99, 101, 1_000), (97, 110, 96, 97, 1_000)],
        order=sell(10, duration=1),
        fills=[("entry", -10, 100.00, 1), ("time", 10, 97.00, 2)],
        # 10,000 + 1,000 = 11,000; marked at 101: 11,000 - 1,010 = 9,990; 11,000 - 970 = 10,030
        after=[(10_000, 0, 10_000), (11_000, -10, 9_990), (10_030, 0, 10_030)],
        trade=TradeRow(reason="time", pnl=30, held=1, mae=0.02, mfe=0.03),
    ),
    PricePath(
        name="a position of two bars is held at two closes, and the extremes of its exit bar are not its own",
        bars=[QUIET, (100, 101, 99, 100, 1_000), (100, 105, 98, 104, 1_000), (104, 120, 80, 104, 1_000)],
        order=buy(10, duration=2),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 104.00, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 10_040), (10_040, 0, 10_040)],
        trade=TradeRow(reason="time", pnl=40, held=2, mae=0.02, mfe=0.05),
    ),
    PricePath(
        name="an order of 35 % at 100 that opens at 390 is cut to 35 % at the fill",
        given={"size_cap": 0.35, "lot": 0.01},
        bars=[QUIET, (390, 390, 390, 390, 1_000)],
        order=buy(35, stop=200, target=800, at=390),
        # 0.35 x 10,000 / 390 = 8.974..., whole lots of 0.01: 8.97
        fills=[("entry", 8.97, 390.00, 1)],
        # 8.97 x 390 = 3,498.30
        after=[(10_000, 0, 10_000), (6_501.70, 8.97, 10_000)],
    ),
    PricePath(
        name="a sell order is cut to its cap at the fill as well",
        given={"size_cap": 0.35, "lot": 0.01},
        bars=[QUIET, (390, 390, 390, 390, 1_000)],
        order=sell(35, stop=800, target=200, at=390),
        fills=[("entry", -8.97, 390.00, 1)],
        after=[(10_000, 0, 10_000), (13_498.30, -8.97, 10_000)],
    ),
    PricePath(
        name="the cap of the decision binds if it is smaller than the cap on size",
        bars=[QUIET, FLAT],
        order=buy(50, cap=0.2),
        fills=[("entry", 20, 100.00, 1)],  # 0.2 x 10,000 / 100
        after=[(10_000, 0, 10_000), (8_000, 20, 10_000)],
    ),
    PricePath(
        name="the cap counts the equity after the entry's fee",
        given={"fee_bps": 100, "initial_equity": 10_100},
        bars=[QUIET, FLAT],
        order=buy(150),
        # 1 x 10,100 / (100 + 1 x (0 + 0.01 x 100)) = 10,100 / 101 = 100
        fills=[("entry", 100, 100.00, 1)],
        # 10,100 - 10,000 - fee 100 = 0: notional 10,000 is all of the equity
        after=[(10_100, 0, 10_100), (0, 100, 10_000)],
    ),
    PricePath(
        name="the cap counts the spread that a buyer pays, marked at the reference",
        given={"spread_bps": 200, "initial_equity": 10_200},
        bars=[QUIET, FLAT],
        order=buy(150, stop=50, target=200, at=101),
        # price 100 x 1.01 = 101; 10,200 / (101 + (101 - 100)) = 100
        fills=[("entry", 100, 101.00, 1)],
        # 10,200 - 10,100 = 100; marked at 100: 10,100, which is the notional at the fill
        after=[(10_200, 0, 10_200), (100, 100, 10_100)],
    ),
    PricePath(
        name="the cap counts the spread that a seller pays, marked at the reference",
        given={"spread_bps": 200},
        bars=[QUIET, FLAT],
        order=sell(150, stop=200, target=50, at=99),
        # price 100 x 0.99 = 99; 10,000 / (99 + (100 - 99)) = 100
        fills=[("entry", -100, 99.00, 1)],
        # 10,000 + 9,900 = 19,900; marked at 100: 9,900, which is the notional at the fill
        after=[(10_000, 0, 10_000), (19_900, -100, 9_900)],
    ),
    PricePath(
        name="the cap is met in whole lots",
        given={"lot": 1},
        bars=[QUIET, (300, 300, 300, 300, 1_000)],
        order=buy(50, stop=200, target=800, at=300),
        fills=[("entry", 33, 300.00, 1)],  # 10,000 / 300 = 33.33
        after=[(10_000, 0, 10_000), (100, 33, 10_000)],
    ),
    PricePath(
        name="an entry that the cap cuts keeps the price of what it asked for, so the cap holds at its fill",
        given={"impact_bps": 100, "lot": 10},
        bars=[QUIET, FLAT],
        order=buy(90, cap=0.5, stop=50, target=200, at=100.3),
        # 90 of 1,000: sqrt(0.09) = 0.3, price 100.30; 5,000 / (100.30 + 0.5 x 0.30) = 49.78, lots of 10: 40
        fills=[("entry", 40, 100.30, 1)],
        after=[(10_000, 0, 10_000), (5_988, 40, 9_988)],
    ),
    PricePath(
        name="a seller whom the cap cuts gets no better price for it, which would break the cap",
        given={"impact_bps": 1_000, "initial_equity": 9_700},
        bars=[QUIET, FLAT],
        order=sell(360, cap=0.5, at=94, stop=188, target=47),
        # 360 of 1,000: sqrt(0.36) = 0.6, price 94; 0.5 x 9,700 / (94 + 0.5 x (100 - 94)) = 50
        fills=[("entry", -50, 94.00, 1)],
        # 9,700 + 4,700 = 14,400; marked at 100: 9,400, twice the notional at the fill
        after=[(9_700, 0, 9_700), (14_400, -50, 9_400)],
    ),
    PricePath(
        name="a quantity is whole lots of contracts",
        given={"lot": 2, "contract_size": 0.01},
        bars=[QUIET, FLAT],
        order=buy(0.057),
        fills=[("entry", 0.04, 100.00, 1)],  # a lot is 2 x 0.01 = 0.02 of the asset
        after=[(10_000, 0, 10_000), (9_996, 0.04, 10_000)],
    ),
    PricePath(
        name="an order of less than a lot is cancelled",
        given={"lot": 1},
        bars=[QUIET, FLAT],
        order=buy(0.9),
        fills=[],
        after=[(10_000, 0, 10_000), (10_000, 0, 10_000)],
    ),
    PricePath(
        name="an entry under the smallest notional is cancelled",
        given={"min_notional": 10},
        bars=[QUIET, FLAT, FLAT],
        order=buy(0.09),  # 9
        fills=[],
        after=[(10_000, 0, 10_000)] * 3,
    ),
    PricePath(
        name="an entry of the smallest notional fills",
        given={"min_notional": 10},
        bars=[QUIET, FLAT],
        order=buy(0.1),
        fills=[("entry", 0.1, 100.00, 1)],
        after=[(10_000, 0, 10_000), (9_990, 0.1, 10_000)],
    ),
    PricePath(
        name="an entry that its cap cuts under the smallest notional is cancelled",
        given={"min_notional": 10},
        bars=[QUIET, FLAT, FLAT],
        order=buy(10, cap=0.0005),  # 0.0005 x 10,000 = 5
        fills=[],
        after=[(10_000, 0, 10_000)] * 3,
    ),
    PricePath(
        name="an entry that the volume cuts under the smallest notional is cancelled",
        given={"min_notional": 20, "max_participation": 0.0001},
        bars=[QUIET, FLAT, FLAT],
        order=buy(10),  # 0.0001 x 1,000 = 0.1, worth 10
        fills=[],
        after=[(10_000, 0, 10_000)] * 3,
    ),
    PricePath(
        name="an exit is not bound by the smallest notional",
        given={"min_notional": 10},
        bars=[QUIET, FLAT, (60, 60, 60, 60, 1_000)],
        order=buy(0.1, duration=1),
        fills=[("entry", 0.1, 100.00, 1), ("time", -0.1, 60.00, 2)],  # 6
        after=[(10_000, 0, 10_000), (9_990, 0.1, 10_000), (9_996, 0, 9_996)],
        trade=TradeRow(reason="time", pnl=-4, held=1, mae=0.4, mfe=0),
    ),
    PricePath(
        name="what the volume does not fill of an entry is cancelled",
        given={"max_participation": 0.05},
        bars=[QUIET, FLAT, FLAT],
        order=buy(80),
        fills=[("entry", 50, 100.00, 1)],  # 0.05 x 1,000
        after=[(10_000, 0, 10_000), (5_000, 50, 10_000), (5_000, 50, 10_000)],
    ),
    PricePath(
        name="the volume fills whole lots",
        given={"max_participation": 0.0333, "lot": 1},
        bars=[QUIET, FLAT],
        order=sell(80),
        fills=[("entry", -33, 100.00, 1)],  # 33.3
        after=[(10_000, 0, 10_000), (13_300, -33, 10_000)],
    ),
    PricePath(
        name="an entry on a bar without volume is cancelled",
        bars=[QUIET, (100, 100, 100, 100, 0), FLAT],
        order=buy(10),
        fills=[],
        after=[(10_000, 0, 10_000)] * 3,
    ),
    PricePath(
        name="a taker's fee is paid on entry and exit",
        given={"fee_bps": 50},
        bars=[QUIET, FLAT, (110, 110, 110, 110, 1_000)],
        order=buy(10, duration=1),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 110.00, 2)],
        # 10,000 - 1,000 - 5 = 8,995; + 1,100 - 5.50 = 10,089.50
        after=[(10_000, 0, 10_000), (8_995, 10, 9_995), (10_089.50, 0, 10_089.50)],
        trade=TradeRow(reason="time", pnl=89.5, held=1, mae=0, mfe=0.1, fees=10.5),
    ),
]
