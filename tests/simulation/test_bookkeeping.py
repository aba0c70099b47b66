from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import HOUR_MS, random_model, small_bars
from tests.support.models import COSTS, costs_of
from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.model.spec import Costs
from trading.simulation.accounts import FIELDS, Account, Order
from trading.simulation.bookkeeping import Fill, end_bar, record_entry, record_exit, simulate_bar
from trading.simulation.parameters import model_parameters
from trading.steps import account as a
from trading.steps.bar import Bar

BARS = small_bars(20)
UNKNOWN_TO_A_VENUE = {
    *("costs", "spread", "slippage", "trade_spread", "trade_slippage", "exit_reason", "exit_wait", "exit_ready"),
}
ORDER = Order(
    quantity=3.0,
    wait_bars=0.0,
    ready_ms=0.0,
    cap=1.0,
    confidence=0.6,
    regime=1.0,
    duration_bars=10.0,
    stop_log=0.01,
    target_log=0.02,
)


def new_account(costs: Costs = COSTS) -> Account:
    parameters = model_parameters(random_model(1, costs=costs))
    return Account(symbol="SIM", interval=HOUR_MS, initial_equity=100_000.0, parameters=parameters)


def fee_of(account: Account, fill: Fill) -> float:
    return abs(fill.quantity) * fill.price * float(account.parameters[a.FEE])


def record(account: Account, bar: Bar, fills: tuple[Fill, ...], reason: Any) -> None:
    """Book the fills of a bar as an adapter would."""
    for fill in fills:
        numbers = {"quantity": fill.quantity, "price": fill.price, "fee": fee_of(account, fill)}
        if fill.kind == "entry":
            record_entry(account, ts=bar.ts, **numbers)
        else:
            record_exit(account, **numbers, reason=reason)


@settings(max_examples=20)
@given(
    sides=st.lists(st.sampled_from([-1.0, 1.0]), min_size=8, max_size=8),
    stop=st.floats(0.002, 0.03),
    target=st.floats(0.002, 0.05),
    duration=st.integers(1, 30),
    volume=st.sampled_from([1e-4, 1.0]),
)
def test_an_account_kept_by_its_fills_is_that_of_the_venue_step(
    sides: list[float], stop: float, target: float, duration: int, volume: float
) -> None:
    # Carry is charged by the clock, and a venue charges a taker and a maker as it likes: here both alike.
    carry = {"funding_bps_per_day": 0.0, "borrow_bps_per_day": 0.0}
    costs = costs_of(max_participation=volume, maker_fee_bps=COSTS.fee_bps, **carry)
    simulated, recorded = new_account(costs), new_account(costs)
    waiting, closed = list(sides), 0
    for index in range(len(BARS)):
        bar = Bar(*BARS.row(index))
        outcome = simulate_bar(simulated, bar)
        reason = "time" if outcome.trade is None else outcome.trade.reason
        record(recorded, bar, outcome.fills, reason)
        if outcome.cancelled is not None:
            recorded.withdraw()
        trade = end_bar(recorded, bar)
        assert (trade is None) == (outcome.trade is None)
        if trade is not None and outcome.trade is not None:
            closed += 1
            assert trade.pnl == pytest.approx(outcome.trade.pnl, abs=1e-6)
            assert (trade.entry_ts, trade.exit_ts, trade.reason) == (
                outcome.trade.entry_ts,
                outcome.trade.exit_ts,
                outcome.trade.reason,
            )
        for name in FIELDS.keys() - UNKNOWN_TO_A_VENUE:
            np.testing.assert_allclose(
                recorded.state[FIELDS[name]], simulated.state[FIELDS[name]], rtol=1e-9, atol=1e-6, err_msg=name
            )
        if simulated.order is None and simulated.open_trade is None and waiting and index % 5 == 0:
            order = Order(
                quantity=waiting.pop() * 10.0,
                wait_bars=0.0,
                ready_ms=0.0,
                cap=1.0,
                confidence=0.6,
                regime=1.0,
                duration_bars=float(duration),
                stop_log=stop,
                target_log=target,
            )
            for account in (simulated, recorded):
                account.place(f"SIM-{bar.ts}", order)
    assert closed > 3


def test_what_a_bar_did_is_told_by_names() -> None:
    account, first = new_account(), Bar(*BARS.row(0))
    account.place("SIM-1", ORDER)
    outcome = simulate_bar(account, first)
    (fill,) = outcome.fills
    assert (fill.kind, fill.quantity, outcome.cancelled, outcome.trade) == ("entry", 3.0, None, None)
    assert first.open < fill.price < first.open * 1.001
    trade = account.open_trade
    assert trade is not None
    assert (trade.entry_ts, trade.quantity, trade.entry_price) == (first.ts, 3.0, fill.price)
    assert trade.stop == pytest.approx(fill.price * np.exp(-0.01))
    assert trade.target == pytest.approx(fill.price * np.exp(0.02))
    assert (trade.held_bars, trade.duration_bars) == (1.0, 10.0)


def test_an_order_that_finds_no_volume_is_cancelled_by_its_id() -> None:
    account = new_account()
    account.place("SIM-1", ORDER)
    outcome = simulate_bar(account, Bar(*BARS.row(0))._replace(volume=0.0))
    assert (outcome.fills, outcome.cancelled, account.order) == ((), "SIM-1", None)


def test_an_order_waits_on_when_a_bar_ends_without_its_fill() -> None:
    account = new_account()
    account.place("SIM-1", ORDER)
    assert end_bar(account, Bar(*BARS.row(0))) is None
    assert (account.order, account.order_id) == (ORDER, "SIM-1")


def account_with(*, order: bool = False, trade: bool = False) -> Account:
    account = new_account()
    account.place("SIM-1", ORDER)
    if trade:
        record_entry(account, ts=0, quantity=3.0, price=100.0, fee=0.1)
    if order:
        account.place("SIM-2", ORDER)
    return account


@pytest.mark.parametrize(
    ("account", "fill"),
    [
        (new_account(), {"quantity": 1.0, "price": 100.0, "fee": 0.0}),
        (account_with(order=True, trade=True), {"quantity": 1.0, "price": 100.0, "fee": 0.0}),
        (account_with(order=True), {"quantity": 0.0, "price": 100.0, "fee": 0.0}),
        (account_with(order=True), {"quantity": float("nan"), "price": 100.0, "fee": 0.0}),
        (account_with(order=True), {"quantity": 1.0, "price": 0.0, "fee": 0.0}),
        (account_with(order=True), {"quantity": 1.0, "price": float("inf"), "fee": 0.0}),
        (account_with(order=True), {"quantity": 1.0, "price": 100.0, "fee": float("nan")}),
    ],
    ids=["no order", "a trade is open", "nothing", "NaN", "no price", "infinite", "NaN fee"],
)
def test_an_entry_that_cannot_be_is_refused_and_changes_nothing(account: Account, fill: dict[str, float]) -> None:
    before = account.save()
    with pytest.raises(LiveError) as error:
        record_entry(account, ts=0, **fill)
    assert error.value.code is ReasonCode.VENUE_INVALID
    assert account.save() == before


@pytest.mark.parametrize("quantity", [-3.1, 1.0, 0.0, float("nan")])
def test_an_exit_of_more_than_is_held_or_in_its_direction_is_refused(quantity: float) -> None:
    account = account_with(trade=True)
    before = account.save()
    with pytest.raises(LiveError) as error:
        record_exit(account, quantity=quantity, price=100.0, fee=0.0, reason="stop")
    assert error.value.code is ReasonCode.VENUE_INVALID
    assert account.save() == before


def test_an_exit_without_a_position_is_refused() -> None:
    with pytest.raises(LiveError, match="from a position of 0"):
        record_exit(new_account(), quantity=-1.0, price=100.0, fee=0.0, reason="stop")
