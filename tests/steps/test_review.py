from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.steps import account_of, changes, parameters_of, signal_of
from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.breakers import NOT_FINITE, OPEN
from trading.steps.review import review_due, review_step

P = parameters_of(review=1.0, min_stop=2.0, stop_horizon=3.0, tick=0.5, lot=0.1, latency=2.0, latency_ms=30.0)
SIGNAL = signal_of(1, close_ts=1_000, close=100.0, log_volatility=math.log(0.005))


def held(quantity: float = 4.0, entry: float = 4.0, **fields: float) -> Floats:
    side = math.copysign(1.0, quantity)
    usual = {"entry_quantity": side * entry, "stop": 100.0 - side * 50.0, "held": 3.0}
    return account_of(quantity=quantity, **(usual | fields))


def action(size: float = 1.0, stop: float = 1.0) -> Floats:
    return np.array([size, -0.3, stop, 0.4])


def reviewed(account: Floats, size: float = 1.0, stop: float = 1.0) -> dict[str, float]:
    before = account.copy()
    assert review_step(account, P, action(size, stop), SIGNAL) == OPEN
    return changes(before, account)


@pytest.mark.parametrize(
    ("fields", "review", "due"),
    [
        ({}, 1.0, True),
        ({}, 3.0, True),
        ({"held": 6.0}, 3.0, True),
        ({}, 2.0, False),
        ({}, 0.0, False),
        ({"quantity": 0.0}, 1.0, False),
        ({"exit_reason": 1.0}, 1.0, False),
        ({"exit_quantity": 1.0}, 1.0, False),
    ],
)
def test_a_position_is_asked_about_every_so_many_bars_unless_it_leaves(
    fields: dict[str, float], review: float, due: bool
) -> None:
    account = held()
    for name, value in fields.items():
        account[a.ACCOUNT_FIELDS.index(name)] = value
    assert review_due(account, parameters_of(review=review)) == due


@pytest.mark.parametrize("quantity", [4.0, -4.0])
@pytest.mark.parametrize("size", [-0.5, 0.0, 1.0])
def test_most_answers_let_a_position_be(quantity: float, size: float) -> None:
    assert not reviewed(held(quantity), size=size, stop=size)


@pytest.mark.parametrize("quantity", [4.0, -4.0])
@pytest.mark.parametrize("size", [-1.0, -0.951])
def test_at_the_least_size_all_of_it_leaves_as_late_as_every_exit(quantity: float, size: float) -> None:
    assert reviewed(held(quantity), size=size) == {
        "exit_reason": float(a.REASON_POLICY),
        "exit_wait": 2.0,
        "exit_ready": 1_030.0,
    }


@pytest.mark.parametrize("quantity", [4.0, -4.0])
@pytest.mark.parametrize(("size", "leaving"), [(-0.75, 2.0), (-0.9, 3.2), (-0.6, 0.8), (-0.949, 3.6)])
def test_between_the_two_the_share_of_the_entry_that_stays_is_a_straight_line_in_whole_lots(
    quantity: float, size: float, leaving: float
) -> None:
    found = reviewed(held(quantity), size=size)
    assert found == {"exit_quantity": pytest.approx(leaving), "exit_wait": 2.0, "exit_ready": 1_030.0}


def test_what_has_left_already_counts_and_a_little_is_not_traded() -> None:
    assert reviewed(held(3.0), size=-0.75)["exit_quantity"] == pytest.approx(1.0)
    assert not reviewed(held(2.0), size=-0.75)
    assert not reviewed(held(1.0), size=-0.75)
    # A tenth of the entry.
    assert not reviewed(held(2.4), size=-0.75)
    assert reviewed(held(2.5), size=-0.75)["exit_quantity"] == pytest.approx(0.5)


@pytest.mark.parametrize(("quantity", "stop"), [(4.0, 97.0), (-4.0, 103.5)])
def test_a_low_stop_moves_the_stop_to_the_closest_distance_rounded_outward(quantity: float, stop: float) -> None:
    # 0.005 x 2 x 3 is 0.03 in log price: 97.04 and 103.05.
    assert reviewed(held(quantity), stop=-0.51) == {"stop": stop}


@pytest.mark.parametrize(("quantity", "stop"), [(4.0, 97.0), (4.0, 99.5), (-4.0, 103.5), (-4.0, 101.0)])
def test_a_stop_never_moves_away(quantity: float, stop: float) -> None:
    assert not reviewed(held(quantity, stop=stop), stop=-1.0)


@pytest.mark.parametrize("quantity", [4.0, -4.0])
def test_the_closest_distance_is_never_farther_than_an_order_may_have(quantity: float) -> None:
    wild = signal_of(1, close=100.0, log_volatility=2.0)
    account = held(quantity, stop=1e-6 if quantity > 0.0 else 1e6)
    review_step(account, P, action(stop=-1.0), wild)
    assert account[a.STOP] == pytest.approx(100.0 * math.exp(-math.copysign(0.9, quantity)), abs=0.5)


@pytest.mark.parametrize(
    ("answer", "signal"),
    [
        (action(size=math.nan), SIGNAL),
        (action(stop=math.inf), SIGNAL),
        (action(size=-1.0), SIGNAL._replace(close=math.nan)),
        (action(size=-1.0), SIGNAL._replace(close=0.0)),
        (action(size=-1.0), SIGNAL._replace(log_volatility=math.nan)),
        (action(size=-1.0), SIGNAL._replace(log_volatility=-math.inf)),
    ],
)
def test_from_what_is_no_number_nothing_is_told_and_nothing_changes(answer: Floats, signal) -> None:
    account = held()
    before = account.copy()
    assert review_step(account, P, answer, signal) == NOT_FINITE
    assert not changes(before, account)
