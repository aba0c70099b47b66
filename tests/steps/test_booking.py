from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.steps import account_of, changes, parameters_of, trade_fields
from trading.arrays import Floats
from trading.steps.account import CASH, TRADE_SIZE
from trading.steps.booking import book, close_trade, open_trade, see_price

COUNTED = {
    "trade_fees": 1.0,
    "trade_spread": 2.0,
    "trade_slippage": 3.0,
    "turnover": 100.0,
    "turns": 0.5,
    "fees": 10.0,
    "spread": 20.0,
    "slippage": 30.0,
    "costs": 60.0,
}
TICKS = parameters_of(tick=0.25)


def booked(quantity: float, price: float, base: float) -> dict[str, float]:
    """What a fill with a fee of 0.25 and a spread of 1.5 changes in an account that has counted before."""
    account = account_of(1_000.0, quantity=2.0, entry_equity=500.0, **COUNTED)
    before = account.copy()
    book(account, quantity, price, base, 0.25, 1.5)
    return changes(before, account)


@pytest.mark.parametrize(("quantity", "base"), [(4.0, 49.0), (-4.0, 51.0)])
def test_a_fill_moves_cash_and_position_and_counts_each_part_of_its_cost(quantity: float, base: float) -> None:
    # One beside the base on four is 4, of which 1.5 is the spread.
    assert booked(quantity, 50.0, base) == {
        "cash": 1_000.0 - 50.0 * quantity - 0.25,
        "quantity": 2.0 + quantity,
        "trade_fees": 1.25,
        "trade_spread": 3.5,
        "trade_slippage": 5.5,
        "turnover": 300.0,
        "turns": 0.9,
        "fees": 10.25,
        "spread": 21.5,
        "slippage": 32.5,
        "costs": 64.25,
    }


ORDER = {
    "order_stop": math.log(100.0 / 90.1),
    "order_target": math.log(110.1 / 100.0),
    "order_duration": 12.0,
    "order_confidence": 0.625,
    "order_regime": 2.0,
}


@pytest.mark.parametrize(
    ("quantity", "stop", "target"),
    [(0.5, 90.0, 110.25), (-0.5, 111.0, 90.75)],
    ids=["long", "short"],
)
def test_an_entry_becomes_the_open_trade_with_its_bracket_rounded_outward(
    quantity: float, stop: float, target: float
) -> None:
    left = {"exit_value": 7.0, "held": 8.0, "worst_price": 1.0, "best_price": 2.0}
    account = account_of(**ORDER, **left)
    before = account.copy()
    open_trade(account, TICKS, 77, quantity, 100.0)
    # 100 x 100 / 90.1 is 110.99, 100 x 100 / 110.1 is 90.83.
    assert changes(before, account) == {
        "entry_price": 100.0,
        "entry_ts": 77.0,
        "entry_quantity": quantity,
        "exit_value": 0.0,
        "held": 0.0,
        "duration": 12.0,
        "confidence": 0.625,
        "regime": 2.0,
        "worst_price": 100.0,
        "best_price": 100.0,
        "stop": stop,
        "target": target,
    }


@pytest.mark.parametrize(
    ("side", "price", "changed"),
    [
        (1.0, 90.0, {"worst_price": 90.0}),
        (1.0, 120.0, {"best_price": 120.0}),
        (1.0, 100.0, {}),
        (-1.0, 120.0, {"worst_price": 120.0}),
        (-1.0, 90.0, {"best_price": 90.0}),
        (-1.0, 100.0, {}),
    ],
)
def test_a_price_that_is_seen_is_the_worst_or_the_best_by_the_side(
    side: float, price: float, changed: dict[str, float]
) -> None:
    worst, best = (95.0, 105.0) if side > 0.0 else (105.0, 95.0)
    account = account_of(entry_quantity=0.5 * side, worst_price=worst, best_price=best)
    before = account.copy()
    see_price(account, price)
    assert changes(before, account) == changed


def closing(entry_quantity: float, exit_value: float, **fields: float) -> Floats:
    """An account whose position of an entry at 100 has just left."""
    usual = {
        "entry_price": 100.0,
        "entry_ts": 11.0,
        "worst_price": 95.0 if entry_quantity > 0.0 else 108.0,
        "best_price": 108.0 if entry_quantity > 0.0 else 95.0,
        "entry_equity": 800.0,
        "trade_fees": 2.0,
        "trade_spread": 3.0,
        "trade_slippage": 4.0,
        "trade_funding": 0.5,
        "exit_reason": 2.0,
        "held": 9.0,
        "confidence": 0.625,
        "regime": 3.0,
        "stop": 90.0,
        "target": 110.0,
        "win_rate": 0.5,
        "since_exit": 6.0,
        "quantity": 1e-17,
    }
    return account_of(900.0, entry_quantity=entry_quantity, exit_value=exit_value, **(usual | fields))


@pytest.mark.parametrize(("quantity", "value", "exit_price"), [(4.0, 420.0, 105.0), (-4.0, 380.0, 95.0)])
def test_a_closed_trade_says_what_it_was_and_leaves_an_account_that_may_decide(
    quantity: float, value: float, exit_price: float
) -> None:
    account, trade = closing(quantity, value), np.full(TRADE_SIZE, math.nan)
    before = account.copy()
    close_trade(account, parameters_of(cooldown_bars=5.0), 22, trade)
    # Moved by 20, less fees and funding; spread and slippage are inside the prices.
    assert trade_fields(trade) == pytest.approx(
        {
            "entry_ts": 11.0,
            "exit_ts": 22.0,
            "quantity": quantity,
            "entry_price": 100.0,
            "exit_price": exit_price,
            "fees": 2.0,
            "pnl": 17.5,
            "reason": 2.0,
            "spread": 3.0,
            "slippage": 4.0,
            "funding": 0.5,
            "held": 9.0,
            "confidence": 0.625,
            "regime": 3.0,
            "mae": 0.05 if quantity > 0.0 else 0.08,
            "mfe": 0.08 if quantity > 0.0 else 0.05,
        },
        rel=1e-12,
    )
    assert changes(before, account) == pytest.approx(
        {
            "last_return": 17.5 / 800.0,
            "win_rate": 0.9 * 0.5 + 0.1,
            "cooldown": 5.0,
            "stop": math.nan,
            "target": math.nan,
            **dict.fromkeys(
                (
                    "entry_quantity",
                    "quantity",
                    "exit_reason",
                    "trade_fees",
                    "trade_spread",
                    "trade_slippage",
                    "trade_funding",
                    "exit_value",
                    "since_exit",
                ),
                0.0,
            ),
        },
        rel=1e-12,
        nan_ok=True,
    )


@pytest.mark.parametrize(("value", "won"), [(402.75, 1.0), (402.5, -1.0), (402.25, -1.0)])
def test_a_trade_that_gained_nothing_is_not_won(value: float, won: float) -> None:
    account = closing(4.0, value, win_rate=0.25)
    close_trade(account, parameters_of(), 22, np.empty(TRADE_SIZE))
    assert changes(account_of(), account)["win_rate"] == pytest.approx(0.225 + 0.1 * won, rel=1e-12)


@pytest.mark.parametrize(("cash", "left"), [(1e-7, 0.0), (-1e-7, 0.0), (1e-9 * 800.0, 0.0), (1e-6, 1e-6), (0.5, 0.5)])
def test_an_error_of_the_last_digit_is_no_cash(cash: float, left: float) -> None:
    account = closing(4.0, 0.0)
    account[CASH] = cash
    close_trade(account, parameters_of(), 22, np.empty(TRADE_SIZE))
    assert account[CASH] == left
