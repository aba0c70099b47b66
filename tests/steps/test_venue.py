from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.steps import HOUR_MS, account_of, bar_of, changes, parameters_of, seen_of, trade_fields
from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.venue import (
    CANCELLED,
    CLOSED,
    ENTERED,
    NOTHING,
    bracket,
    end_step,
    enter,
    fill_step,
    hold_step,
    hurting_extreme,
    leave,
    rest,
    settle,
    side_of,
    take_out,
    venue_step,
)

#: a taker pays a hundredth of fee and half a hundredth of spread, a maker a thousandth
P = parameters_of(fee=0.01, half_spread=0.005, maker_fee=0.001, tick=1.0)
FREE = parameters_of()


def holding(quantity: float, cash: float | None = None, **fields: float) -> Floats:
    """An account that has bought or sold at 100, with stop and target out of the way."""
    side = 1.0 if quantity > 0.0 else -1.0
    usual = {
        "entry_quantity": quantity,
        "entry_price": 100.0,
        "entry_equity": 1_000.0,
        "worst_price": 100.0,
        "best_price": 100.0,
        "stop": 100.0 - side * 90.0,
        "target": 100.0 + side * 90.0,
        "duration": 99.0,
        "equity": 1_000.0,
        "low_equity": 1_000.0,
        "peak": 1_000.0,
    }
    return account_of(1_000.0 - 100.0 * quantity if cash is None else cash, quantity=quantity, **(usual | fields))


def ordered(quantity: float, cash: float = 1_000.0, **fields: float) -> Floats:
    """A flat account whose entry waits."""
    usual = {"order_quantity": quantity, "order_cap": 10.0, "order_stop": 0.9, "order_target": 0.9}
    return account_of(cash, **(usual | {"order_duration": 5.0} | fields))


def test_sides_and_the_extremes_that_hurt_them() -> None:
    assert (side_of(0.5), side_of(-0.5)) == (1.0, -1.0)
    bar = seen_of(high=111.0, low=88.0)
    assert hurting_extreme(account_of(quantity=0.5), bar) == 88.0
    assert hurting_extreme(account_of(quantity=-0.5), bar) == 111.0


@pytest.mark.parametrize(("side", "price"), [(1.0, 101.0), (-1.0, 99.0)])
def test_an_entry_fills_at_a_market_price_and_is_booked_as_such(side: float, price: float) -> None:
    account = ordered(side * 4.0)
    assert enter(account, P, seen_of(ts=7), 0.0, 100.0) == 4.0
    # Half a spread of 0.5 beside 100, rounded to 101 or 99: 2 of spread and 2 of slippage on four.
    assert account[a.CASH] == pytest.approx(1_000.0 - side * 4.0 * price - 0.04 * price)
    assert account[a.QUANTITY] == side * 4.0
    assert (account[a.TRADE_SPREAD], account[a.TRADE_SLIPPAGE]) == (2.0, 2.0)
    assert account[a.FEES] == pytest.approx(0.04 * price)
    assert (account[a.ORDER_QUANTITY], account[a.ENTRY_EQUITY]) == (0.0, 1_000.0)
    assert account[a.TURNS] == pytest.approx(4.0 * price / 1_000.0)
    assert (account[a.ENTRY_TS], account[a.ENTRY_PRICE], account[a.ENTRY_QUANTITY]) == (7.0, price, side * 4.0)
    assert account[a.DURATION] == 5.0


def test_a_late_entry_fills_from_where_the_market_went_and_slips_from_the_open() -> None:
    account = ordered(4.0)
    enter(account, FREE, seen_of(opened=100.0, high=108.0), 0.25, 100.0)
    assert account[a.ENTRY_PRICE] == 104.0
    assert account[a.TRADE_SLIPPAGE] == 16.0


@pytest.mark.parametrize(("budget", "filled"), [(100.0, 4.0), (3.9, 3.5), (0.5, 0.5), (0.4, 0.0), (0.0, 0.0)])
def test_an_entry_takes_whole_lots_of_what_the_budget_allows_and_the_rest_is_cancelled(
    budget: float, filled: float
) -> None:
    account = ordered(-4.0)
    before = account.copy()
    assert enter(account, FREE, seen_of(), 0.0, budget) == filled
    assert account[a.QUANTITY] == -filled
    assert account[a.ORDER_QUANTITY] == 0.0
    if not filled:
        assert changes(before, account) == {"order_quantity": 0.0}


@pytest.mark.parametrize(("cap", "filled"), [(10.0, 4.0), (0.4, 4.0), (0.39, 3.5), (0.1, 1.0), (0.04, 0.0)])
def test_an_entry_keeps_within_its_limit_of_equity(cap: float, filled: float) -> None:
    account = ordered(4.0, order_cap=cap)
    before = account.copy()
    assert enter(account, FREE, seen_of(), 0.0, 100.0) == filled
    assert account[a.QUANTITY] == filled
    if not filled:
        assert changes(before, account) == {"order_quantity": 0.0}


@pytest.mark.parametrize(("least", "filled"), [(400.0, 4.0), (400.5, 0.0)])
def test_an_entry_under_the_smallest_notional_is_cancelled(least: float, filled: float) -> None:
    account = ordered(4.0)
    assert enter(account, parameters_of(min_notional=least), seen_of(), 0.0, 100.0) == filled
    assert account[a.QUANTITY] == filled


@pytest.mark.parametrize(("side", "price"), [(1.0, 99.0), (-1.0, 101.0)])
def test_an_exit_pays_spread_and_fee_of_a_taker(side: float, price: float) -> None:
    account = holding(side * 4.0, exit_reason=a.REASON_TIME)
    cash = account[a.CASH]
    assert leave(account, P, seen_of(), 100.0, 100.0, 100.0) == 4.0
    assert account[a.CASH] == pytest.approx(cash + side * 4.0 * price - 0.04 * price)
    assert account[a.QUANTITY] == 0.0
    assert (account[a.TRADE_SPREAD], account[a.TRADE_SLIPPAGE]) == (2.0, 2.0)
    assert account[a.TRADE_FEES] == pytest.approx(0.04 * price)
    assert account[a.EXIT_VALUE] == 4.0 * price
    assert account[a.EXIT_REASON] == a.REASON_TIME


def test_slippage_of_an_exit_counts_from_the_price_it_was_meant_at() -> None:
    account = holding(4.0, exit_reason=a.REASON_STOP)
    leave(account, P, seen_of(), 90.0, 95.0, 100.0)
    # 90 less half a spread of 0.45 is 89 on the tick: 6 under 95 on four, of which 1.8 is the spread.
    assert account[a.TRADE_SPREAD] == pytest.approx(1.8)
    assert account[a.TRADE_SLIPPAGE] == pytest.approx(24.0 - 1.8)


@pytest.mark.parametrize(("most", "filled"), [(100.0, 4.0), (3.9, 3.5), (0.4, 0.0), (0.0, 0.0)])
def test_an_exit_takes_whole_lots_of_what_may_fill(most: float, filled: float) -> None:
    market, limit = holding(4.0), holding(4.0)
    assert leave(market, FREE, seen_of(), 98.0, 98.0, most) == filled
    rest(limit, FREE, 98.0, most)
    for account in (market, limit):
        assert account[a.QUANTITY] == 4.0 - filled
        assert account[a.EXIT_VALUE] == 98.0 * filled
        if not filled:
            assert not changes(holding(4.0), account)


@pytest.mark.parametrize(("quantity", "cash", "floor"), [(4.0, -380.0, 380.0 / 3.96), (-4.0, 420.0, 420.0 / 4.04)])
def test_nobody_owes_more_than_he_has(quantity: float, cash: float, floor: float) -> None:
    account = holding(quantity, cash, exit_reason=a.REASON_STOP)
    side = side_of(quantity)
    leave(account, P, seen_of(), 100.0 - side * 20.0, 100.0, 100.0)
    assert account[a.EXIT_VALUE] == pytest.approx(4.0 * floor)
    assert account[a.CASH] == pytest.approx(0.0, abs=1e-9)
    assert account[a.EXIT_REASON] == a.REASON_LIQUIDATION
    # What the insurance fund bears costs this account nothing: no spread, and slippage down to its own price alone.
    assert account[a.SPREAD] == 0.0
    assert account[a.SLIPPAGE] == pytest.approx(4.0 * abs(100.0 - floor))


@pytest.mark.parametrize(("quantity", "cash"), [(4.0, -380.0), (-4.0, 420.0)])
def test_an_exit_that_was_meant_beyond_the_bankruptcy_price_slips_by_nothing(quantity: float, cash: float) -> None:
    account = holding(quantity, cash, exit_reason=a.REASON_STOP)
    beyond = 100.0 - side_of(quantity) * 20.0
    leave(account, P, seen_of(), beyond, beyond, 100.0)
    assert account[a.SLIPPAGE] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("quantity", "cash"), [(4.0, -380.0), (-4.0, 380.0)])
def test_an_exit_at_the_bankruptcy_price_itself_keeps_its_reason(quantity: float, cash: float) -> None:
    # Without a fee nothing is left of 380 at 95.
    account = holding(quantity, cash, exit_reason=a.REASON_STOP)
    leave(account, FREE, seen_of(), 95.0, 95.0, 100.0)
    assert account[a.EXIT_REASON] == a.REASON_STOP
    assert account[a.CASH] == 0.0


@pytest.mark.parametrize(("quantity", "target"), [(4.0, 110.0), (-4.0, 90.0)])
def test_a_target_fills_at_its_own_price_with_a_makers_fee_and_no_spread(quantity: float, target: float) -> None:
    account = holding(quantity)
    cash = account[a.CASH]
    rest(account, P, target, 100.0)
    assert account[a.CASH] == pytest.approx(cash + quantity * target - 4.0 * target * 0.001)
    assert account[a.QUANTITY] == 0.0
    assert account[a.EXIT_VALUE] == 4.0 * target
    assert account[a.FEES] == pytest.approx(0.004 * target)
    assert (account[a.SPREAD], account[a.SLIPPAGE]) == (0.0, 0.0)
    assert account[a.EXIT_REASON] == a.REASON_TARGET
    assert account[a.BEST_PRICE] == target


@pytest.mark.parametrize("field", ["cash", "order_cap"])
def test_an_entry_whose_limit_is_no_number_fills_nothing(field: str) -> None:
    account = ordered(5.0, **{field: math.nan})
    assert enter(account, FREE, seen_of(), 0.0, 100.0) == 0.0
    assert (account[a.QUANTITY], account[a.ORDER_QUANTITY]) == (0.0, 0.0)


def test_what_does_not_fill_of_a_target_stays_a_limit() -> None:
    account = holding(4.0)
    rest(account, P, 110.0, 1.7)
    assert account[a.QUANTITY] == 2.5
    assert account[a.EXIT_REASON] == 0.0


@pytest.mark.parametrize(("left", "quantity"), [(0.24, 0.0), (0.25, 0.25), (-0.24, 0.0), (-0.25, -0.25), (1.0, 1.0)])
def test_less_than_half_a_lot_is_nothing(left: float, quantity: float) -> None:
    account = holding(4.0 + left, exit_value=50.0)
    take_out(account, FREE, -4.0, 90.0, 91.0, 3.0, 2.0)
    assert account[a.QUANTITY] == quantity
    assert account[a.EXIT_VALUE] == 410.0
    assert account[a.WORST_PRICE] == 90.0
    assert (account[a.FEES], account[a.SPREAD], account[a.SLIPPAGE]) == (3.0, 2.0, 2.0)


@pytest.mark.parametrize(("held", "reason"), [(3.0, 0.0), (4.0, float(a.REASON_TIME)), (7.0, float(a.REASON_TIME))])
def test_when_the_holding_time_is_full_a_market_exit_waits(held: float, reason: float) -> None:
    p = parameters_of(latency=2.0, latency_ms=500.0, interval=HOUR_MS)
    account = holding(4.0, held=held, exposed=11.0, duration=5.0)
    before = account.copy()
    hold_step(account, p, bar_of(ts=HOUR_MS), seen_of(high=108.0, low=93.0))
    seen = {"worst_price": 93.0, "best_price": 108.0, "held": held + 1.0, "exposed": 12.0}
    waits = {"exit_reason": reason, "exit_wait": 2.0, "exit_ready": 2.0 * HOUR_MS + 500.0} if reason else {}
    assert changes(before, account) == seen | waits


def test_an_exit_that_waits_keeps_its_reason_and_its_time() -> None:
    account = holding(-4.0, held=9.0, duration=5.0, exit_reason=a.REASON_STOP)
    before = account.copy()
    hold_step(account, parameters_of(latency=2.0), bar_of(), seen_of(high=108.0, low=93.0))
    assert changes(before, account) == {"worst_price": 108.0, "best_price": 93.0, "held": 10.0, "exposed": 1.0}


def test_a_flat_bar_ages_the_last_exit_and_the_cooldown() -> None:
    account, trade = account_of(since_exit=3.0, cooldown=2.0), np.full(a.TRADE_SIZE, 9.0)
    before = account.copy()
    assert end_step(account, FREE, bar_of(ts=55), seen_of(), trade) == NOTHING
    assert changes(before, account) == {"since_exit": 4.0, "cooldown": 1.0, "last_ts": 55.0}
    assert trade.tolist() == [9.0] * a.TRADE_SIZE


def test_a_cooldown_ends_at_nothing() -> None:
    account = account_of(cooldown=0.0)
    end_step(account, FREE, bar_of(), seen_of(), np.empty(a.TRADE_SIZE))
    assert account[a.COOLDOWN] == 0.0
    last = account_of(cooldown=0.5)
    end_step(last, FREE, bar_of(), seen_of(), np.empty(a.TRADE_SIZE))
    assert last[a.COOLDOWN] == -0.5


@pytest.mark.parametrize(
    ("quantity", "low_equity"), [(4.0, 600.0 + 4.0 * 92.0), (1.0, 900.0 + 92.0), (-4.0, 1_400.0 - 4.0 * 109.0)]
)
def test_an_open_position_is_marked_at_the_close_and_at_the_extreme_that_hurts(
    quantity: float, low_equity: float
) -> None:
    account = holding(quantity)
    assert end_step(account, FREE, bar_of(105.0), seen_of(105.0, high=109.0, low=92.0), np.empty(a.TRADE_SIZE)) == 0
    equity = 1_000.0 + quantity * 5.0
    assert account[a.EQUITY] == equity
    assert account[a.LOW_EQUITY] == low_equity
    assert account[a.PEAK] == max(equity, 1_000.0)
    assert account[a.HELD] == 1.0
    assert account[a.SINCE_EXIT] == 0.0


def test_a_position_whose_last_part_has_left_is_a_closed_trade() -> None:
    account, trade = holding(4.0, 1_020.0, exit_value=420.0, exit_reason=a.REASON_TARGET), np.empty(a.TRADE_SIZE)
    account[a.QUANTITY] = 0.0
    p = parameters_of(cooldown_bars=3.0)
    assert end_step(account, p, bar_of(ts=66), seen_of(), trade) == CLOSED
    said = trade_fields(trade)
    assert (said["exit_ts"], said["pnl"], said["reason"]) == (66.0, 20.0, 2.0)
    assert account[a.COOLDOWN] == 3.0
    assert (account[a.EQUITY], account[a.LOW_EQUITY], account[a.PEAK]) == (1_020.0, 1_020.0, 1_020.0)
    assert account[a.ENTRY_QUANTITY] == 0.0


@pytest.mark.parametrize(("cash", "halted"), [(751.0, 0.0), (750.0, 1.0), (700.0, 1.0), (math.nan, 1.0)])
def test_a_fall_from_the_peak_to_the_limit_halts(cash: float, halted: float) -> None:
    account = account_of(cash)
    account[a.PEAK] = 1_000.0
    end_step(account, parameters_of(halt_drawdown=0.25), bar_of(), seen_of(), np.empty(a.TRADE_SIZE))
    assert account[a.HALTED] == halted


@pytest.mark.parametrize(
    ("quantity", "stop", "exit_price"),
    # A quarter of the way to 94 or 108, then half a spread, then the tick.
    [(4.0, 95.0, 94.0), (-4.0, 104.0, 106.0), (4.0, 94.0, 93.5)],
)
def test_a_stop_that_is_touched_leaves_at_a_market_price_beyond_it(
    quantity: float, stop: float, exit_price: float
) -> None:
    p = parameters_of(stop_slip=0.25, half_spread=0.005, tick=0.5)
    account = holding(quantity, stop=stop)
    bracket(account, p, seen_of(opened=100.0, high=108.0, low=94.0), 100.0, 0.0)
    assert account[a.QUANTITY] == 0.0
    assert account[a.EXIT_VALUE] == 4.0 * exit_price
    assert account[a.EXIT_REASON] == a.REASON_STOP
    # Of its reference, as the slippage is of the stop.
    assert account[a.SPREAD] == pytest.approx(
        4.0 * 0.005 * (stop + 0.25 * (94.0 if quantity > 0.0 else 108.0) - 0.25 * stop)
    )
    assert account[a.SLIPPAGE] == pytest.approx(4.0 * abs(exit_price - stop) - account[a.SPREAD])


def test_a_stop_that_is_not_touched_does_nothing() -> None:
    account = holding(4.0, stop=89.75)
    before = account.copy()
    bracket(account, FREE, seen_of(high=110.0, low=90.0), 100.0, 0.0)
    assert not changes(before, account)


def test_what_the_budget_leaves_of_a_stop_waits_for_the_next_open() -> None:
    account = holding(4.0, stop=95.0, exit_wait=5.0, exit_ready=6.0)
    bracket(account, FREE, seen_of(low=94.0), 1.0, 0.0)
    assert account[a.QUANTITY] == 3.0
    assert (account[a.EXIT_REASON], account[a.EXIT_WAIT], account[a.EXIT_READY]) == (a.REASON_STOP, 0.0, 0.0)


def test_a_bar_that_touches_stop_and_target_stopped_first() -> None:
    account = holding(4.0, stop=95.0, target=105.0)
    bracket(account, FREE, seen_of(high=110.0, low=90.0), 100.0, 0.0)
    assert account[a.EXIT_VALUE] == 4.0 * 95.0
    assert account[a.EXIT_REASON] == a.REASON_STOP


@pytest.mark.parametrize(
    ("late", "exit_reason", "left"), [(0.0, 0.0, 0.0), (0.25, 0.0, 4.0), (0.0, float(a.REASON_TIME), 4.0)]
)
def test_a_target_is_looked_at_unless_the_entry_was_late_or_an_exit_waits(
    late: float, exit_reason: float, left: float
) -> None:
    account = holding(4.0, target=105.0, exit_reason=exit_reason)
    bracket(account, FREE, seen_of(high=110.0), 100.0, late)
    assert account[a.QUANTITY] == left
    assert account[a.EXIT_REASON] == (exit_reason if left else a.REASON_TARGET)


def test_a_target_takes_no_more_than_the_budget_and_its_share() -> None:
    account = holding(4.0, target=105.0)
    bracket(account, FREE, seen_of(high=110.0), 1.0, 0.0)
    assert account[a.QUANTITY] == 3.0
    scarce = holding(4.0, target=105.0)
    bracket(scarce, parameters_of(participation=0.001), seen_of(high=110.0), 100.0, 0.0)
    assert scarce[a.QUANTITY] == 3.0


#: ten of long position on 100 of borrowed 900, closed at 900 / 9 = 100; of short on 1,100 at 1,100 / 11
LEVERED = [(10.0, -855.0, 95.0), (-10.0, 1_155.0, 105.0)]


@pytest.mark.parametrize(("quantity", "cash", "end"), LEVERED)
def test_the_exchange_closes_all_at_the_liquidation_price_whatever_the_budget(
    quantity: float, cash: float, end: float
) -> None:
    p = parameters_of(maintenance_margin=0.1)
    account = holding(quantity, cash, target=100.0)
    bracket(account, p, seen_of(high=106.0, low=94.0, volume=0.0), 0.0, 0.0)
    assert account[a.QUANTITY] == 0.0
    assert account[a.EXIT_VALUE] == pytest.approx(10.0 * end)
    assert account[a.EXIT_REASON] == a.REASON_LIQUIDATION


@pytest.mark.parametrize(("quantity", "cash", "end"), LEVERED)
def test_a_liquidation_price_that_is_not_reached_closes_nothing(quantity: float, cash: float, end: float) -> None:
    account = holding(quantity, cash)
    before = account.copy()
    bracket(account, parameters_of(maintenance_margin=0.1), seen_of(high=104.75, low=95.25), 100.0, 0.0)
    assert not changes(before, account)
    touched = holding(quantity, cash)
    bracket(touched, parameters_of(maintenance_margin=0.1), seen_of(high=105.0, low=95.0), 100.0, 0.0)
    assert touched[a.QUANTITY] == 0.0


@pytest.mark.parametrize(
    ("stop", "reason"), [(96.0, a.REASON_STOP), (95.0, a.REASON_STOP), (94.0, a.REASON_LIQUIDATION)]
)
def test_whatever_lies_nearer_to_the_market_is_first(stop: float, reason: int) -> None:
    account = holding(10.0, -855.0, stop=stop)
    bracket(account, parameters_of(maintenance_margin=0.1), seen_of(low=93.0), 1_000.0, 0.0)
    assert account[a.QUANTITY] == 0.0
    assert account[a.EXIT_REASON] == reason
    assert account[a.EXIT_VALUE] == pytest.approx(10.0 * max(stop, 95.0))


def test_a_liquidation_takes_what_the_stop_has_left_where_it_then_lies() -> None:
    p = parameters_of(maintenance_margin=0.1)
    account = holding(10.0, -855.0, stop=96.0)
    bracket(account, p, seen_of(low=93.0), 5.0, 0.0)
    # Five at 96 leave a debt of 375, and five at 375 / 4.5.
    assert account[a.QUANTITY] == 5.0
    # Nine at 96 leave no debt.
    nothing_owed = holding(10.0, -855.0, stop=96.0)
    bracket(nothing_owed, p, seen_of(low=93.0), 9.0, 0.0)
    assert nothing_owed[a.QUANTITY] == 1.0
    deeper = holding(10.0, -855.0, stop=96.0)
    bracket(deeper, p, seen_of(low=80.0), 5.0, 0.0)
    assert deeper[a.QUANTITY] == 0.0
    assert deeper[a.EXIT_VALUE] == pytest.approx(480.0 + 5.0 * 83.25)
    assert deeper[a.EXIT_REASON] == a.REASON_LIQUIDATION


def test_a_liquidation_pays_its_share_of_the_way_to_the_extreme_and_slips_from_its_level() -> None:
    p = parameters_of(maintenance_margin=0.1, stop_slip=0.5)
    account = holding(10.0, -855.0)
    bracket(account, p, seen_of(low=93.0), 0.0, 0.0)
    assert account[a.EXIT_VALUE] == 940.0
    assert account[a.TRADE_SLIPPAGE] == pytest.approx(10.0)
    gapped = holding(10.0, -855.0)
    bracket(gapped, p, seen_of(opened=94.5, low=92.5), 0.0, 0.0)
    assert gapped[a.EXIT_VALUE] == 935.0
    assert gapped[a.TRADE_SLIPPAGE] == pytest.approx(10.0)


def test_a_waiting_exit_counts_its_bars_and_then_fills_from_the_budget() -> None:
    waits = holding(4.0, exit_reason=a.REASON_TIME, exit_wait=2.0)
    before = waits.copy()
    assert fill_step(waits, FREE, bar_of(), seen_of()) == NOTHING
    assert changes(before, waits) == {"exit_wait": 1.0}
    due = holding(4.0, exit_reason=a.REASON_TIME)
    assert fill_step(due, parameters_of(participation=0.0025), bar_of(), seen_of()) == NOTHING
    assert due[a.QUANTITY] == 1.5
    assert due[a.EXIT_VALUE] == 250.0


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_part_that_is_to_leave_waits_like_an_exit_and_leaves_the_rest_where_it_is(side: float) -> None:
    waits = holding(side * 4.0, exit_quantity=1.5, exit_wait=1.0)
    before = waits.copy()
    assert fill_step(waits, FREE, bar_of(), seen_of()) == NOTHING
    assert changes(before, waits) == {"exit_wait": 0.0}
    assert fill_step(waits, FREE, bar_of(), seen_of()) == NOTHING
    assert waits[a.QUANTITY] == side * 2.5
    assert waits[a.EXIT_VALUE] == 150.0
    assert waits[a.EXIT_REASON] == 0.0
    assert waits[a.EXIT_QUANTITY] == 0.0
    again = waits.copy()
    fill_step(waits, FREE, bar_of(), seen_of())
    assert not changes(again, waits)


def test_what_the_budget_does_not_take_of_a_part_is_asked_about_anew() -> None:
    account = holding(4.0, exit_quantity=3.0)
    fill_step(account, parameters_of(participation=0.001), bar_of(), seen_of())
    assert account[a.QUANTITY] == 3.0
    assert account[a.EXIT_QUANTITY] == 0.0


def test_a_reason_to_leave_takes_all_of_it_whatever_part_was_to_leave() -> None:
    account = holding(4.0, exit_quantity=1.0, exit_reason=a.REASON_TIME)
    fill_step(account, FREE, bar_of(), seen_of())
    assert account[a.QUANTITY] == 0.0
    assert account[a.EXIT_REASON] == a.REASON_TIME


def test_a_part_that_turns_out_to_be_all_of_it_left_because_the_policy_said_so() -> None:
    account = holding(1.0, entry_quantity=4.0, exit_quantity=1.5)
    fill_step(account, FREE, bar_of(), seen_of())
    assert account[a.QUANTITY] == 0.0
    assert account[a.EXIT_REASON] == a.REASON_POLICY


@pytest.mark.parametrize(("side", "price"), [(1.0, 99.0), (-1.0, 101.0)])
def test_an_exit_by_time_pays_spread_and_fee_like_every_taker(side: float, price: float) -> None:
    account = holding(side * 4.0, exit_reason=a.REASON_TIME)
    fill_step(account, P, bar_of(), seen_of())
    assert account[a.EXIT_VALUE] == 4.0 * price
    assert (account[a.SPREAD], account[a.SLIPPAGE]) == (2.0, 2.0)
    assert account[a.FEES] == pytest.approx(0.04 * price)


@pytest.mark.parametrize(("quantity", "price"), [(4.0, 97.0), (-4.0, 104.0)])
def test_a_late_exit_fills_from_where_the_market_went(quantity: float, price: float) -> None:
    account = holding(quantity, exit_reason=a.REASON_TIME, exit_ready=0.25 * HOUR_MS)
    fill_step(account, FREE, bar_of(), seen_of(high=108.0, low=94.0))
    assert account[a.EXIT_VALUE] == 4.0 * price
    assert account[a.TRADE_SLIPPAGE] == 4.0 * abs(price - 100.0)


@pytest.mark.parametrize("ready", [1.0, 2.5])
def test_an_exit_that_is_not_ready_within_the_bar_waits(ready: float) -> None:
    account = holding(4.0, exit_reason=a.REASON_TIME, exit_ready=ready * HOUR_MS)
    before = account.copy()
    fill_step(account, FREE, bar_of(), seen_of())
    assert not changes(before, account)


def test_a_waiting_entry_counts_its_bars_and_then_fills() -> None:
    waits = ordered(4.0, order_wait=2.0)
    before = waits.copy()
    assert fill_step(waits, FREE, bar_of(), seen_of()) == NOTHING
    assert changes(before, waits) == {"order_wait": 1.0}
    due = ordered(4.0)
    assert fill_step(due, FREE, bar_of(), seen_of()) == ENTERED
    assert due[a.QUANTITY] == 4.0
    late = ordered(4.0, order_ready=1.0 * HOUR_MS)
    before = late.copy()
    assert fill_step(late, FREE, bar_of(), seen_of()) == NOTHING
    assert not changes(before, late)
    nothing = ordered(4.0)
    assert fill_step(nothing, FREE, bar_of(volume=0.0), seen_of(volume=0.0)) == CANCELLED


def test_carry_is_paid_on_what_was_held_as_the_bar_opened() -> None:
    account = holding(4.0)
    fill_step(account, FREE, bar_of(funding=0.01), seen_of())
    assert account[a.TRADE_FUNDING] == 4.0
    entered = ordered(4.0)
    fill_step(entered, FREE, bar_of(funding=0.01), seen_of())
    assert entered[a.TRADE_FUNDING] == 0.0


def test_an_entry_and_its_stop_share_one_budget() -> None:
    account = ordered(8.0, order_stop=math.log(100.0 / 95.0))
    assert fill_step(account, parameters_of(participation=0.01), bar_of(), seen_of(low=94.0)) == ENTERED
    # Ten may fill: eight in, two out.
    assert account[a.QUANTITY] == 6.0


def test_an_exit_and_its_stop_share_one_budget() -> None:
    account = holding(8.0, exit_reason=a.REASON_TIME, stop=95.0)
    fill_step(account, parameters_of(participation=0.005), bar_of(), seen_of(low=94.0))
    assert account[a.QUANTITY] == 3.0


def test_the_bar_of_a_late_entry_opens_where_the_entry_was_met() -> None:
    account = ordered(4.0, order_ready=0.25 * HOUR_MS, order_stop=math.log(104.0 / 103.0))
    fill_step(account, parameters_of(stop_slip=0.5), bar_of(), seen_of(opened=100.0, high=108.0, low=101.0))
    # In at 104, out half the way from the stop at 103 to 101.
    assert account[a.ENTRY_PRICE] == 104.0
    assert account[a.EXIT_VALUE] == 4.0 * 102.0
    short = ordered(-4.0, order_ready=0.25 * HOUR_MS, order_stop=math.log(97.5 / 97.0))
    fill_step(short, FREE, bar_of(), seen_of(opened=100.0, high=99.0, low=88.0))
    assert short[a.ENTRY_PRICE] == 94.0


def test_a_bar_of_an_idle_account_only_ends() -> None:
    account = account_of(cooldown=2.0)
    before = account.copy()
    assert venue_step(account, FREE, bar_of(ts=8), np.empty(a.TRADE_SIZE)) == NOTHING
    assert changes(before, account) == {"typical_range": 0.2, "last_ts": 8.0, "cooldown": 1.0, "since_exit": 1.0}


def test_a_bar_that_enters_and_stops_says_both() -> None:
    account, trade = ordered(4.0, order_stop=math.log(100.0 / 95.0)), np.empty(a.TRADE_SIZE)
    assert venue_step(account, FREE, bar_of(ts=9, low=94.0), trade) == ENTERED + CLOSED
    said = trade_fields(trade)
    assert (said["entry_ts"], said["exit_ts"], said["pnl"], said["held"]) == (9.0, 9.0, -20.0, 0.0)


def test_a_bar_is_filled_by_its_confirmed_extremes() -> None:
    account = holding(4.0, stop=95.0, typical_range=0.01)
    assert venue_step(account, parameters_of(wick_limit=2.0), bar_of(low=50.0), np.empty(a.TRADE_SIZE)) == NOTHING
    assert account[a.QUANTITY] == 4.0
    assert account[a.WORST_PRICE] == 98.0
    assert account[a.LOW_EQUITY] == 600.0 + 4.0 * 98.0


@pytest.mark.parametrize(("quantity", "price"), [(4.0, 104.0), (-4.0, 106.0)])
def test_an_open_position_is_settled_at_the_last_close_less_half_the_spread_and_the_fee(
    quantity: float, price: float
) -> None:
    account, trade = holding(quantity), np.empty(a.TRADE_SIZE)
    settle(account, P, 44, 105.0, trade)
    said = trade_fields(trade)
    assert (said["exit_ts"], said["exit_price"], said["reason"]) == (44.0, price, a.REASON_END)
    assert said["fees"] == pytest.approx(0.04 * price)
    assert said["spread"] == pytest.approx(2.1)
    assert said["slippage"] == pytest.approx(4.0 - 2.1)
    assert account[a.EQUITY] == account[a.CASH] == pytest.approx(1_000.0 + said["pnl"])
    assert account[a.QUANTITY] == 0.0


def test_a_settled_position_pays_no_impact() -> None:
    account = holding(4.0)
    settle(account, parameters_of(impact=0.5, volatility_impact=0.5), 44, 105.0, np.empty(a.TRADE_SIZE))
    assert account[a.CASH] == 1_020.0
