"""The rules by which release 0.1 filled and measured otherwise: with them put back, its bundles trade what it wrote.

So these rules, and no other, are why a bundle of the release trades otherwise today.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.support import release_0_1
from trading.model.bundle import load_bundle
from trading.simulation import kernels, lanes
from trading.simulation.metrics.summary import backtest_metrics
from trading.simulation.parameters import model_parameters
from trading.steps import account as a
from trading.steps import booking, slippage, venue

ROUNDING = "prices are rounded to the nearest tick, not against the taker, and brackets not outward"
NO_LIMIT_AT_FILL = "limits bind at the decision alone, not at the price of the fill and after its costs"
RULES = (ROUNDING, NO_LIMIT_AT_FILL)


def fill_as_release_0_1(patch: pytest.MonkeyPatch, *rules: str) -> None:
    """Put rules of release 0.1 back; loops run uncompiled then, or they would not see it.

    Args:
        patch: puts the rules of today back in the end.
        rules: of :data:`RULES`.
    """
    if ROUNDING in rules:
        patch.setattr(slippage, "tick_away", lambda price, tick, _side: _nearest(price, tick))
        patch.setattr(booking, "tick_up", _nearest)
        patch.setattr(booking, "tick_down", _nearest)
    if NO_LIMIT_AT_FILL in rules:
        patch.setattr(venue, "entry_room", _no_limit)
    loop: Any = kernels.trade_loop
    patch.setattr(lanes, "trade_loop", loop.py_func)


def metrics_of_0_1(bundle: str, part: str) -> dict[str, float]:
    """Metrics of a bundle by the definitions of release 0.1.

    The position that is open at the end is no trade and is not closed, and turnover is of the initial equity.

    Args:
        bundle: one of the bundles.
        part: of the bars, ``all`` or ``traded``.
    """
    then, model = release_0_1.expected()["bundles"][bundle][part], load_bundle(release_0_1.FOLDER / bundle).model
    (run,) = lanes.run_lanes(model, [release_0_1.bars()], [model_parameters(model)], then["start"], then["stop"])
    initial, bars_per_year = model.spec.limits.initial_equity, model.spec.bars_per_year
    closed = abs(run.trades[:, a.TRADE_QUANTITY]) * (run.trades[:, a.TRADE_ENTRY] + run.trades[:, a.TRADE_EXIT])
    still_open = abs(run.account[a.ENTRY_QUANTITY]) * run.account[a.ENTRY_PRICE]
    return {
        **backtest_metrics(run.equity, run.trades, run.account, initial, bars_per_year),
        "turnover": (float(closed.sum()) + float(still_open)) / initial / (len(run.equity) / bars_per_year),
    }


def _nearest(price: float, tick: float) -> float:
    return math.floor(price / tick + 0.5) * tick


def _no_limit(*_: Any) -> float:
    return math.inf
