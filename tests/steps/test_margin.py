from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.steps import account_of, parameters_of
from trading.steps.margin import bankruptcy_price, entry_room, liquidation_price

P = parameters_of(maintenance_margin=0.1, fee=0.01)
CASES = [(-400.0, 10.0), (1_500.0, -10.0), (-1.0, 0.5), (20.0, -3.0)]


@given(
    cap=st.floats(0.1, 3.0),
    reference=st.floats(10.0, 1_000.0),
    slip=st.floats(0.0, 0.05),
    side=st.sampled_from([1.0, -1.0]),
)
def test_a_full_entry_is_its_limit_of_the_equity_it_leaves(
    cap: float, reference: float, slip: float, side: float
) -> None:
    price = reference * (1.0 + side * slip)
    quantity = entry_room(account_of(1_000.0, order_cap=cap), P, price, reference, side)
    cash = 1_000.0 - side * quantity * price - 0.01 * quantity * price
    equity = cash + side * quantity * reference
    assert quantity > 0.0
    assert quantity * price == pytest.approx(cap * equity, rel=1e-9)


@pytest.mark.parametrize(("cash", "quantity"), CASES)
def test_at_the_liquidation_price_equity_is_the_margin_of_the_notional(cash: float, quantity: float) -> None:
    price = liquidation_price(account_of(cash, quantity=quantity), P)
    assert price > 0.0
    assert cash + quantity * price == pytest.approx(0.1 * abs(quantity) * price, rel=1e-12)


@pytest.mark.parametrize(("cash", "quantity"), CASES)
def test_at_the_bankruptcy_price_nothing_is_left_after_the_fee(cash: float, quantity: float) -> None:
    price = bankruptcy_price(account_of(cash, quantity=quantity), P)
    assert price > 0.0
    assert cash + quantity * price - 0.01 * abs(quantity) * price == pytest.approx(0.0, abs=1e-9)


def test_a_long_position_without_borrowed_money_has_neither_price() -> None:
    account = account_of(100.0, quantity=10.0)
    assert liquidation_price(account, P) < 0.0
    assert bankruptcy_price(account, P) < 0.0
