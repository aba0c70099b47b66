from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.canonical import canonical_json, parse_json
from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.simulation.accounts import FIELDS, ORDER_ID, Account, Order, saved_trading_state
from trading.steps import account as a

NUMBERS = st.one_of(st.floats(allow_nan=True, allow_infinity=False), st.sampled_from([-0.0, 5e-324, 0.1 + 0.2]))
ORDER = Order(
    quantity=-2.5,
    wait_bars=1.0,
    ready_ms=7.0,
    cap=0.35,
    confidence=0.7,
    regime=2.0,
    duration_bars=12.0,
    stop_log=0.02,
    target_log=0.05,
)


def new_account() -> Account:
    return Account(symbol="SIM", interval=3_600_000, initial_equity=1_000.0, parameters=np.zeros(a.PARAMETERS_SIZE))


def test_every_place_of_the_account_has_one_name() -> None:
    assert sorted(FIELDS.values()) == list(range(a.ACCOUNT_SIZE))
    assert ORDER_ID not in FIELDS


@given(numbers=st.lists(NUMBERS, min_size=a.ACCOUNT_SIZE, max_size=a.ACCOUNT_SIZE), order_id=st.text())
def test_an_account_comes_back_from_json_bit_for_bit(numbers: list[float], order_id: str) -> None:
    account, other = new_account(), new_account()
    account.state[:] = numbers
    account.order_id = order_id
    other.restore(parse_json(canonical_json(account.save())))
    nan = np.isnan(account.state)
    assert other.state[~nan].tobytes() == account.state[~nan].tobytes()
    assert np.isnan(other.state[nan]).all()
    assert other.order_id == order_id


def test_a_saved_account_names_its_numbers_and_has_none_for_nan() -> None:
    saved = new_account().save()
    assert (saved["cash"], saved["equity"], saved["quantity"], saved["order_id"]) == (1_000.0, 1_000.0, 0.0, "")
    assert (saved["stop"], saved["target"]) == (None, None)


@given(missing=st.sets(st.sampled_from([*FIELDS, ORDER_ID])))
def test_a_field_that_an_earlier_release_did_not_know_has_its_value_of_a_new_account(missing: set[str]) -> None:
    account, other = new_account(), new_account()
    account.state[:] = np.arange(a.ACCOUNT_SIZE) + 1.0
    account.order_id = "SIM-1"
    other.restore({name: value for name, value in account.save().items() if name not in missing})
    fresh = new_account().save()
    # Release 0.1 knew no limit at the fill, and did not follow the prices of an open trade.
    if "order_cap" in missing:
        fresh = {**fresh, "order_cap": 1.0}
    if "worst_price" in missing:
        entry = other.save()["entry_price"]
        fresh = {**fresh, "worst_price": entry, "best_price": entry}
        missing = missing | {"best_price"}
    if "entry_quantity" not in missing:
        fresh = {**fresh, "trade_spread": None, "trade_slippage": None, "confidence": None}
    for name, value in other.save().items():
        assert value == (fresh[name] if name in missing else account.save()[name])


def test_a_field_that_this_release_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(LiveError, match="margin, which this release does not know") as error:
        new_account().restore({**new_account().save(), "margin": 1.0})
    assert error.value.code is ReasonCode.ACCOUNT_INVALID


@pytest.mark.parametrize(("name", "value"), [("cash", "1000"), ("cash", math.inf), ("cash", math.nan), (ORDER_ID, 7.0)])
def test_a_field_that_is_no_number_is_refused_by_name(name: str, value: float | str) -> None:
    with pytest.raises(LiveError, match=f"stored account's {name} is") as error:
        new_account().restore({**new_account().save(), name: value})
    assert error.value.code is ReasonCode.ACCOUNT_INVALID


def test_an_infinite_number_is_not_stored() -> None:
    account = new_account()
    account.state[a.CASH] = -math.inf
    with pytest.raises(LiveError, match="cash is -inf") as error:
        account.save()
    assert error.value.code is ReasonCode.ACCOUNT_INVALID


def test_an_order_is_placed_shown_taken_and_withdrawn() -> None:
    account = new_account()
    assert account.take_order() is None
    account.place("SIM-1", ORDER)
    assert (account.order, account.order_id) == (ORDER, "SIM-1")
    assert account.take_order() == ORDER
    assert (account.order, account.order_id) == (None, "SIM-1")
    account.place("SIM-2", ORDER)
    account.withdraw()
    assert account.order is None


def test_a_halted_account_says_so_live_and_stored() -> None:
    account = new_account()
    assert account.trading_state == saved_trading_state(account.save()) == "ACTIVE"
    account.state[a.HALTED] = 1.0
    assert account.trading_state == saved_trading_state(account.save()) == "HALTED"
