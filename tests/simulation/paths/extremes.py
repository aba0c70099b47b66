"""Confirmed extremes: a wick that is too long for the market's usual range fills nothing beyond its limit."""

from __future__ import annotations

from tests.support.price_paths import PricePath, TradeRow, buy, sell

FLAT = (100, 100, 100, 100, 1_000)
BAR = (100, 101, 99, 100, 1_000)  # a range of 0.02

# Two bars of range 0.02: the typical range is 0.02, and a wick of a bar that closes at its open at most
# 2 x 0.02 x 100 = 4.
LIMIT = {"wick_limit": 2}

ROWS = [
    PricePath(
        name="a stop under an unconfirmed low does not fill, and the low counts as cut",
        given=LIMIT,
        bars=[BAR, BAR, (100, 101, 90, 100, 1_000), FLAT],
        order=buy(10, stop=95, duration=2),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 100.00, 3)],  # the low is 96
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 10_000), (10_000, 0, 10_000)],
        trade=TradeRow(reason="time", pnl=0, held=2, mae=0.04, mfe=0.01),
    ),
    PricePath(
        name="a stop over an unconfirmed high does not fill",
        given=LIMIT,
        bars=[BAR, BAR, (100, 110, 99, 100, 1_000), FLAT],
        order=sell(10, stop=105, duration=2),
        fills=[("entry", -10, 100.00, 1), ("time", 10, 100.00, 3)],  # the high is 104
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (11_000, -10, 10_000), (10_000, 0, 10_000)],
        trade=TradeRow(reason="time", pnl=0, held=2, mae=0.04, mfe=0.01),
    ),
    PricePath(
        name="a target beyond a confirmed high does not fill",
        given=LIMIT,
        bars=[BAR, BAR, (100, 110, 99, 100, 1_000), FLAT],
        order=buy(10, target=105, duration=2),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 100.00, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 10_000), (10_000, 0, 10_000)],
        trade=TradeRow(reason="time", pnl=0, held=2, mae=0.01, mfe=0.04),
    ),
    PricePath(
        name="a target beyond a confirmed low does not fill",
        given=LIMIT,
        bars=[BAR, BAR, (100, 101, 90, 100, 1_000), FLAT],
        order=sell(10, target=95, duration=2),
        fills=[("entry", -10, 100.00, 1), ("time", 10, 100.00, 3)],
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (11_000, -10, 10_000), (10_000, 0, 10_000)],
        trade=TradeRow(reason="time", pnl=0, held=2, mae=0.01, mfe=0.04),
    ),
    PricePath(
        name="without a limit every wick fills",
        bars=[BAR, BAR, (100, 101, 60, 100, 1_000)],
        order=buy(10, stop=70),
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 70.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_700, 0, 9_700)],
        trade=TradeRow(reason="stop", pnl=-300, held=1, mae=0.30, mfe=0.01),
    ),
    PricePath(
        name="a stop pays its share of the way to the confirmed low",
        given={**LIMIT, "stop_slip": 0.5},
        bars=[BAR, BAR, (100, 101, 90, 100, 1_000)],
        order=buy(10, stop=97),
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 96.50, 2)],  # 97 - 0.5 x (97 - 96)
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_965, 0, 9_965)],
        trade=TradeRow(reason="stop", pnl=-35, held=1, mae=0.035, mfe=0.01, slippage=5),
    ),
    PricePath(
        name="the typical range learns from the confirmed range of each bar",
        given=LIMIT,
        bars=[BAR, BAR, (100, 101, 90, 100, 1_000), (100, 101, 90, 100, 1_000)],
        order=buy(10, stop=95.90),
        # third bar: low 96, range 0.05; typical 0.98 x 0.02 + 0.02 x 0.05 = 0.0206; fourth: low 100 - 4.12 = 95.88
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 95.90, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 10_000), (9_959, 0, 9_959)],
        trade=TradeRow(reason="stop", pnl=-41, held=2, mae=0.041, mfe=0.01),
    ),
    PricePath(
        name="the typical range does not learn from what it cut off",
        given=LIMIT,
        bars=[BAR, BAR, (100, 101, 90, 100, 1_000), (100, 101, 90, 100, 1_000)],
        order=buy(10, stop=95.80),  # learning from the reported 0.11 the low would be 95.64
        fills=[("entry", 10, 100.00, 1)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 10_000), (9_000, 10, 10_000)],
    ),
    PricePath(
        name="the first bar of an account is as reported",
        given=LIMIT,
        bars=[(100, 101, 80, 100, 1_000)],
        order=buy(10, stop=90, after=-1),
        fills=[("entry", 10, 100.00, 0), ("stop", -10, 90.00, 0)],
        after=[(9_900, 0, 9_900)],
        trade=TradeRow(reason="stop", pnl=-100, held=0, mae=0.10, mfe=0),
    ),
    PricePath(
        name="the move from open to close confirms a wick as the typical range does",
        given=LIMIT,
        bars=[BAR, BAR, (100, 101, 86, 95, 1_000)],
        order=buy(10, stop=87),
        # the body is 0.05: a wick of 9 is within 2 x 0.05 x 100 = 10
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 87.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_870, 0, 9_870)],
        trade=TradeRow(reason="stop", pnl=-130, held=1, mae=0.13, mfe=0.01),
    ),
    PricePath(
        name="a wick is measured from the body, which is never cut",
        given=LIMIT,
        bars=[BAR, BAR, (100, 101, 75, 90, 1_000), FLAT],
        order=buy(10, stop=69, duration=2),
        # the body is 0.10: the wick of 15 under 90 is within 2 x 0.10 x 100 = 20
        fills=[("entry", 10, 100.00, 1), ("time", -10, 100.00, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 9_900), (10_000, 0, 10_000)],
        trade=TradeRow(reason="time", pnl=0, held=2, mae=0.25, mfe=0.01),
    ),
]
