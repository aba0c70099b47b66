"""Latency: whole bars, milliseconds inside a bar, and closed hours that use them up."""

from __future__ import annotations

from tests.support.price_paths import PricePath, TradeRow, buy, sell

FLAT = (100, 100, 100, 100, 1_000)
BAR = (100, 101, 99, 100, 1_000)

QUARTER = {"latency_ms": 900_000}  # a quarter of an hour: the root is 0.5

ROWS = [
    PricePath(
        name="a latency of one bar lets one open pass",
        given={"latency_bars": 1},
        bars=[FLAT, (105, 106, 104, 105, 1_000), (101, 102, 100, 101, 1_000)],
        order=buy(10, at=101),
        fills=[("entry", 10, 101.00, 2)],
        after=[(10_000, 0, 10_000), (10_000, 0, 10_000), (8_990, 10, 10_000)],
    ),
    PricePath(
        name="a latency of two bars lets two opens pass",
        given={"latency_bars": 2},
        bars=[FLAT, (105, 106, 104, 105, 1_000), (106, 106, 104, 105, 1_000), (102, 102, 102, 102, 1_000)],
        order=sell(10, at=102),
        fills=[("entry", -10, 102.00, 3)],
        after=[(10_000, 0, 10_000)] * 3 + [(11_020, -10, 10_000)],
    ),
    PricePath(
        name="latency delays the exit by time as it delays the entry",
        given={"latency_bars": 1},
        bars=[FLAT, FLAT, BAR, (104, 105, 103, 104, 1_000), (102, 103, 101, 102, 1_000)],
        order=buy(10, duration=1),
        # in on the third bar, held at its close; the decision lets the fourth pass
        fills=[("entry", 10, 100.00, 2), ("time", -10, 102.00, 4)],
        after=[(10_000, 0, 10_000)] * 2 + [(9_000, 10, 10_000), (9_000, 10, 10_040), (10_020, 0, 10_020)],
        trade=TradeRow(reason="time", pnl=20, held=2, mae=0.01, mfe=0.05),
    ),
    PricePath(
        name="the stop stands while an exit by time is on its way",
        given={"latency_bars": 1},
        bars=[FLAT, FLAT, BAR, (95, 96, 88, 94, 1_000), (102, 103, 101, 102, 1_000)],
        order=buy(10, stop=90, duration=1),
        fills=[("entry", 10, 100.00, 2), ("stop", -10, 90.00, 3)],
        after=[(10_000, 0, 10_000)] * 2 + [(9_000, 10, 10_000), (9_900, 0, 9_900), (9_900, 0, 9_900)],
        trade=TradeRow(reason="stop", pnl=-100, held=1, mae=0.10, mfe=0.01),
    ),
    PricePath(
        name="the target does not fill while an exit by time is on its way",
        given={"latency_bars": 1},
        bars=[FLAT, FLAT, BAR, (104, 112, 103, 104, 1_000), (102, 103, 101, 102, 1_000)],
        order=buy(10, target=110, duration=1),
        fills=[("entry", 10, 100.00, 2), ("time", -10, 102.00, 4)],
        after=[(10_000, 0, 10_000)] * 2 + [(9_000, 10, 10_000), (9_000, 10, 10_040), (10_020, 0, 10_020)],
        trade=TradeRow(reason="time", pnl=20, held=2, mae=0.01, mfe=0.12),
    ),
    PricePath(
        name="milliseconds put entry and exit of a long position inside the bar, at half the way to the worse extreme",
        given=QUARTER,
        bars=[FLAT, (100, 104, 98, 102, 1_000), (102, 103, 98, 100, 1_000)],
        order=buy(10, duration=1, at=102),
        # in: 100 + 0.5 x 4 = 102; out: 102 - 0.5 x 4 = 100
        fills=[("entry", 10, 102.00, 1), ("time", -10, 100.00, 2)],
        # 10,000 - 1,020 = 8,980; + 1,000 = 9,980
        after=[(10_000, 0, 10_000), (8_980, 10, 10_000), (9_980, 0, 9_980)],
        # slippage, from the opens: 10 x 2 + 10 x 2
        trade=TradeRow(reason="time", pnl=-20, held=1, mae=4 / 102, mfe=2 / 102, slippage=40),
    ),
    PricePath(
        name="milliseconds put entry and exit of a short position inside the bar, at half the way to the worse extreme",
        given=QUARTER,
        bars=[FLAT, (100, 104, 98, 100, 1_000), (98, 102, 97, 98, 1_000)],
        order=sell(10, duration=1, at=99),
        # in: 100 - 0.5 x 2 = 99; out: 98 + 0.5 x 4 = 100
        fills=[("entry", -10, 99.00, 1), ("time", 10, 100.00, 2)],
        after=[(10_000, 0, 10_000), (10_990, -10, 9_990), (9_990, 0, 9_990)],
        trade=TradeRow(reason="time", pnl=-10, held=1, mae=5 / 99, mfe=1 / 99, slippage=30),
    ),
    PricePath(
        name="a late buyer pays the open of a bar that never trades above it",
        given=QUARTER,
        bars=[FLAT, (100, 100, 95, 96, 1_000)],
        order=buy(10),
        fills=[("entry", 10, 100.00, 1)],
        after=[(10_000, 0, 10_000), (9_000, 10, 9_960)],
    ),
    PricePath(
        name="closed hours use up the milliseconds",
        given=QUARTER,
        hours=(0, 3, 6),
        bars=[FLAT, (100, 104, 98, 102, 1_000), (102, 103, 98, 100, 1_000)],
        order=buy(10, duration=1),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 102.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_020), (10_020, 0, 10_020)],
        trade=TradeRow(reason="time", pnl=20, held=1, mae=0.02, mfe=0.04),
    ),
    PricePath(
        name="closed hours shorter than the latency use up their part of it",
        given={"latency_ms": 2_700_000},
        hours=(0, 1.5),
        bars=[FLAT, (100, 104, 98, 102, 1_000)],
        order=buy(10, at=102),
        # 45 minutes after the close at 1:00, a quarter into the bar of 1:30
        fills=[("entry", 10, 102.00, 1)],
        after=[(10_000, 0, 10_000), (8_980, 10, 10_000)],
    ),
    PricePath(
        name="milliseconds longer than a bar end inside the next but one",
        given={"latency_ms": 4_500_000},
        bars=[FLAT, (110, 115, 105, 110, 1_000), (100, 104, 98, 102, 1_000)],
        order=buy(10, at=102),
        fills=[("entry", 10, 102.00, 2)],  # an hour and a quarter
        after=[(10_000, 0, 10_000), (10_000, 0, 10_000), (8_980, 10, 10_000)],
    ),
    PricePath(
        name="milliseconds that end at an open fill at the open, and the target may fill on that bar",
        given={"latency_ms": 3_600_000},
        bars=[FLAT, (110, 115, 105, 110, 1_000), (100, 112, 98, 102, 1_000)],
        order=buy(10, target=110),
        fills=[("entry", 10, 100.00, 2), ("target", -10, 110.00, 2)],
        after=[(10_000, 0, 10_000), (10_000, 0, 10_000), (10_100, 0, 10_100)],
        trade=TradeRow(reason="target", pnl=100, held=0, mae=0, mfe=0.10),
    ),
    PricePath(
        name="bars of latency that outlast the milliseconds fill at the open",
        given={"latency_bars": 1, "latency_ms": 900_000},
        bars=[FLAT, (110, 115, 105, 110, 1_000), (100, 104, 98, 102, 1_000)],
        order=buy(10),
        fills=[("entry", 10, 100.00, 2)],
        after=[(10_000, 0, 10_000), (10_000, 0, 10_000), (9_000, 10, 10_020)],
    ),
    PricePath(
        name="the target does not fill on the bar of a late entry, but on the next",
        given=QUARTER,
        bars=[FLAT, (100, 112, 98, 108, 1_000), (109, 111, 108, 109, 1_000)],
        order=buy(10, stop=50, target=110, at=106),
        fills=[("entry", 10, 106.00, 1), ("target", -10, 110.00, 2)],  # in at 100 + 0.5 x 12
        # 10,000 - 1,060 = 8,940; + 1,100
        after=[(10_000, 0, 10_000), (8_940, 10, 10_020), (10_040, 0, 10_040)],
        trade=TradeRow(reason="target", pnl=40, held=1, mae=8 / 106, mfe=6 / 106, slippage=60),
    ),
    PricePath(
        name="the stop may fill on the bar of a late entry",
        given=QUARTER,
        bars=[FLAT, (100, 104, 90, 95, 1_000)],
        order=buy(10, stop=95, target=200, at=102),
        fills=[("entry", 10, 102.00, 1), ("stop", -10, 95.00, 1)],
        # 10,000 - 1,020 + 950
        after=[(10_000, 0, 10_000), (9_930, 0, 9_930)],
        trade=TradeRow(reason="stop", pnl=-70, held=0, mae=7 / 102, mfe=0, slippage=20),
    ),
    PricePath(
        name="a late order is moved toward the confirmed extreme",
        given={**QUARTER, "wick_limit": 2},
        bars=[BAR, (100, 120, 99, 100, 1_000)],
        order=buy(10, at=102),
        # high 100 + 2 x 0.02 x 100 = 104: 100 + 0.5 x 4
        fills=[("entry", 10, 102.00, 1)],
        after=[(10_000, 0, 10_000), (8_980, 10, 9_980)],
    ),
    PricePath(
        name="the cap of a late entry holds at its late price",
        given={**QUARTER, "size_cap": 0.51},
        bars=[FLAT, (100, 104, 98, 102, 1_000)],
        order=buy(100, at=102),
        fills=[("entry", 50, 102.00, 1)],  # 0.51 x 10,000 / 102
        after=[(10_000, 0, 10_000), (4_900, 50, 10_000)],
    ),
    PricePath(
        name="what the volume leaves of a stop goes at the next open, without latency",
        given={**QUARTER, "max_participation": 0.01},
        bars=[FLAT, (100, 100, 100, 100, 10_000), (95, 96, 88, 91, 1_000), (92, 94, 90.5, 93, 1_000)],
        order=buy(20, stop=90),
        fills=[("entry", 20, 100.00, 1), ("stop", -10, 90.00, 2), ("stop", -10, 92.00, 3)],
        after=[(10_000, 0, 10_000), (8_000, 20, 10_000), (8_900, 10, 9_810), (9_820, 0, 9_820)],
        trade=TradeRow(reason="stop", pnl=-180, held=2, mae=0.12, mfe=0),
    ),
    PricePath(
        name="the stop of a late entry that lies over the open fills from the stop, for the open was before the entry",
        given=QUARTER,
        bars=[FLAT, (100, 116, 98, 102, 1_000)],
        order=buy(10, stop=103, target=200, at=108),
        # in at 100 + 0.5 x 16 = 108, its stop at 103; what the bar opened at was over by then
        fills=[("entry", 10, 108.00, 1), ("stop", -10, 103.00, 1)],
        after=[(10_000, 0, 10_000), (9_950, 0, 9_950)],
        trade=TradeRow(reason="stop", pnl=-50, held=0, mae=5 / 108, mfe=0, slippage=80),
    ),
]
