"""Stops and market exits: gaps, the share of the way to the extreme, and what the volume leaves."""

from __future__ import annotations

from tests.support.price_paths import PricePath, TradeRow, buy, sell

QUIET = (100, 100.5, 99.5, 100, 1_000)
BAR = (100, 101, 99, 100, 1_000)
DEEP = (100, 101, 99, 100, 10_000)  # ten times the volume

ROWS = [
    PricePath(
        name="the stop of a long position fills at its price",
        bars=[QUIET, BAR, (95, 96, 88, 89, 1_000)],
        order=buy(10, stop=90),
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 90.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_900, 0, 9_900)],
        # mae: the fill at 90, and not the low of 88 after it
        trade=TradeRow(reason="stop", pnl=-100, held=1, mae=0.10, mfe=0.01),
    ),
    PricePath(
        name="the stop of a short position fills at its price",
        bars=[QUIET, BAR, (105, 112, 104, 111, 1_000)],
        order=sell(10, stop=110),
        fills=[("entry", -10, 100.00, 1), ("stop", 10, 110.00, 2)],
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (9_900, 0, 9_900)],
        trade=TradeRow(reason="stop", pnl=-100, held=1, mae=0.10, mfe=0.01),
    ),
    PricePath(
        name="a stop is touched by a low at its price, and not by one a tick above",
        bars=[QUIET, BAR, (95, 96, 90.01, 91, 1_000), (91, 92, 90, 91, 1_000)],
        order=buy(10, stop=90),
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 90.00, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 9_910), (9_900, 0, 9_900)],
        trade=TradeRow(reason="stop", pnl=-100, held=2, mae=0.10, mfe=0.01),
    ),
    PricePath(
        name="a bar that opens under the stop of a long position fills it at the open",
        bars=[QUIET, BAR, (85, 87, 83, 86, 1_000)],
        order=buy(10, stop=90),
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 85.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_850, 0, 9_850)],
        trade=TradeRow(reason="stop", pnl=-150, held=1, mae=0.15, mfe=0.01),
    ),
    PricePath(
        name="a bar that opens over the stop of a short position fills it at the open",
        bars=[QUIET, BAR, (115, 117, 113, 116, 1_000)],
        order=sell(10, stop=110),
        fills=[("entry", -10, 100.00, 1), ("stop", 10, 115.00, 2)],
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (9_850, 0, 9_850)],
        trade=TradeRow(reason="stop", pnl=-150, held=1, mae=0.15, mfe=0.01),
    ),
    PricePath(
        name="the stop of a long position pays a quarter of the way to the low",
        given={"stop_slip": 0.25},
        bars=[QUIET, BAR, (95, 96, 86, 89, 1_000)],
        order=buy(10, stop=90),
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 89.00, 2)],  # 90 - 0.25 x 4
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_890, 0, 9_890)],
        trade=TradeRow(reason="stop", pnl=-110, held=1, mae=0.11, mfe=0.01, slippage=10),
    ),
    PricePath(
        name="the stop of a short position pays a quarter of the way to the high",
        given={"stop_slip": 0.25},
        bars=[QUIET, BAR, (105, 114, 104, 111, 1_000)],
        order=sell(10, stop=110),
        fills=[("entry", -10, 100.00, 1), ("stop", 10, 111.00, 2)],  # 110 + 0.25 x 4
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (9_890, 0, 9_890)],
        trade=TradeRow(reason="stop", pnl=-110, held=1, mae=0.11, mfe=0.01, slippage=10),
    ),
    PricePath(
        name="a stop that the open jumped over pays a quarter of the way from the open to the low",
        given={"stop_slip": 0.25},
        bars=[QUIET, BAR, (85, 86, 81, 84, 1_000)],
        order=buy(10, stop=90),
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 84.00, 2)],  # 85 - 0.25 x 4
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_840, 0, 9_840)],
        # the gap from 90 to 85 is a move of the price, not slippage: its reference is the open
        trade=TradeRow(reason="stop", pnl=-160, held=1, mae=0.16, mfe=0.01, slippage=10),
    ),
    PricePath(
        name="the share of the way to the low is rounded against the seller",
        given={"stop_slip": 0.25},
        bars=[QUIET, BAR, (95, 96, 89.95, 92, 1_000)],
        order=buy(10, stop=90),
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 89.98, 2)],  # 90 - 0.25 x 0.05 = 89.9875
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_899.80, 0, 9_899.80)],
        trade=TradeRow(reason="stop", pnl=-100.20, held=1, mae=0.1002, mfe=0.01, slippage=0.20),
    ),
    PricePath(
        name="a stop pays half the spread like every market fill",
        given={"spread_bps": 200},
        bars=[QUIET, (100, 102, 99, 100, 1_000), (95, 96, 88, 89, 1_000)],
        order=buy(10, stop=90, target=200, at=101),
        # 100 x 1.01 = 101; 90 x 0.99 = 89.10
        fills=[("entry", 10, 101.00, 1), ("stop", -10, 89.10, 2)],
        # 10,000 - 1,010 = 8,990; + 891 = 9,881
        after=[(10_000, 0, 10_000), (8_990, 10, 9_990), (9_881, 0, 9_881)],
        # spread: 10 x 1.00 + 10 x 0.90
        trade=TradeRow(reason="stop", pnl=-119, held=1, mae=11.9 / 101, mfe=1 / 101, spread=19),
    ),
    PricePath(
        name="half the spread is taken from the price after the share of the way",
        given={"spread_bps": 200, "stop_slip": 0.5},
        bars=[QUIET, BAR, (95, 96, 70, 80, 1_000)],
        order=buy(10, stop=90, target=200, at=101),
        # 90 - 0.5 x 20 = 80; 80 x 0.99 = 79.20
        fills=[("entry", 10, 101.00, 1), ("stop", -10, 79.20, 2)],
        after=[(10_000, 0, 10_000), (8_990, 10, 9_990), (9_782, 0, 9_782)],
        # spread: 10 x 1.00 + 10 x 0.80; slippage: 10 x (90 - 80)
        trade=TradeRow(reason="stop", pnl=-218, held=1, mae=21.8 / 101, mfe=0, spread=18, slippage=100),
    ),
    PricePath(
        name="of stop and target in one bar the stop was first, for a long position",
        bars=[QUIET, BAR, (100, 125, 85, 110, 1_000)],
        order=buy(10, stop=90, target=120),
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 90.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_900, 0, 9_900)],
        trade=TradeRow(reason="stop", pnl=-100, held=1, mae=0.10, mfe=0.01),
    ),
    PricePath(
        name="of stop and target in one bar the stop was first, for a short position",
        bars=[QUIET, BAR, (100, 115, 75, 90, 1_000)],
        order=sell(10, stop=110, target=80),
        fills=[("entry", -10, 100.00, 1), ("stop", 10, 110.00, 2)],
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (9_900, 0, 9_900)],
        trade=TradeRow(reason="stop", pnl=-100, held=1, mae=0.10, mfe=0.01),
    ),
    PricePath(
        name="a stop may fill on the bar of the entry",
        bars=[QUIET, (100, 101, 88, 95, 1_000)],
        order=buy(10, stop=90),
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 90.00, 1)],
        after=[(10_000, 0, 10_000), (9_900, 0, 9_900)],
        trade=TradeRow(reason="stop", pnl=-100, held=0, mae=0.10, mfe=0),
    ),
    PricePath(
        name="what the volume leaves of a stop goes at the next opens, whether or not they touch it",
        given={"max_participation": 0.01},
        bars=[QUIET, DEEP, (95, 96, 88, 91, 1_000), (92, 94, 91, 93, 1_000), (93, 94, 92, 93, 1_000)],
        order=buy(30, stop=90),
        fills=[("entry", 30, 100.00, 1), ("stop", -10, 90.00, 2), ("stop", -10, 92.00, 3), ("stop", -10, 93.00, 4)],
        # 7,000; + 900 = 7,900; + 920 = 8,820; + 930 = 9,750
        after=[(10_000, 0, 10_000), (7_000, 30, 10_000), (7_900, 20, 9_720), (8_820, 10, 9_750), (9_750, 0, 9_750)],
        trade=TradeRow(reason="stop", pnl=-250, held=3, mae=0.12, mfe=0.01),
    ),
    PricePath(
        name="what the volume leaves of a short position's stop goes at the next open",
        given={"max_participation": 0.01},
        bars=[QUIET, DEEP, (105, 112, 104, 109, 1_000), (108, 109, 107, 108, 1_000)],
        order=sell(20, stop=110),
        fills=[("entry", -20, 100.00, 1), ("stop", 10, 110.00, 2), ("stop", 10, 108.00, 3)],
        # 12,000; - 1,100 = 10,900, marked at 109: 9,810; - 1,080 = 9,820
        after=[(10_000, 0, 10_000), (12_000, -20, 10_000), (10_900, -10, 9_810), (9_820, 0, 9_820)],
        trade=TradeRow(reason="stop", pnl=-180, held=2, mae=0.12, mfe=0.01),
    ),
    PricePath(
        name="a target touched while the rest of a stop waits does not fill",
        given={"max_participation": 0.01},
        bars=[QUIET, DEEP, (95, 96, 88, 91, 1_000), (92, 115, 91, 93, 500), (93, 94, 92, 93, 1_000)],
        order=buy(20, stop=90, target=110),
        fills=[("entry", 20, 100.00, 1), ("stop", -10, 90.00, 2), ("stop", -5, 92.00, 3), ("stop", -5, 93.00, 4)],
        # 8,000; + 900 = 8,900; + 460 = 9,360; + 465 = 9,825
        after=[(10_000, 0, 10_000), (8_000, 20, 10_000), (8_900, 10, 9_810), (9_360, 5, 9_825), (9_825, 0, 9_825)],
        trade=TradeRow(reason="stop", pnl=-175, held=3, mae=0.12, mfe=0.15),
    ),
    PricePath(
        name="a stop touched on a bar without volume leaves at the next open",
        bars=[QUIET, BAR, (80, 80, 80, 80, 0), (85, 86, 84, 85, 1_000)],
        order=buy(10, stop=90),
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 85.00, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 9_800), (9_850, 0, 9_850)],
        trade=TradeRow(reason="stop", pnl=-150, held=2, mae=0.20, mfe=0.01),
    ),
    PricePath(
        name="entry and stop of one bar share its volume",
        given={"max_participation": 0.1},
        bars=[QUIET, (100, 101, 88, 95, 1_000), (96, 97, 95, 96, 1_000)],
        order=buy(60, stop=90),
        # 100 a bar: 60 enter, 40 leave, 20 wait
        fills=[("entry", 60, 100.00, 1), ("stop", -40, 90.00, 1), ("stop", -20, 96.00, 2)],
        # 10,000 - 6,000 + 3,600 = 7,600, marked at 95: 9,500; + 1,920 = 9,520
        after=[(10_000, 0, 10_000), (7_600, 20, 9_500), (9_520, 0, 9_520)],
        trade=TradeRow(reason="stop", pnl=-480, held=1, mae=0.12, mfe=0.01),
    ),
    PricePath(
        name="an entry that took the whole volume leaves none for its stop",
        given={"max_participation": 0.05},
        bars=[QUIET, (100, 101, 88, 95, 1_000), (96, 97, 95, 96, 1_000)],
        order=buy(80, stop=90),
        fills=[("entry", 50, 100.00, 1), ("stop", -50, 96.00, 2)],
        after=[(10_000, 0, 10_000), (5_000, 50, 9_750), (9_800, 0, 9_800)],
        trade=TradeRow(reason="stop", pnl=-200, held=1, mae=0.12, mfe=0.01),
    ),
    PricePath(
        name="the holding time ends at the open, before the bar touches the stop",
        bars=[QUIET, BAR, (95, 96, 85, 90, 1_000)],
        order=buy(10, stop=90, duration=1),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 95.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_950, 0, 9_950)],
        trade=TradeRow(reason="time", pnl=-50, held=1, mae=0.05, mfe=0.01),
    ),
    PricePath(
        name="what the volume leaves of an exit by time waits for the next bars",
        given={"max_participation": 0.01},
        bars=[QUIET, DEEP, (101, 102, 100, 101, 1_000), (102, 103, 101, 102, 1_000), (103, 104, 102, 103, 1_000)],
        order=buy(30, duration=1),
        fills=[("entry", 30, 100.00, 1), ("time", -10, 101.00, 2), ("time", -10, 102.00, 3), ("time", -10, 103.00, 4)],
        # 7,000; + 1,010 = 8,010 + 20 x 101; + 1,020 = 9,030 + 10 x 102; + 1,030 = 10,060
        after=[(10_000, 0, 10_000), (7_000, 30, 10_000), (8_010, 20, 10_030), (9_030, 10, 10_050), (10_060, 0, 10_060)],
        trade=TradeRow(reason="time", pnl=60, held=3, mae=0.01, mfe=0.03),
    ),
    PricePath(
        name="an exit by time waits over a bar without volume",
        bars=[QUIET, BAR, (101, 101, 101, 101, 0), (102, 103, 101, 102, 1_000)],
        order=sell(10, duration=1),
        fills=[("entry", -10, 100.00, 1), ("time", 10, 102.00, 3)],
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (11_000, -10, 9_990), (9_980, 0, 9_980)],
        trade=TradeRow(reason="time", pnl=-20, held=2, mae=0.02, mfe=0.01),
    ),
    PricePath(
        name="market exit and stop of one bar share its volume",
        given={"max_participation": 0.01},
        bars=[QUIET, DEEP, (95, 96, 85, 88, 1_000), (89, 89, 89, 89, 1_000)],
        order=buy(15, stop=90, duration=1),
        # 10 leave at the open; the stop finds no volume, and 5 leave at the next open as its rest
        fills=[("entry", 15, 100.00, 1), ("time", -10, 95.00, 2), ("stop", -5, 89.00, 3)],
        # 8,500; + 950 = 9,450 + 5 x 88; + 445 = 9,895
        after=[(10_000, 0, 10_000), (8_500, 15, 10_000), (9_450, 5, 9_890), (9_895, 0, 9_895)],
        trade=TradeRow(reason="stop", pnl=-105, held=2, mae=0.15, mfe=0.01),
    ),
    PricePath(
        name="a stop on a tick that no binary number holds is touched by an extreme at its price",
        given={"tick": 0.05},
        bars=[QUIET, (99.30, 99.50, 99.20, 99.30, 1_000), (99.60, 100.05, 99.50, 99.80, 1_000)],
        # 99.30 x e^0.00714 = 100.01, up to 100.05; 2,001 x 0.05 is 100.05 and a little more in binary
        order=sell(10, stop=100.01, target=50, at=99.30),
        fills=[("entry", -10, 99.30, 1), ("stop", 10, 100.05, 2)],
        # 10,000 + 993 = 10,993; - 1,000.50
        after=[(10_000, 0, 10_000), (10_993, -10, 10_000), (9_992.50, 0, 9_992.50)],
        trade=TradeRow(reason="stop", pnl=-7.50, held=1, mae=0.75 / 99.30, mfe=0.10 / 99.30),
    ),
]
