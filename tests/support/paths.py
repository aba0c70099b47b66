"""Plays price paths by the simulator: the one place that places orders and reads fills, account and trades."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.price_paths import HOUR_MS, EntryOrder, Filled, Orders, Played, TradeRow
from trading.arrays import Floats
from trading.model.spec import ActionBounds, Costs, Instrument, Limits
from trading.simulation.accounts import Account
from trading.simulation.bookkeeping import BarOutcome, simulate_bar
from trading.simulation.parameters import pack_parameters
from trading.steps import account as a
from trading.steps.bar import Bar
from trading.values import Frozen


def simulate(given: Mapping[str, Any], bars: Sequence[tuple[float, ...]], orders: Orders) -> Played:
    """Play bars by the simulator.

    Args:
        given: every setting.
        bars: ts, open, high, low, close, volume, funding.
        orders: by the index of the bar at whose close each is decided, if the account is free then.
    """
    account = Account(
        symbol="SIM", interval=HOUR_MS, initial_equity=given["initial_equity"], parameters=packed_parameters(given)
    )
    played = Played([], [], [], [], [], [])
    for index, bar in enumerate(bars):
        order = orders.get(index - 1)
        state = account.state
        if order is not None and state[a.QUANTITY] == 0.0 and state[a.ORDER_QUANTITY] == 0.0 and not state[a.HALTED]:
            place(state, order, bars[index - 1][0] + HOUR_MS if index else bar[0], given)
            played.taken.append(index - 1)
        # A target does not fill while a market exit waits.
        leaving = state[a.EXIT_REASON] != 0.0
        outcome = simulate_bar(account, Bar(int(bar[0]), *bar[1:]))
        played.fills.extend(_fills(outcome, index, math.nan if leaving else float(state[a.TARGET])))
        played.after.append((float(state[a.CASH]), float(state[a.QUANTITY]), float(state[a.EQUITY])))
        fees, funding, spread, slippage = state[[a.FEES, a.FUNDING, a.SPREAD, a.SLIPPAGE]].tolist()
        played.paid.append((fees, funding, spread, slippage))
        played.halted.append(bool(state[a.HALTED]))
        if outcome.trade is not None:
            row = outcome.trade._asdict()
            played.trades.append(TradeRow(**{name: row[name] for name in TradeRow.__dataclass_fields__}))
    return played


def packed_parameters(given: Mapping[str, Any]) -> Floats:
    """Settings as the steps take them.

    Args:
        given: every setting.
    """
    values = {"volatility_target": 1.0, "min_confidence": 0.0, "cooldown_bars": 0, **given}
    bounds = ActionBounds(min_duration=1, max_duration=99, min_stop=1, max_stop=2, min_target=1, max_target=2)
    return pack_parameters(
        Costs.model_validate(_fields(Costs, values)),
        Instrument.model_validate(_fields(Instrument, values)),
        Limits.model_validate(_fields(Limits, values)),
        bounds,
        interval=HOUR_MS,
        stop_horizon=1,
        bars_per_year=8_766.0,
    )


def _fields(model: type[Frozen], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in model.model_fields}


def place(state: Floats, order: EntryOrder, close_ms: float, given: Mapping[str, Any]) -> None:
    """Let an entry wait as a decision does.

    Args:
        state: of the account, changed in place.
        order: the entry.
        close_ms: UTC milliseconds of the close at which it is decided.
        given: every setting.
    """
    state[a.ORDER_QUANTITY] = order.quantity
    state[a.ORDER_WAIT] = given["latency_bars"]
    state[a.ORDER_READY] = close_ms + given["latency_ms"]
    state[a.ORDER_CAP] = min(order.cap, given["size_cap"])
    state[a.ORDER_DURATION] = order.duration
    state[a.ORDER_STOP], state[a.ORDER_TARGET] = order.stop_log, order.target_log


def _fills(outcome: BarOutcome, index: int, target: float) -> list[Filled]:
    """What a bar filled; of its exits the simulator tells the sum at the average price, and the reason of the last."""
    fills: list[Filled] = []
    for fill in outcome.fills:
        kind = str(fill.kind)
        if kind == "exit" and outcome.trade is not None:
            kind = outcome.trade.reason
        elif kind == "exit" and math.isclose(fill.price, target, rel_tol=1e-12):
            kind = "target"
        fills.append((kind, fill.quantity, fill.price, index))
    return fills
