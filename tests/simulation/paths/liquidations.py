"""Liquidation at the maintenance margin (a quarter of the notional here), and the bankruptcy price."""

from __future__ import annotations

from tests.support.price_paths import PricePath, TradeRow, buy, sell

BAR = (100, 101, 99, 100, 1_000)

# 250 bought at 100 with 10,000 leave cash at -15,000: liquidated at 15,000 / (250 x 0.75) = 80, bankrupt at 60.
LONG = {"size_cap": 3, "max_leverage": 3}
LONG_START = [(10_000, 0, 10_000), (-15_000, 250, 10_000)]
# 100 sold at 100 make cash 20,000: liquidated at 20,000 / (100 x 1.25) = 160, bankrupt at 200.
SHORT_START = [(10_000, 0, 10_000), (20_000, -100, 10_000)]

ROWS = [
    PricePath(
        name="a leveraged long position is liquidated inside the bar",
        given=LONG,
        bars=[BAR, BAR, (90, 91, 75, 78, 1_000)],
        order=buy(250),
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 80.00, 2)],
        after=[*LONG_START, (5_000, 0, 5_000)],  # -15,000 + 20,000
        trade=TradeRow(reason="liquidation", pnl=-5_000, held=1, mae=0.20, mfe=0.01),
    ),
    PricePath(
        name="a leveraged long position over its liquidation price lives on",
        given=LONG,
        bars=[BAR, BAR, (90, 91, 80.01, 85, 1_000)],
        order=buy(250),
        fills=[("entry", 250, 100.00, 1)],
        after=[*LONG_START, (-15_000, 250, 6_250)],
    ),
    PricePath(
        name="a leveraged long position is liquidated at an open under its liquidation price",
        given=LONG,
        bars=[BAR, BAR, (70, 72, 68, 71, 1_000)],
        order=buy(250),
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 70.00, 2)],
        after=[*LONG_START, (2_500, 0, 2_500)],
        trade=TradeRow(reason="liquidation", pnl=-7_500, held=1, mae=0.30, mfe=0.01),
    ),
    PricePath(
        name="an open under the bankruptcy price liquidates a long position at that price and leaves nothing",
        given=LONG,
        bars=[BAR, BAR, (50, 52, 48, 51, 1_000)],
        order=buy(250),
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 60.00, 2)],
        after=[*LONG_START, (0, 0, 0)],
        # 10 a unit better than the open: the insurance fund bears it
        trade=TradeRow(reason="liquidation", pnl=-10_000, held=1, mae=0.40, mfe=0.01),
    ),
    PricePath(
        name="the bankruptcy price counts the fee, of a long position",
        given={**LONG, "fee_bps": 100, "initial_equity": 10_400},
        bars=[BAR, BAR, (50, 52, 48, 51, 1_000)],
        order=buy(250),
        # 10,400 - 25,000 - 250 = -14,850; 14,850 / (250 x 0.99) = 60
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 60.00, 2)],
        # 15,000 less a fee of 150
        after=[(10_400, 0, 10_400), (-14_850, 250, 10_150), (0, 0, 0)],
        trade=TradeRow(reason="liquidation", pnl=-10_400, held=1, mae=0.40, mfe=0.01, fees=400),
    ),
    PricePath(
        name="a liquidation pays a quarter of the way to the low",
        given={**LONG, "stop_slip": 0.25},
        bars=[BAR, BAR, (90, 91, 72, 78, 1_000)],
        order=buy(250),
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 78.00, 2)],  # 80 - 0.25 x 8
        after=[*LONG_START, (4_500, 0, 4_500)],
        trade=TradeRow(reason="liquidation", pnl=-5_500, held=1, mae=0.22, mfe=0.01, slippage=500),
    ),
    PricePath(
        name="a liquidation pays half the spread",
        given={**LONG, "spread_bps": 200, "initial_equity": 10_250},
        bars=[BAR, BAR, (90, 91, 75, 78, 1_000)],
        order=buy(250, stop=50, target=200, at=101),
        # in at 101: 10,250 - 25,250 = -15,000; out at 80 x 0.99 = 79.20
        fills=[("entry", 250, 101.00, 1), ("liquidation", -250, 79.20, 2)],
        after=[(10_250, 0, 10_250), (-15_000, 250, 10_000), (4_800, 0, 4_800)],
        # 250 x 1.00 + 250 x 0.80
        trade=TradeRow(reason="liquidation", pnl=-5_450, held=1, mae=21.8 / 101, mfe=0, spread=450),
    ),
    PricePath(
        name="the volume does not bind a liquidation",
        given={**LONG, "max_participation": 0.5},
        bars=[BAR, BAR, (90, 91, 75, 78, 10)],
        order=buy(250),
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 80.00, 2)],
        after=[*LONG_START, (5_000, 0, 5_000)],
        trade=TradeRow(reason="liquidation", pnl=-5_000, held=1, mae=0.20, mfe=0.01),
    ),
    PricePath(
        name="a liquidation of more than the volume slips as if it were the whole volume",
        given={**LONG, "impact_bps": 100},
        # the entry's slippage is far under a millionth of a tick
        bars=[BAR, (100, 101, 99, 100, 1e24), (90, 91, 75, 78, 10)],
        order=buy(250),
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 79.20, 2)],  # 80 x (1 - 0.01)
        after=[*LONG_START, (4_800, 0, 4_800)],
        trade=TradeRow(reason="liquidation", pnl=-5_200, held=1, mae=0.208, mfe=0.01, slippage=200),
    ),
    PricePath(
        name="a liquidation needs no volume at all",
        given=LONG,
        bars=[BAR, BAR, (70, 70, 70, 70, 0)],
        order=buy(250),
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 70.00, 2)],
        after=[*LONG_START, (2_500, 0, 2_500)],
        trade=TradeRow(reason="liquidation", pnl=-7_500, held=1, mae=0.30, mfe=0.01),
    ),
    PricePath(
        name="a short position is liquidated in a squeeze",
        bars=[BAR, BAR, (150, 165, 149, 160, 1_000)],
        order=sell(100),
        fills=[("entry", -100, 100.00, 1), ("liquidation", 100, 160.00, 2)],
        after=[*SHORT_START, (4_000, 0, 4_000)],  # 20,000 - 16,000
        trade=TradeRow(reason="liquidation", pnl=-6_000, held=1, mae=0.60, mfe=0.01),
    ),
    PricePath(
        name="a short position is liquidated at an open over its liquidation price",
        bars=[BAR, BAR, (170, 175, 165, 170, 1_000)],
        order=sell(100),
        fills=[("entry", -100, 100.00, 1), ("liquidation", 100, 170.00, 2)],
        after=[*SHORT_START, (3_000, 0, 3_000)],
        trade=TradeRow(reason="liquidation", pnl=-7_000, held=1, mae=0.70, mfe=0.01),
    ),
    PricePath(
        name="a short position pays a quarter of the way to the high of a squeeze",
        given={"stop_slip": 0.25},
        bars=[BAR, BAR, (150, 180, 149, 160, 1_000)],
        order=sell(100),
        fills=[("entry", -100, 100.00, 1), ("liquidation", 100, 165.00, 2)],  # 160 + 0.25 x 20
        after=[*SHORT_START, (3_500, 0, 3_500)],
        trade=TradeRow(reason="liquidation", pnl=-6_500, held=1, mae=0.65, mfe=0.01, slippage=500),
    ),
    PricePath(
        name="an open over the bankruptcy price liquidates a short position at that price and leaves nothing",
        bars=[BAR, BAR, (300, 310, 290, 300, 1_000)],
        order=sell(100),
        fills=[("entry", -100, 100.00, 1), ("liquidation", 100, 200.00, 2)],
        after=[*SHORT_START, (0, 0, 0)],
        # 100 a unit better than the open
        trade=TradeRow(reason="liquidation", pnl=-10_000, held=1, mae=1.00, mfe=0.01),
    ),
    PricePath(
        name="the bankruptcy price counts the fee, of a short position",
        given={"fee_bps": 100, "initial_equity": 10_300},
        bars=[BAR, BAR, (300, 310, 290, 300, 1_000)],
        order=sell(100),
        # 10,300 + 10,000 - 100 = 20,200; 20,200 / (100 x 1.01) = 200
        fills=[("entry", -100, 100.00, 1), ("liquidation", 100, 200.00, 2)],
        # 20,000 and a fee of 200
        after=[(10_300, 0, 10_300), (20_200, -100, 10_200), (0, 0, 0)],
        trade=TradeRow(reason="liquidation", pnl=-10_300, held=1, mae=1.00, mfe=0.01, fees=300),
    ),
    PricePath(
        name="a bankruptcy price between two ticks is not rounded, so nothing is left and nothing is owed",
        given={"initial_equity": 10_000.55},
        bars=[BAR, BAR, (300, 310, 290, 300, 1_000)],
        order=sell(100),
        # 20,000.55 / 100 = 200.0055
        fills=[("entry", -100, 100.00, 1), ("liquidation", 100, 200.0055, 2)],
        after=[(10_000.55, 0, 10_000.55), (20_000.55, -100, 10_000.55), (0, 0, 0)],
        trade=TradeRow(reason="liquidation", pnl=-10_000.55, held=1, mae=1.000055, mfe=0.01),
    ),
    PricePath(
        name="a stop nearer to the entry than the liquidation price comes first",
        given=LONG,
        bars=[BAR, BAR, (90, 91, 75, 78, 1_000)],
        order=buy(250, stop=85),
        fills=[("entry", 250, 100.00, 1), ("stop", -250, 85.00, 2)],
        after=[*LONG_START, (6_250, 0, 6_250)],  # -15,000 + 21,250
        trade=TradeRow(reason="stop", pnl=-3_750, held=1, mae=0.15, mfe=0.01),
    ),
    PricePath(
        name="a liquidation price nearer to the entry than the stop comes first",
        given=LONG,
        bars=[BAR, BAR, (90, 91, 70, 72, 1_000)],
        order=buy(250, stop=75),
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 80.00, 2)],
        after=[*LONG_START, (5_000, 0, 5_000)],
        trade=TradeRow(reason="liquidation", pnl=-5_000, held=1, mae=0.20, mfe=0.01),
    ),
    PricePath(
        name="what a stop leaves is liquidated where its own margin ends",
        given={**LONG, "max_participation": 0.1},
        bars=[BAR, (100, 101, 99, 100, 10_000), (90, 91, 55, 60, 1_000)],
        order=buy(250, stop=85),
        # 100 stop at 85: cash -6,500; the other 150 at 6,500 / (150 x 0.75) = 57.777..., down to 57.77
        fills=[("entry", 250, 100.00, 1), ("stop", -100, 85.00, 2), ("liquidation", -150, 57.77, 2)],
        after=[*LONG_START, (2_165.50, 0, 2_165.50)],  # -6,500 + 8,665.50
        trade=TradeRow(
            reason="liquidation", pnl=-7_834.50, held=1, mae=0.4223, mfe=0.01, slippage=150 * (6_500 / 112.5 - 57.77)
        ),
    ),
    PricePath(
        name="what a stop leaves with margin enough waits for the next open",
        given={**LONG, "max_participation": 0.1},
        bars=[BAR, (100, 101, 99, 100, 10_000), (90, 91, 75, 78, 1_000), (79, 80, 78, 79, 10_000)],
        order=buy(250, stop=85),
        fills=[("entry", 250, 100.00, 1), ("stop", -100, 85.00, 2), ("stop", -150, 79.00, 3)],
        # -6,500 + 150 x 78 = 5,200; -6,500 + 11,850 = 5,350
        after=[*LONG_START, (-6_500, 150, 5_200), (5_350, 0, 5_350)],
        trade=TradeRow(reason="stop", pnl=-4_650, held=2, mae=0.25, mfe=0.01),
    ),
    PricePath(
        name="a stop at an open under the bankruptcy price is a liquidation",
        given=LONG,
        bars=[BAR, BAR, (50, 52, 48, 51, 1_000)],
        order=buy(250, stop=85),
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 60.00, 2)],
        after=[*LONG_START, (0, 0, 0)],
        trade=TradeRow(reason="liquidation", pnl=-10_000, held=1, mae=0.40, mfe=0.01),
    ),
    PricePath(
        name="an exit by time at an open under the bankruptcy price is a liquidation",
        given=LONG,
        bars=[BAR, BAR, (50, 52, 48, 51, 1_000)],
        order=buy(250, duration=1),
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 60.00, 2)],
        after=[*LONG_START, (0, 0, 0)],
        trade=TradeRow(reason="liquidation", pnl=-10_000, held=1, mae=0.40, mfe=0.01),
    ),
    PricePath(
        name="a liquidation in a bar that touches the target too was first",
        given=LONG,
        bars=[BAR, BAR, (100, 125, 75, 100, 1_000)],
        order=buy(250, target=120),
        fills=[("entry", 250, 100.00, 1), ("liquidation", -250, 80.00, 2)],
        after=[*LONG_START, (5_000, 0, 5_000)],
        trade=TradeRow(reason="liquidation", pnl=-5_000, held=1, mae=0.20, mfe=0.01),
    ),
    PricePath(
        name="an unconfirmed low liquidates nothing",
        given={**LONG, "wick_limit": 2},
        bars=[BAR, BAR, (100, 101, 70, 100, 1_000)],  # the low is 96
        order=buy(250),
        fills=[("entry", 250, 100.00, 1)],
        after=[*LONG_START, (-15_000, 250, 10_000)],
    ),
    PricePath(
        name="a long position without borrowed money is never liquidated",
        bars=[BAR, BAR, (50, 50, 1, 2, 1_000)],
        order=buy(100, stop=0.5),
        fills=[("entry", 100, 100.00, 1)],
        after=[(10_000, 0, 10_000), (0, 100, 10_000), (0, 100, 200)],
    ),
    PricePath(
        name="funding that eats the margin liquidates at the open",
        bars=[BAR, BAR, (100, 101, 99, 100, 1_000)],
        funding={2: -0.8},
        order=sell(100),
        # pays 8,000: cash 12,000; margin ends at 12,000 / (100 x 1.25) = 96, under the open
        fills=[("entry", -100, 100.00, 1), ("liquidation", 100, 100.00, 2)],
        after=[*SHORT_START, (2_000, 0, 2_000)],
        trade=TradeRow(reason="liquidation", pnl=-8_000, held=1, mae=0.01, mfe=0.01, funding=8_000),
    ),
    PricePath(
        name="funding of more than the equity leaves nothing, and nothing is owed",
        bars=[BAR, BAR, (100, 101, 99, 100, 1_000)],
        funding={2: -1.5},
        order=sell(100),
        # pays 15,000: cash 5,000; bankrupt at 50
        fills=[("entry", -100, 100.00, 1), ("liquidation", 100, 50.00, 2)],
        after=[*SHORT_START, (0, 0, 0)],
        trade=TradeRow(reason="liquidation", pnl=-10_000, held=1, mae=0.01, mfe=0.50, funding=15_000),
    ),
]
