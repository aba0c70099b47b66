"""Slippage of market fills: the constant of `simple`, and the law of range and participation of `realistic`."""

from __future__ import annotations

from tests.support.price_paths import PricePath, TradeRow, buy, sell

FLAT = (100, 100, 100, 100, 1_000)
QUIET = (100, 100.5, 99.5, 100, 1_000)
WIDE = (100, 100.79, 99.21, 100, 1_000)  # a range of 0.0158: sigma 0.0158 / 1.596 = 0.0098997

ROWS = [
    PricePath(
        name="simple: the constant is scaled by the root of the share of the volume",
        given={"impact_bps": 100},
        bars=[QUIET, QUIET],
        order=buy(40, at=100.2),
        fills=[("entry", 40, 100.20, 1)],  # 0.01 x sqrt(40 / 1,000) = 0.002
        after=[(10_000, 0, 10_000), (5_992, 40, 9_992)],
    ),
    PricePath(
        name="simple: a seller pays the constant as well, each fill by its own share of the volume",
        given={"impact_bps": 100},
        bars=[QUIET, QUIET, (100, 100, 100, 100, 4_000)],
        order=sell(40, at=99.8, duration=1),
        # in: 0.01 x 0.2, 99.80; out: 0.01 x sqrt(40 / 4,000) = 0.001, 100.10
        fills=[("entry", -40, 99.80, 1), ("time", 40, 100.10, 2)],
        # 10,000 + 3,992 = 13,992; - 4,004 = 9,988
        after=[(10_000, 0, 10_000), (13_992, -40, 9_992), (9_988, 0, 9_988)],
        trade=TradeRow(reason="time", pnl=-12, held=1, mae=0.7 / 99.8, mfe=0.3 / 99.8, slippage=12),
    ),
    PricePath(
        name="simple: what the budget cuts counts by what fills",
        given={"impact_bps": 100, "max_participation": 0.04},
        bars=[QUIET, QUIET],
        order=buy(90, at=100.2),
        fills=[("entry", 40, 100.20, 1)],
        after=[(10_000, 0, 10_000), (5_992, 40, 9_992)],
    ),
    PricePath(
        name="realistic: a buyer pays by the range of the bar and his share of its volume",
        given={"impact": 1},
        bars=[FLAT, WIDE],
        order=buy(40, at=100.2),
        # 0.0098997 x sqrt(40 / 1,000) = 0.00197995: 100.197995
        fills=[("entry", 40, 100.20, 1)],
        after=[(10_000, 0, 10_000), (5_992, 40, 9_992)],
    ),
    PricePath(
        name="realistic: a seller pays by the range of the bar and his share of its volume",
        given={"impact": 1},
        bars=[FLAT, WIDE],
        order=sell(40, at=99.8),
        fills=[("entry", -40, 99.80, 1)],  # 99.802005
        after=[(10_000, 0, 10_000), (13_992, -40, 9_992)],
    ),
    PricePath(
        name="realistic: a range is 1.596 times the volatility",
        given={"impact": 1, "tick": 0.0001},
        bars=[FLAT, WIDE],
        order=buy(40, at=100.2),
        fills=[("entry", 40, 100.1980, 1)],  # 100.197995
        # 40 x 100.198 = 4,007.92
        after=[(10_000, 0, 10_000), (5_992.08, 40, 9_992.08)],
    ),
    PricePath(
        name="realistic: the coefficient scales the slippage",
        given={"impact": 0.5},
        bars=[FLAT, WIDE],
        order=buy(40, at=100.1),
        fills=[("entry", 40, 100.10, 1)],  # 0.5 x 0.00197995: 100.098997
        after=[(10_000, 0, 10_000), (5_996, 40, 9_996)],
    ),
    PricePath(
        name="realistic: on a bar that does not move the typical range counts",
        given={"impact": 1},
        bars=[WIDE, FLAT],
        order=buy(40, at=100.2),
        fills=[("entry", 40, 100.20, 1)],
        after=[(10_000, 0, 10_000), (5_992, 40, 9_992)],
    ),
    PricePath(
        name="realistic: the first bar of an account has its own range alone",
        given={"impact": 1},
        bars=[FLAT],
        order=buy(40, after=-1),
        fills=[("entry", 40, 100.00, 0)],
        after=[(6_000, 40, 10_000)],
    ),
    PricePath(
        name="realistic: the range that counts is the confirmed one",
        given={"impact": 1, "wick_limit": 2},
        bars=[WIDE, (100, 100, 90, 100, 1_000)],
        order=buy(40, at=100.4),
        # low 100 - 2 x 1.58 = 96.84; 0.0316 / 1.596 x 0.2 = 0.00395990: 100.395990
        fills=[("entry", 40, 100.40, 1)],
        after=[(10_000, 0, 10_000), (5_984, 40, 9_984)],
    ),
    PricePath(
        name="realistic: a stop slips by the range of its own bar",
        given={"impact": 1},
        bars=[FLAT, FLAT, (100, 101, 85.2, 90, 1_000)],
        order=buy(10, stop=90),
        # 0.158 / 1.596 x sqrt(10 / 1,000) = 0.00989975: 90 x 0.99010 = 89.10902, down to 89.10
        fills=[("entry", 10, 100.00, 1), ("stop", -10, 89.10, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_891, 0, 9_891)],
        trade=TradeRow(reason="stop", pnl=-109, held=1, mae=0.109, mfe=0, slippage=9),
    ),
    PricePath(
        name="realistic: half the spread comes on top, and a trade tells the two apart",
        given={"impact": 1, "spread_bps": 20},
        bars=[FLAT, WIDE, (105, 112, 104, 109, 1_000)],
        order=buy(40, stop=50, target=110, at=100.3),
        # 0.001 + 0.00197995: 100.297995, up to 100.30
        fills=[("entry", 40, 100.30, 1), ("target", -40, 110.00, 2)],
        # 10,000 - 4,012 = 5,988; + 4,400 = 10,388
        after=[(10_000, 0, 10_000), (5_988, 40, 9_988), (10_388, 0, 10_388)],
        # 40 x 0.10 of spread, and 40 x 0.30 less that
        trade=TradeRow(reason="target", pnl=388, held=1, mae=1.09 / 100.3, mfe=9.7 / 100.3, spread=4, slippage=8),
    ),
]
