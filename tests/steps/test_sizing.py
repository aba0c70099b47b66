from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.models import ACTIONS, COSTS, INSTRUMENT, limits_of
from tests.support.steps import account_of, changes, parameters_of, signal_of
from trading.simulation.parameters import pack_parameters
from trading.steps.account import (
    EQUITY,
    ORDER_DURATION,
    ORDER_QUANTITY,
    ORDER_STOP,
    ORDER_TARGET,
    new_account,
)
from trading.steps.breakers import ALLOWED, NOT_FINITE, TOO_SMALL
from trading.steps.sizing import edge_step, order_step

LIMITED = limits_of(size_cap=0.4, volatility_target=0.25, min_confidence=0.55)
P = pack_parameters(COSTS, INSTRUMENT, LIMITED, ACTIONS, interval=1000, stop_horizon=16, bars_per_year=10_000.0)
#: a bar's volatility of 1/64, of which a year has eight
PLAIN = {
    "size_cap": 0.5,
    "volatility_target": 1.0,
    "min_duration": 2.0,
    "max_duration": 8.0,
    "min_stop": 1.0,
    "max_stop": 3.0,
    "min_target": 2.0,
    "max_target": 6.0,
    "stop_horizon": 4.0,
    "year": 8.0,
    "latency": 3.0,
    "latency_ms": 500.0,
}
QUIET = math.log(1.0 / 64.0)
unit = st.floats(-1.0, 1.0)


def placed(
    action: tuple[float, ...], direction: int = 1, log_volatility: float = QUIET, **changed: float
) -> dict[str, float]:
    """The order that an action places at a close of 100 in an account of 1,000; empty if it places none."""
    account = account_of()
    before = account.copy()
    signal = signal_of(direction, close_ts=9_000, log_volatility=log_volatility, confidence=0.625)
    answer = order_step(account, parameters_of(**(PLAIN | changed)), np.array(action), signal)
    order = changes(before, account)
    assert answer == (ALLOWED if order else TOO_SMALL)
    return order


@pytest.mark.parametrize("direction", [1, -1])
def test_an_action_in_the_middle_is_the_middle_of_every_range(direction: int) -> None:
    assert placed((0.0, 0.0, 0.0, 0.0), direction) == pytest.approx(
        {
            # A quarter of 1,000 at 100, in lots of a half.
            "order_quantity": direction * 2.5,
            "order_wait": 3.0,
            "order_ready": 9_500.0,
            "order_cap": 0.5,
            "order_confidence": 0.625,
            # Geometric between two and eight; two and four times the volatility of four bars' root.
            "order_duration": 4.0,
            "order_stop": 2.0 / 16.0,
            "order_target": 4.0 / 16.0,
        },
        rel=1e-12,
    )


def test_actions_reach_both_ends_of_every_range() -> None:
    low, high = placed((-0.8, -1.0, -1.0, -1.0)), placed((1.0, 1.0, 1.0, 1.0))
    names = ("order_quantity", "order_duration", "order_stop", "order_target")
    assert [low[name] for name in names] == pytest.approx([0.5, 2.0, 1.0 / 16.0, 2.0 / 16.0], rel=1e-12)
    assert [high[name] for name in names] == pytest.approx([5.0, 8.0, 3.0 / 16.0, 6.0 / 16.0], rel=1e-12)


def test_each_action_moves_its_own_part_of_the_order() -> None:
    usual = placed((0.0, 0.0, 0.0, 0.0))
    for place, name in enumerate(("order_quantity", "order_duration", "order_stop", "order_target")):
        moved = placed(tuple(0.5 if place == at else 0.0 for at in range(4)))
        assert {each for each in usual if moved[each] != usual[each]} == {name}
    assert placed((0.5, 0.5, 0.5, 0.5))["order_duration"] == 6.0


def test_where_the_market_is_wild_the_volatility_target_binds() -> None:
    # A quarter a bar is twice the equity a year: a quarter of it may be held.
    wild = placed((1.0, 0.0, 0.0, 0.0), log_volatility=math.log(0.25), volatility_target=0.5)
    assert wild["order_cap"] == pytest.approx(0.25)
    assert wild["order_quantity"] == 2.5
    # Below both limits the action decides.
    assert placed((-0.6, 0.0, 0.0, 0.0), log_volatility=math.log(0.25), volatility_target=0.5)["order_quantity"] == 1.0


@pytest.mark.parametrize(
    ("confidence", "quantity"),
    [
        (1.0, 4.0),  # all of it: a share of 0.4 of 1,000 at 100
        (0.9, 3.0),  # (0.9 - 0.5) / 0.5 = 0.8, so 3.2, in lots of a half
        (0.75, 2.0),
        (0.625, 1.0),
        (0.56, None),  # 0.12 x 4 = 0.48: under one lot
        (0.5, None),
        (0.3, None),
        (math.nan, None),
    ],
)
def test_a_size_grows_from_break_even_to_certainty(confidence: float, quantity: float | None) -> None:
    account = account_of()
    p = parameters_of(**PLAIN | {"size_cap": 0.4, "size_from": 0.5, "size_full": 1.0})
    answer = order_step(
        account, p, np.array([1.0, 0.0, 0.0, 0.0]), signal_of(log_volatility=QUIET, confidence=confidence)
    )
    assert answer == (TOO_SMALL if quantity is None else ALLOWED)
    assert account[ORDER_QUANTITY] == (quantity or 0.0)


def test_a_wild_market_leaves_the_same_part_of_a_smaller_order() -> None:
    order = placed(
        (1.0, 0.0, 0.0, 0.0), log_volatility=math.log(0.25), volatility_target=0.5, size_from=0.5, size_full=1.0
    )
    # A quarter of equity by volatility, a quarter of that by a confidence of 0.625; the cap at the fill is the first.
    assert (order["order_quantity"], order["order_cap"]) == (0.5, 0.25)


@given(confidence=st.floats(0.0, 1.0), break_even=st.floats(0.0, 0.99))
def test_without_a_break_even_confidence_leaves_sizes_alone(confidence: float, break_even: float) -> None:
    assert edge_step(parameters_of(size_from=0.0, size_full=0.0), confidence) == 1.0
    part = edge_step(parameters_of(size_from=break_even, size_full=1.0), confidence)
    assert part == pytest.approx(max(0.0, (confidence - break_even) / (1.0 - break_even)), abs=1e-12)


def test_stop_and_target_keep_a_widest_distance() -> None:
    wide = placed((1.0, 0.0, 0.0, 0.0), log_volatility=0.0, volatility_target=100.0)
    assert (wide["order_stop"], wide["order_target"]) == (0.9, 0.9)


@pytest.mark.parametrize(("least", "quantity"), [(250.0, 2.5), (250.5, None)])
def test_an_order_under_the_smallest_notional_is_denied(least: float, quantity: float | None) -> None:
    assert placed((0.0, 0.0, 0.0, 0.0), min_notional=least).get("order_quantity") == quantity


@pytest.mark.parametrize(("lot", "quantity"), [(2.5, 2.5), (2.75, None)])
def test_an_order_under_one_lot_is_denied(lot: float, quantity: float | None) -> None:
    assert placed((0.0, 0.0, 0.0, 0.0), lot=lot).get("order_quantity") == quantity


def test_sizes_follow_equity_and_not_cash() -> None:
    account = account_of(1_000.0, equity=2_000.0)
    assert order_step(account, parameters_of(**PLAIN), np.zeros(4), signal_of(log_volatility=QUIET)) == ALLOWED
    assert account[ORDER_QUANTITY] == 5.0


@pytest.mark.parametrize("close", [0.0, -1.0])
def test_a_price_that_is_none_denies(close: float) -> None:
    account = account_of()
    assert order_step(account, parameters_of(**PLAIN), np.zeros(4), signal_of(close=close)) == NOT_FINITE


def test_a_small_account_places_small_orders() -> None:
    account = account_of(0.5)
    signal = signal_of(log_volatility=QUIET, close=0.25)
    assert order_step(account, parameters_of(**PLAIN), np.zeros(4), signal) == ALLOWED
    assert account[ORDER_QUANTITY] == 0.5


@pytest.mark.parametrize("equity", [0.0, -1.0])
def test_an_account_with_nothing_in_it_places_nothing(equity: float) -> None:
    account = account_of()
    account[EQUITY] = equity
    assert order_step(account, parameters_of(**PLAIN), np.zeros(4), signal_of(log_volatility=QUIET)) == NOT_FINITE


def test_a_market_without_volatility_places_nothing() -> None:
    account = account_of()
    signal = signal_of(log_volatility=-math.inf)
    assert order_step(account, parameters_of(**PLAIN), np.zeros(4), signal) == NOT_FINITE


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("place", [0, 1, 2, 3, "close", "volatility", "equity"])
def test_a_number_that_is_not_finite_denies_the_order(bad: float, place: int | str) -> None:
    account = account_of(bad if place == "equity" else 1_000.0)
    before = account.copy()
    action = np.array([bad if at == place else 0.5 for at in range(4)])
    signal = signal_of(close=bad if place == "close" else 1.0, log_volatility=bad if place == "volatility" else -4.0)
    assert order_step(account, P, action, signal) == NOT_FINITE
    assert not changes(before, account)


@given(
    action=st.tuples(unit, unit, unit, unit),
    direction=st.sampled_from([1, -1]),
    close=st.floats(1e-3, 1e6),
    volatility=st.floats(1e-5, 0.2),
)
def test_an_order_never_exceeds_any_limit(
    action: tuple[float, ...], direction: int, close: float, volatility: float
) -> None:
    account = new_account(100_000.0)
    code = order_step(
        account, P, np.array(action), signal_of(direction, close=close, log_volatility=math.log(volatility))
    )
    if code != ALLOWED:
        assert code == TOO_SMALL
        assert account[ORDER_QUANTITY] == 0.0
        return
    notional = abs(account[ORDER_QUANTITY]) * close
    assert notional <= 100_000.0 * LIMITED.size_cap * (1 + 1e-9)
    assert notional * volatility * 100.0 <= 100_000.0 * LIMITED.volatility_target * (1 + 1e-9)
    assert math.copysign(1.0, account[ORDER_QUANTITY]) == direction
    assert ACTIONS.min_duration <= account[ORDER_DURATION] <= ACTIONS.max_duration
    assert account[ORDER_STOP] > 0.0
    assert account[ORDER_TARGET] > 0.0
