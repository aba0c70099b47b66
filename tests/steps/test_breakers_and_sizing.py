from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.models import ACTIONS, COSTS, INSTRUMENT, limits_of
from trading.simulation.denials import DENIALS
from trading.simulation.parameters import pack_parameters
from trading.steps.account import (
    COOLDOWN,
    ENTRY_QUANTITY,
    HALTED,
    ORDER_DURATION,
    ORDER_QUANTITY,
    ORDER_STOP,
    ORDER_TARGET,
    new_account,
)
from trading.steps.breakers import (
    ALLOWED,
    COOLING,
    HALT,
    NO_SIGNAL,
    NOT_FINITE,
    OPEN,
    TOO_SMALL,
    UNSURE,
    WARMING_UP,
    breaker_step,
)
from trading.steps.observation import Signal
from trading.steps.sizing import order_step

LIMITED = limits_of(size_cap=0.4, volatility_target=0.25, min_confidence=0.55)
P = pack_parameters(COSTS, INSTRUMENT, LIMITED, ACTIONS, interval=1000, stop_horizon=16, bars_per_year=10_000.0)
unit = st.floats(-1.0, 1.0)


def signal_of(
    *, warm: int = 1, direction: int = 1, confidence: float = 0.9, close: float = 1.0, volatility: float = 0.01
) -> Signal:
    """A signal of which only these numbers matter."""
    log_volatility = math.log(volatility) if volatility > 0.0 else math.nan
    return Signal(0, close, log_volatility, warm, direction, confidence)


def test_a_clear_signal_on_a_flat_account_is_allowed() -> None:
    assert breaker_step(new_account(1.0), P, signal_of(confidence=0.6)) == ALLOWED


@pytest.mark.parametrize(
    ("field", "value", "warm", "direction", "confidence", "code"),
    [
        (None, 0.0, 0, 1, 0.9, WARMING_UP),
        (HALTED, 1.0, 1, 1, 0.9, HALT),
        (HALTED, math.nan, 1, 1, 0.9, HALT),
        (ENTRY_QUANTITY, -1.0, 1, 1, 0.9, OPEN),
        (ORDER_QUANTITY, 1.0, 1, 1, 0.9, OPEN),
        (COOLDOWN, 1.0, 1, 1, 0.9, COOLING),
        (COOLDOWN, math.nan, 1, 1, 0.9, COOLING),
        (None, 0.0, 1, 0, 0.9, NO_SIGNAL),
        (None, 0.0, 1, 1, 0.54, UNSURE),
        (None, 0.0, 1, 1, math.nan, NOT_FINITE),
    ],
)
def test_each_denial_has_its_own_code(
    field: int | None, value: float, warm: int, direction: int, confidence: float, code: int
) -> None:
    account = new_account(1.0)
    if field is not None:
        account[field] = value
    assert breaker_step(account, P, signal_of(warm=warm, direction=direction, confidence=confidence)) == code
    assert code in DENIALS


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
    code = order_step(account, P, np.array(action), signal_of(direction=direction, close=close, volatility=volatility))
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


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("place", ["action", "close", "volatility", "equity"])
def test_a_number_that_is_not_finite_denies_the_order(bad: float, place: str) -> None:
    account = new_account(bad if place == "equity" else 1_000.0)
    action = np.array([0.5, 0.0, 0.0, bad if place == "action" else 0.0])
    close, volatility = (bad if place == name else 1.0 for name in ("close", "volatility"))
    assert order_step(account, P, action, signal_of(close=close, volatility=volatility)) == NOT_FINITE
    assert account[ORDER_QUANTITY] == 0.0
