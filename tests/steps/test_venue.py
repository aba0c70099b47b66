from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from tests.support.models import ACTIONS, LIMITS, costs_of
from trading.model.spec import Costs
from trading.simulation.parameters import pack_parameters
from trading.steps.account import (
    CASH,
    COOLDOWN,
    EQUITY,
    HALTED,
    ORDER_DURATION,
    ORDER_QUANTITY,
    ORDER_STOP,
    ORDER_TARGET,
    ORDER_WAIT,
    QUANTITY,
    REASON_STOP,
    REASON_TARGET,
    REASON_TIME,
    TRADE_ENTRY,
    TRADE_EXIT,
    TRADE_PNL,
    TRADE_QUANTITY,
    TRADE_REASON,
    TRADE_SIZE,
    new_account,
)
from trading.steps.bar import Bar
from trading.steps.venue import CANCELLED, CLOSED, ENTERED, NOTHING, venue_step

FREE = costs_of(fee_bps=0.0, spread_bps=0.0, impact_bps=0.0, lot=1e-6)
BIG = 1e9


def _parameters(costs: Costs = FREE) -> np.ndarray:
    return pack_parameters(costs, LIMITS, ACTIONS, stop_horizon=12, bars_per_year=8766.0)


def _with_order(
    quantity: float, *, stop: float = 0.1, target: float = 0.1, duration: int = 5, wait: int = 0
) -> np.ndarray:
    account = new_account(100_000.0)
    account[ORDER_QUANTITY], account[ORDER_WAIT], account[ORDER_DURATION] = quantity, wait, duration
    account[ORDER_STOP], account[ORDER_TARGET] = stop, target
    return account


Prices = tuple[float, float, float, float, float]


def _run(account: np.ndarray, bars: Sequence[Prices], p: np.ndarray) -> tuple[list[int], np.ndarray]:
    trade = np.zeros(TRADE_SIZE)
    return [venue_step(account, p, Bar(i * 1000, *bar), trade) for i, bar in enumerate(bars)], trade


# side; later bars (open, high, low, close, volume) after an entry at 100, stop and target 10 % away; exit price; reason
EXITS: dict[str, tuple[int, Sequence[Prices], float, int]] = {
    "long stop": (1, [(100, 101, 80, 95, BIG)], 100 * math.exp(-0.1), REASON_STOP),
    "long target": (1, [(100, 120, 99, 110, BIG)], 100 * math.exp(0.1), REASON_TARGET),
    "long stop and target in one bar: stop first": (1, [(100, 120, 80, 110, BIG)], 100 * math.exp(-0.1), REASON_STOP),
    "long gap through the stop fills at the open": (1, [(70, 75, 65, 72, BIG)], 70.0, REASON_STOP),
    "long gap over the target fills at the open": (1, [(130, 131, 129, 130, BIG)], 130.0, REASON_TARGET),
    "short stop": (-1, [(100, 115, 99, 100, BIG)], 100 * math.exp(0.1), REASON_STOP),
    "short target": (-1, [(100, 101, 85, 90, BIG)], 100 * math.exp(-0.1), REASON_TARGET),
    "short gap through the stop fills at the open": (-1, [(140, 141, 139, 140, BIG)], 140.0, REASON_STOP),
    "time": (1, [(100, 101, 99, 100, BIG)] * 4 + [(103, 104, 102, 103, BIG)], 103.0, REASON_TIME),
}


@pytest.mark.parametrize("case", EXITS)
def test_exits_follow_the_bracket_rules(case: str) -> None:
    side, later, price, reason = EXITS[case]
    account = _with_order(side * 10.0)
    entry = (100.0, 100.0, 100.0, 100.0, BIG)
    events, trade = _run(account, [entry, *later], _parameters())
    assert events[0] == ENTERED
    assert events[-1] == CLOSED
    assert trade[TRADE_REASON] == reason
    assert trade[TRADE_EXIT] == pytest.approx(price, abs=1e-6)
    assert trade[TRADE_PNL] == pytest.approx(side * 10.0 * (price - 100.0), abs=1e-4)
    assert account[CASH] == pytest.approx(100_000.0 + trade[TRADE_PNL])
    assert account[COOLDOWN] == LIMITS.cooldown_bars


def test_an_order_fills_at_the_next_open_never_at_the_close_that_decided_it() -> None:
    account = _with_order(1.0)
    _, trade = _run(account, [(105.0, 106.0, 104.0, 104.0, BIG), (60.0, 61.0, 59.0, 60.0, BIG)], _parameters())
    assert trade[TRADE_ENTRY] == pytest.approx(105.0)


def test_latency_waits_whole_bars() -> None:
    account = _with_order(1.0, wait=2)
    events, _ = _run(account, [(100.0, 101.0, 99.0, 100.0, BIG)] * 3, _parameters())
    assert events == [NOTHING, NOTHING, ENTERED]


def test_an_entry_takes_its_share_of_volume_and_cancels_the_rest() -> None:
    account = _with_order(10.0)
    _run(account, [(100.0, 101.0, 99.0, 100.0, 40.0)], _parameters(FREE.model_copy(update={"max_participation": 0.1})))
    assert account[QUANTITY] == pytest.approx(4.0)
    assert account[ORDER_QUANTITY] == 0.0


def test_an_entry_into_a_bar_without_volume_is_cancelled() -> None:
    account = _with_order(10.0)
    events, _ = _run(account, [(100.0, 100.0, 100.0, 100.0, 0.0)], _parameters())
    assert events == [CANCELLED]
    assert account[QUANTITY] == 0.0


def test_an_exit_that_volume_does_not_allow_goes_on_at_the_next_opens() -> None:
    account = _with_order(10.0)
    bars = [(100.0, 100.0, 100.0, 100.0, BIG), (100.0, 100.0, 80.0, 85.0, 60.0), (84.0, 84.0, 84.0, 84.0, 60.0)]
    events, trade = _run(account, bars, _parameters())
    assert events == [ENTERED, NOTHING, CLOSED]
    assert trade[TRADE_QUANTITY] == 10.0
    assert trade[TRADE_EXIT] == pytest.approx((6 * 100 * math.exp(-0.1) + 4 * 84) / 10, abs=1e-6)


def test_spread_and_slippage_are_paid_against_the_taker_and_slippage_grows_with_size() -> None:
    costs = costs_of(fee_bps=0.0, spread_bps=10.0, impact_bps=100.0)
    prices = {}
    for size in (1.0, 4.0):
        for side in (1, -1):
            account = _with_order(side * size, duration=1)
            _, trade = _run(account, [(100.0, 100.0, 100.0, 100.0, 100.0)] * 2, _parameters(costs))
            prices[side * size] = trade[TRADE_ENTRY]
    assert prices[1.0] == pytest.approx(100 * (1 + 5e-4 + 1e-2 * math.sqrt(0.01)))
    assert prices[-1.0] == pytest.approx(100 * (1 - 5e-4 - 1e-2 * math.sqrt(0.01)))
    assert prices[4.0] > prices[1.0]


def test_fees_are_in_cash_and_in_the_trade() -> None:
    account = _with_order(10.0, duration=1)
    _, trade = _run(
        account,
        [(100.0, 100.0, 100.0, 100.0, BIG)] * 2,
        _parameters(costs_of(fee_bps=10.0, spread_bps=0, impact_bps=0)),
    )
    assert trade[TRADE_PNL] == pytest.approx(-2.0)
    assert account[EQUITY] == pytest.approx(99_998.0)


def test_a_drawdown_at_the_limit_halts_new_positions_for_good() -> None:
    account = _with_order(1_000.0, stop=0.9, duration=10)
    _run(account, [(100.0, 100.0, 100.0, 100.0, BIG), (100.0, 100.0, 70.0, 70.0, BIG)], _parameters())
    assert account[HALTED] == 1.0
    _run(account, [(100.0, 100.0, 100.0, 100.0, BIG)], _parameters())
    assert account[HALTED] == 1.0


def test_a_price_that_is_not_a_number_halts() -> None:
    account = _with_order(10.0)
    _run(account, [(100.0, 100.0, 100.0, 100.0, BIG), (100.0, 100.0, 100.0, math.nan, BIG)], _parameters())
    assert account[HALTED] == 1.0
