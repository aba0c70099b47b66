from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.steps import account_of, changes, parameters_of, signal_of
from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.breakers import (
    ALLOWED,
    CASH_ONLY,
    COOLING,
    NO_SIGNAL,
    NOT_FINITE,
    OPEN,
    REVIEW,
    TOO_SMALL,
    WARMING_UP,
)
from trading.steps.decision import choose_step, close_step, place_step, ready_step
from trading.steps.observation import View, observation_names, observation_step
from trading.steps.policy import ACTIONS, Layers, Policy, policy_step

P = parameters_of(
    size_cap=0.5,
    volatility_target=1e9,
    min_duration=2.0,
    max_duration=8.0,
    min_stop=1.0,
    max_stop=3.0,
    min_target=2.0,
    max_target=6.0,
    stop_horizon=4.0,
    year=90.0,
    lot=1e-6,
)
INPUTS = len(observation_names(("one", "two")))
ASKED = np.full(len(ACTIONS), math.nan)
OPINION = np.array([1.0, 0.6, 0.2, 0.5, 0.3, 0.45])


def view_of(direction: int = 1, **signal: float) -> View:
    return View(signal_of(direction, **signal), np.array([0.5, -1.5]), OPINION)  # pyright: ignore[reportArgumentType]


def policy_of(fixed: Floats = ASKED) -> Policy:
    rng = np.random.default_rng(3)
    shapes = ((5, INPUTS), (5,), (5, 5), (5,), (len(ACTIONS), 5), (len(ACTIONS),))
    return Policy(Layers(*(0.3 * rng.normal(size=shape) for shape in shapes)), fixed)


@pytest.mark.parametrize("direction", [1, -1])
def test_a_signal_that_goes_on_grows_older(direction: int) -> None:
    account = account_of(direction=direction, direction_age=6.0)
    before = account.copy()
    assert ready_step(account, P, signal_of(direction)) == ALLOWED
    assert changes(before, account) == {"direction_age": 7.0}


def test_a_signal_that_turns_starts_anew() -> None:
    account = account_of(direction=1.0, direction_age=6.0)
    before = account.copy()
    assert ready_step(account, P, signal_of(-1)) == ALLOWED
    assert changes(before, account) == {"direction": -1.0, "direction_age": 0.0}


def test_a_signal_grows_older_also_where_no_decision_is_due() -> None:
    account = account_of(direction=0.0, direction_age=6.0)
    assert ready_step(account, P, signal_of(0)) == NO_SIGNAL
    assert account[a.DIRECTION_AGE] == 7.0


def left_at(named: list[int], patience: float, *, quantity: float = 2.0, follow: float = 1.0) -> int | None:
    """The close at which a position is told to leave, if it is, by what the signal names at each."""
    account = account_of(quantity=quantity, entry_quantity=quantity)
    p = parameters_of(follow=follow, patience=patience, latency=3.0, latency_ms=40.0)
    for close, direction in enumerate(named):
        signal = signal_of(direction)
        ready_step(account, p, signal)
        if account[a.EXIT_REASON] != 0.0:
            assert account[a.EXIT_REASON] == a.REASON_SIGNAL
            assert account[a.EXIT_WAIT] == 3.0
            assert account[a.EXIT_READY] == signal.close_ts + 40.0
            return close
    return None


@pytest.mark.parametrize("side", [1, -1])
def test_a_position_is_left_at_the_close_at_which_its_side_is_unnamed_for_longer_than_the_patience(side: int) -> None:
    for other in (0, -side):
        named = [side, side, other, other, other, other]
        assert left_at(named, 0.0, quantity=2.0 * side) == 2
        assert left_at(named, 1.0, quantity=2.0 * side) == 3
        assert left_at(named, 3.0, quantity=2.0 * side) == 5
        assert left_at(named, 4.0, quantity=2.0 * side) is None
        assert left_at(named, 0.0, quantity=2.0 * side, follow=0.0) is None


def test_a_side_that_is_named_again_begins_its_patience_anew_whatever_was_named_between() -> None:
    assert left_at([1, 0, 0, 1, 0, -1, 0], 2.0) == 6
    assert left_at([1, 0, -1, 1, -1, 0, 1, 0, 0], 2.0) is None


def test_the_patience_of_one_position_is_not_used_up_by_the_one_before() -> None:
    account, p = account_of(quantity=1.0, entry_quantity=1.0), parameters_of(follow=1.0, patience=1.0)
    ready_step(account, p, signal_of(0))
    assert account[a.UNNAMED] == 1.0
    account[a.QUANTITY] = 0.0
    ready_step(account, p, signal_of(-1))
    account[a.QUANTITY] = 1.0
    ready_step(account, p, signal_of(0))
    assert account[a.EXIT_REASON] == 0.0


def test_a_position_that_leaves_already_keeps_its_reason_and_its_time() -> None:
    account = account_of(quantity=1.0, entry_quantity=1.0, exit_reason=float(a.REASON_TIME), exit_ready=7.0)
    ready_step(account, parameters_of(follow=1.0, patience=0.0, latency_ms=40.0), signal_of(-1))
    assert account[a.EXIT_REASON] == a.REASON_TIME
    assert account[a.EXIT_READY] == 7.0


def test_an_order_is_withdrawn_at_once_when_its_side_is_no_longer_named() -> None:
    for direction, stays in ((1, True), (0, False), (-1, False)):
        account = account_of(order_quantity=1.5)
        ready_step(account, parameters_of(follow=1.0, patience=9.0), signal_of(direction))
        assert account[a.ORDER_QUANTITY] == (1.5 if stays else 0.0)


def test_an_engine_that_has_no_opinion_yet_ends_no_position() -> None:
    account = account_of(quantity=1.0, entry_quantity=1.0)
    ready_step(account, parameters_of(follow=1.0, patience=0.0), signal_of(0, warm=0))
    assert account[a.EXIT_REASON] == 0.0
    assert account[a.UNNAMED] == 0.0


@pytest.mark.parametrize("follow", [0.0, 1.0])
def test_in_a_crisis_a_position_leaves_an_order_is_withdrawn_and_none_is_entered(follow: float) -> None:
    p = parameters_of(follow=follow, patience=5.0, latency=2.0, latency_ms=30.0)
    signal = signal_of(1, cash=1)
    account = account_of(quantity=1.0, entry_quantity=1.0)
    assert ready_step(account, p, signal) == CASH_ONLY
    assert account[a.EXIT_REASON] == a.REASON_CRISIS
    assert account[a.EXIT_WAIT] == 2.0
    assert account[a.EXIT_READY] == signal.close_ts + 30.0

    waiting = account_of(order_quantity=1.0)
    assert ready_step(waiting, p, signal) == CASH_ONLY
    assert waiting[a.ORDER_QUANTITY] == 0.0

    flat = account_of()
    assert ready_step(flat, p, signal) == CASH_ONLY
    assert flat[a.EXIT_REASON] == 0.0


def test_a_crisis_is_left_also_before_the_engine_has_an_opinion() -> None:
    account = account_of(quantity=1.0, entry_quantity=1.0)
    assert ready_step(account, parameters_of(), signal_of(0, warm=0, cash=1)) == WARMING_UP
    assert account[a.EXIT_REASON] == a.REASON_CRISIS


def test_a_position_that_leaves_already_is_not_told_again_in_a_crisis() -> None:
    account = account_of(quantity=1.0, entry_quantity=1.0, exit_reason=float(a.REASON_TIME), exit_ready=7.0)
    ready_step(account, parameters_of(latency_ms=40.0), signal_of(1, cash=1))
    assert account[a.EXIT_REASON] == a.REASON_TIME
    assert account[a.EXIT_READY] == 7.0


def test_of_an_open_position_the_policy_is_asked_again_and_its_answer_is_a_review() -> None:
    asked = P.copy()
    asked[a.REVIEW] = 2.0
    names = observation_names(("one", "two"), reviewed=True)
    leave = policy_of(np.array([-1.0, 0.0, 1.0, 0.0]))
    for due, bars in ((True, 4.0), (False, 5.0)):
        account = account_of(quantity=1.0, entry_quantity=1.0, entry_price=100.0, held=bars, stop=50.0)
        observation, action = np.full(len(names), math.nan), np.full(len(ACTIONS), math.nan)
        assert ready_step(account.copy(), asked, signal_of(1)) == (REVIEW if due else OPEN)
        assert close_step(account, asked, view_of(), leave, observation, action) == OPEN
        assert account[a.EXIT_REASON] == (a.REASON_POLICY if due else 0.0)
        assert np.isfinite(action).all() == due
        assert np.isfinite(observation).all() == due


def test_where_no_decision_is_due_the_policy_is_not_asked() -> None:
    account, observation, action = account_of(cooldown=2.0), np.full(INPUTS, 9.0), np.full(len(ACTIONS), 9.0)
    assert close_step(account, P, view_of(), policy_of(), observation, action) == COOLING
    assert observation.tolist() == [9.0] * INPUTS
    assert action.tolist() == [9.0] * len(ACTIONS)
    assert account[a.ORDER_QUANTITY] == 0.0


def test_where_one_is_due_the_policy_sees_the_observation_and_its_action_becomes_the_order() -> None:
    account, observation, action = account_of(), np.empty(INPUTS), np.empty(len(ACTIONS))
    assert close_step(account, P, view_of(), policy_of(), observation, action) == ALLOWED

    aged, seen, expected = account_of(direction=1.0), np.empty(INPUTS), np.empty(len(ACTIONS))
    observation_step(aged, view_of(), seen)
    assert observation.tolist() == seen.tolist()
    policy_step(policy_of().layers, seen, expected)
    assert action.tolist() == expected.tolist()
    assert len(set(action.tolist())) == len(ACTIONS)
    assert place_step(aged, P, view_of(), expected) == ALLOWED
    assert not changes(account, aged)


def test_a_fixed_action_is_taken_instead_of_the_policys() -> None:
    account, action = account_of(), np.empty(len(ACTIONS))
    fixed = np.array([0.5, -0.5, 0.25, -0.25])
    assert choose_step(account, P, view_of(), policy_of(fixed), np.empty(INPUTS), action) == ALLOWED
    assert action.tolist() == fixed.tolist()
    expected = account_of()
    place_step(expected, P, view_of(), fixed)
    assert not changes(account, expected)


def test_a_fixed_action_that_is_no_number_is_denied_and_the_policy_not_asked_instead() -> None:
    account, action = account_of(), np.empty(len(ACTIONS))
    fixed = np.array([0.5, math.nan, 0.25, -0.25])
    assert choose_step(account, P, view_of(), policy_of(fixed), np.empty(INPUTS), action) == NOT_FINITE
    assert action[0] == 0.5


def test_an_order_remembers_the_regime_it_was_decided_in() -> None:
    account = account_of()
    place_step(account, P, view_of(), np.zeros(len(ACTIONS)))
    assert account[a.ORDER_REGIME] == 2.0
    assert account[a.ORDER_QUANTITY] > 0.0


def test_a_denial_of_the_size_is_the_answer() -> None:
    account = account_of()
    smallest = np.array([-1.0, 0.0, 0.0, 0.0])
    answer = choose_step(account, P, view_of(), policy_of(smallest), np.empty(INPUTS), np.empty(len(ACTIONS)))
    assert answer == TOO_SMALL
    view = view_of(close=math.nan)
    answer = close_step(account, P, view, policy_of(), np.empty(INPUTS), np.empty(len(ACTIONS)))
    assert answer == NOT_FINITE
    assert account[a.ORDER_QUANTITY] == 0.0
