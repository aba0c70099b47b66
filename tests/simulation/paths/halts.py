"""The drawdown limit, from the peak of equity at the closes."""

from __future__ import annotations

from tests.support.price_paths import PricePath, TradeRow, buy, sell

FLAT = (100, 100, 100, 100, 1_000)

ROWS = [
    PricePath(
        name="a drawdown beyond the limit halts",
        given={"halt_drawdown": 0.10},
        bars=[FLAT, FLAT, (95, 96, 85, 88, 1_000), FLAT],
        order=buy(100, stop=88),
        fills=[("entry", 100, 100.00, 1), ("stop", -100, 88.00, 2)],
        after=[(10_000, 0, 10_000), (0, 100, 10_000), (8_800, 0, 8_800), (8_800, 0, 8_800)],
        trade=TradeRow(reason="stop", pnl=-1_200, held=1, mae=0.12, mfe=0),
        halted=[False, False, True, True],
    ),
    PricePath(
        name="a drawdown within the limit does not halt",
        given={"halt_drawdown": 0.10},
        bars=[FLAT, FLAT, (95, 96, 85, 92, 1_000)],
        order=buy(100),
        fills=[("entry", 100, 100.00, 1)],
        # the low was 15 % down, the close 8 %
        after=[(10_000, 0, 10_000), (0, 100, 10_000), (0, 100, 9_200)],
        halted=[False, False, False],
    ),
    PricePath(
        name="the drawdown is measured from the peak of equity, and the position stays",
        given={"halt_drawdown": 0.10},
        bars=[FLAT, FLAT, (110, 110, 110, 110, 1_000), (98, 98, 98, 98, 1_000)],
        order=buy(100),
        fills=[("entry", 100, 100.00, 1)],
        # from 11,000 to 9,800 are 10.9 %
        after=[(10_000, 0, 10_000), (0, 100, 10_000), (0, 100, 11_000), (0, 100, 9_800)],
        halted=[False, False, False, True],
    ),
    PricePath(
        name="an account that recovers stays halted",
        given={"halt_drawdown": 0.10},
        bars=[FLAT, FLAT, (115, 115, 115, 115, 1_000), (90, 90, 90, 90, 1_000)],
        order=sell(100),
        fills=[("entry", -100, 100.00, 1)],
        after=[(10_000, 0, 10_000), (20_000, -100, 10_000), (20_000, -100, 8_500), (20_000, -100, 11_000)],
        halted=[False, False, True, True],
    ),
]
