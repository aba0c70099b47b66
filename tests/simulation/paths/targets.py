"""Targets: resting limits that fill at their own price, when touched or when traded through."""

from __future__ import annotations

from tests.support.price_paths import PricePath, TradeRow, buy, sell

QUIET = (100, 100.5, 99.5, 100, 1_000)
BAR = (100, 101, 99, 100, 1_000)
DEEP = (100, 101, 99, 100, 10_000)

ROWS = [
    PricePath(
        name="simple: the target of a long position fills when merely touched",
        bars=[QUIET, BAR, (105, 110, 104, 109, 1_000)],
        order=buy(10, target=110),
        fills=[("entry", 10, 100.00, 1), ("target", -10, 110.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (10_100, 0, 10_100)],
        trade=TradeRow(reason="target", pnl=100, held=1, mae=0.01, mfe=0.10),
    ),
    PricePath(
        name="simple: the target of a short position fills when merely touched",
        bars=[QUIET, BAR, (95, 96, 90, 91, 1_000)],
        order=sell(10, target=90),
        fills=[("entry", -10, 100.00, 1), ("target", 10, 90.00, 2)],
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (10_100, 0, 10_100)],
        trade=TradeRow(reason="target", pnl=100, held=1, mae=0.01, mfe=0.10),
    ),
    PricePath(
        name="realistic: the target of a long position merely touched does not fill, traded through it does",
        given={"limit_through": True},
        bars=[QUIET, BAR, (105, 110, 104, 109, 1_000), (108, 112, 107, 108, 1_000)],
        order=buy(10, target=110),
        # the third bar: 1,000 x 2 / 5 = 400 beyond, more than 10
        fills=[("entry", 10, 100.00, 1), ("target", -10, 110.00, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 10_090), (10_100, 0, 10_100)],
        trade=TradeRow(reason="target", pnl=100, held=2, mae=0.01, mfe=0.10),
    ),
    PricePath(
        name="realistic: the target of a short position merely touched does not fill, traded through it does",
        given={"limit_through": True},
        bars=[QUIET, BAR, (95, 96, 90, 91, 1_000), (92, 93, 88, 92, 1_000)],
        order=sell(10, target=90),
        fills=[("entry", -10, 100.00, 1), ("target", 10, 90.00, 3)],
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (11_000, -10, 10_090), (10_100, 0, 10_100)],
        trade=TradeRow(reason="target", pnl=100, held=2, mae=0.01, mfe=0.10),
    ),
    PricePath(
        name="realistic: half a tick beyond the target is not through it, a whole tick is",
        given={"limit_through": True},
        bars=[QUIET, BAR, (109.9, 110.005, 109.5, 110, 1_000), (109.9, 110.01, 109.51, 110, 1_000)],
        order=buy(10, target=110),
        # beyond on the last bar: 1,000 x 0.01 / 0.50 = 20
        fills=[("entry", 10, 100.00, 1), ("target", -10, 110.00, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 10_100), (10_100, 0, 10_100)],
        # the high of the bar held is half a tick better than the fill
        trade=TradeRow(reason="target", pnl=100, held=2, mae=0.01, mfe=0.10005),
    ),
    PricePath(
        name="simple: a bar that opens over the target fills it at its own price",
        bars=[QUIET, BAR, (115, 116, 114, 115, 1_000)],
        order=buy(10, target=110),
        fills=[("entry", 10, 100.00, 1), ("target", -10, 110.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (10_100, 0, 10_100)],
        trade=TradeRow(reason="target", pnl=100, held=1, mae=0.01, mfe=0.10),
    ),
    PricePath(
        name="realistic: a bar wholly beyond the target gives its whole share of the volume, and no more",
        given={"limit_through": True, "max_participation": 0.01},
        bars=[QUIET, DEEP, (115, 116, 114, 115, 1_000), (115, 116, 114, 115, 1_000)],
        order=buy(20, target=110),
        fills=[("entry", 20, 100.00, 1), ("target", -10, 110.00, 2), ("target", -10, 110.00, 3)],
        # 8,000; + 1,100 = 9,100 + 10 x 115; + 1,100 = 10,200
        after=[(10_000, 0, 10_000), (8_000, 20, 10_000), (9_100, 10, 10_250), (10_200, 0, 10_200)],
        trade=TradeRow(reason="target", pnl=200, held=2, mae=0.01, mfe=0.16),
    ),
    PricePath(
        name="a bar that opens under the target of a short position fills it at its own price",
        given={"limit_through": True},
        bars=[QUIET, BAR, (85, 86, 84, 85, 1_000)],
        order=sell(10, target=90),
        fills=[("entry", -10, 100.00, 1), ("target", 10, 90.00, 2)],
        after=[(10_000, 0, 10_000), (11_000, -10, 10_000), (10_100, 0, 10_100)],
        trade=TradeRow(reason="target", pnl=100, held=1, mae=0.01, mfe=0.10),
    ),
    PricePath(
        name="realistic: a target that does not move fills on a bar without range beyond it",
        given={"limit_through": True, "max_participation": 0.02},
        bars=[QUIET, BAR, (112, 112, 112, 112, 1_000)],
        order=buy(10, target=110),
        fills=[("entry", 10, 100.00, 1), ("target", -10, 110.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (10_100, 0, 10_100)],
        trade=TradeRow(reason="target", pnl=100, held=1, mae=0.01, mfe=0.10),
    ),
    PricePath(
        name="realistic: what the volume beyond leaves of a target stays a limit and fills later",
        given={"limit_through": True, "max_participation": 0.1, "lot": 1},
        bars=[QUIET, BAR, (105, 112, 104, 108, 500), (108, 109, 107, 108, 1_000), (109, 115, 105, 111, 1_000)],
        order=buy(30, target=110),
        # 0.1 x 500 x 2 / 8 = 12.5, lots: 12; then 0.1 x 1,000 x 5 / 10 = 50, more than 18
        fills=[("entry", 30, 100.00, 1), ("target", -12, 110.00, 2), ("target", -18, 110.00, 4)],
        # 7,000; + 1,320 = 8,320 + 18 x 108; + 1,980 = 10,300
        after=[(10_000, 0, 10_000), (7_000, 30, 10_000), (8_320, 18, 10_264), (8_320, 18, 10_264), (10_300, 0, 10_300)],
        trade=TradeRow(reason="target", pnl=300, held=3, mae=0.01, mfe=0.12),
    ),
    PricePath(
        name="realistic: what is left of a target may be stopped",
        given={"limit_through": True, "max_participation": 0.1, "lot": 1},
        bars=[QUIET, BAR, (105, 112, 104, 108, 500), (95, 96, 85, 92, 1_000)],
        order=buy(30, stop=90, target=110),
        fills=[("entry", 30, 100.00, 1), ("target", -12, 110.00, 2), ("stop", -18, 90.00, 3)],
        # 8,320 + 1,620 = 9,940
        after=[(10_000, 0, 10_000), (7_000, 30, 10_000), (8_320, 18, 10_264), (9_940, 0, 9_940)],
        trade=TradeRow(reason="stop", pnl=-60, held=2, mae=0.10, mfe=0.12),
    ),
    PricePath(
        name="realistic: what is left of a target leaves when its time is over",
        given={"limit_through": True, "max_participation": 0.1, "lot": 1},
        bars=[QUIET, BAR, (105, 112, 104, 108, 500), (108, 109, 107, 108, 1_000)],
        order=buy(30, target=110, duration=2),
        fills=[("entry", 30, 100.00, 1), ("target", -12, 110.00, 2), ("time", -18, 108.00, 3)],
        # 8,320 + 1,944 = 10,264
        after=[(10_000, 0, 10_000), (7_000, 30, 10_000), (8_320, 18, 10_264), (10_264, 0, 10_264)],
        trade=TradeRow(reason="time", pnl=264, held=2, mae=0.01, mfe=0.12),
    ),
    PricePath(
        name="simple: what the budget leaves of a target stays a limit and fills when touched again",
        given={"max_participation": 0.02},
        bars=[QUIET, BAR, (105, 110, 104, 109, 500), (109, 111, 108, 110, 500)],
        order=buy(20, target=110),
        fills=[("entry", 20, 100.00, 1), ("target", -10, 110.00, 2), ("target", -10, 110.00, 3)],
        # 8,000; + 1,100 = 9,100 + 10 x 109; + 1,100
        after=[(10_000, 0, 10_000), (8_000, 20, 10_000), (9_100, 10, 10_190), (10_200, 0, 10_200)],
        trade=TradeRow(reason="target", pnl=200, held=2, mae=0.01, mfe=0.10),
    ),
    PricePath(
        name="a resting target pays the maker's fee and no spread",
        given={"fee_bps": 100, "maker_fee_bps": 10},
        bars=[QUIET, BAR, (105, 112, 104, 109, 1_000)],
        order=buy(10, target=110),
        fills=[("entry", 10, 100.00, 1), ("target", -10, 110.00, 2)],
        # 10,000 - 1,000 - 10 = 8,990; + 1,100 - 1.10 = 10,088.90
        after=[(10_000, 0, 10_000), (8_990, 10, 9_990), (10_088.90, 0, 10_088.90)],
        trade=TradeRow(reason="target", pnl=88.90, held=1, mae=0.01, mfe=0.10, fees=11.10),
    ),
    PricePath(
        name="a target pays neither spread nor slippage",
        given={"spread_bps": 200},
        bars=[QUIET, BAR, (105, 112, 104, 109, 1_000)],
        order=buy(10, stop=50, target=110, at=101),
        fills=[("entry", 10, 101.00, 1), ("target", -10, 110.00, 2)],
        # 10,000 - 1,010 = 8,990; + 1,100
        after=[(10_000, 0, 10_000), (8_990, 10, 9_990), (10_090, 0, 10_090)],
        trade=TradeRow(reason="target", pnl=90, held=1, mae=2 / 101, mfe=9 / 101, spread=10),
    ),
    PricePath(
        name="the target of an entry at the open may fill on the same bar",
        bars=[QUIET, (100, 112, 99, 108, 1_000)],
        order=buy(10, target=110),
        fills=[("entry", 10, 100.00, 1), ("target", -10, 110.00, 1)],
        after=[(10_000, 0, 10_000), (10_100, 0, 10_100)],
        trade=TradeRow(reason="target", pnl=100, held=0, mae=0, mfe=0.10),
    ),
    PricePath(
        name="a target touched on a bar without volume stays",
        bars=[QUIET, BAR, (112, 112, 112, 112, 0), (109, 110, 108, 109, 1_000)],
        order=buy(10, target=110),
        fills=[("entry", 10, 100.00, 1), ("target", -10, 110.00, 3)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (9_000, 10, 10_120), (10_100, 0, 10_100)],
        trade=TradeRow(reason="target", pnl=100, held=2, mae=0.01, mfe=0.12),
    ),
    PricePath(
        name="simple: entry and target of one bar share its volume",
        given={"max_participation": 0.1},
        bars=[QUIET, (100, 111, 99, 105, 1_000), (106, 110, 105, 106, 1_000)],
        order=buy(60, target=110),
        fills=[("entry", 60, 100.00, 1), ("target", -40, 110.00, 1), ("target", -20, 110.00, 2)],
        # 10,000 - 6,000 + 4,400 = 8,400 + 20 x 105; + 2,200
        after=[(10_000, 0, 10_000), (8_400, 20, 10_500), (10_600, 0, 10_600)],
        trade=TradeRow(reason="target", pnl=600, held=1, mae=0.01, mfe=0.11),
    ),
    PricePath(
        name="realistic: a target gets no more than the entry left of the budget",
        given={"limit_through": True, "max_participation": 0.1},
        bars=[QUIET, (100, 115, 95, 112, 1_000), (112, 120, 110, 115, 1_000)],
        order=buy(95, target=110),
        # 100 a bar; beyond: 100 x 5 / 20 = 25, but 5 are left; then 100 x 10 / 10
        fills=[("entry", 95, 100.00, 1), ("target", -5, 110.00, 1), ("target", -90, 110.00, 2)],
        # 500; + 550 = 1,050 + 90 x 112 = 11,130; + 9,900 = 10,950
        after=[(10_000, 0, 10_000), (1_050, 90, 11_130), (10_950, 0, 10_950)],
        trade=TradeRow(reason="target", pnl=950, held=1, mae=0.05, mfe=0.15),
    ),
    PricePath(
        name="the holding time ends at the open, before the bar touches the target",
        bars=[QUIET, BAR, (105, 112, 104, 109, 1_000)],
        order=buy(10, target=110, duration=1),
        fills=[("entry", 10, 100.00, 1), ("time", -10, 105.00, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (10_050, 0, 10_050)],
        trade=TradeRow(reason="time", pnl=50, held=1, mae=0.01, mfe=0.05),
    ),
    PricePath(
        name="simple: a target on a tick that no binary number holds is touched by a high at its price",
        given={"tick": 0.1},
        bars=[QUIET, (100, 100.2, 99.9, 100, 1_000), (100.1, 100.3, 100, 100.2, 1_000)],
        order=buy(10, target=100.3),  # 1,003 x 0.1 is 100.3 and a little more in binary
        fills=[("entry", 10, 100.00, 1), ("target", -10, 100.30, 2)],
        after=[(10_000, 0, 10_000), (9_000, 10, 10_000), (10_003, 0, 10_003)],
        trade=TradeRow(reason="target", pnl=3, held=1, mae=0.001, mfe=0.003),
    ),
]
