from __future__ import annotations

import math

import pytest

from tests.support.steps import DAY_MS, HOUR_MS, account_of, bar_of, changes, parameters_of
from trading.arrays import Floats
from trading.steps.carry import carry_step

RATES = parameters_of(funding_rate=0.001, borrow_rate=0.002)
COUNTED = {"trade_funding": 1.0, "funding": 2.0, "costs": 3.0}


def carried(p: Floats, *, cash: float, quantity: float, last_ts: float = 0.0, ts: int = DAY_MS) -> dict[str, float]:
    """What one bar that opens at 100 with a funding of a hundredth changes."""
    account = account_of(cash, quantity=quantity, last_ts=last_ts, **COUNTED)
    before = account.copy()
    carry_step(account, p, bar_of(ts=ts, opened=100.0, close=150.0, funding=0.01))
    return changes(before, account)


def of_paid(paid: float, cash: float) -> object:
    """Cash pays at once, and every count of funding and costs hears of it."""
    return pytest.approx({"cash": cash - paid} | {name: was + paid for name, was in COUNTED.items()}, rel=1e-12)


def test_a_long_pays_the_bars_funding_and_that_of_the_days() -> None:
    assert carried(RATES, cash=500.0, quantity=10.0) == of_paid(1_000.0 * (0.01 + 0.001), 500.0)


def test_a_short_receives_the_funding_and_pays_for_what_it_borrowed() -> None:
    assert carried(RATES, cash=2_500.0, quantity=-10.0) == of_paid(-1_000.0 * 0.011 + 1_000.0 * 0.002, 2_500.0)


def test_a_long_pays_for_borrowed_cash() -> None:
    assert carried(RATES, cash=-400.0, quantity=10.0) == of_paid(11.0 + 400.0 * 0.002, -400.0)


def test_interest_runs_by_the_clock_and_the_bars_own_funding_does_not() -> None:
    days = 2.5
    found = carried(RATES, cash=-400.0, quantity=10.0, last_ts=DAY_MS, ts=DAY_MS + int(days * DAY_MS))
    assert found == of_paid(1_000.0 * (0.01 + 0.001 * days) + 400.0 * 0.002 * days, -400.0)
    hour = carried(RATES, cash=-400.0, quantity=10.0, ts=HOUR_MS)
    assert hour == of_paid(10.0 + (1_000.0 * 0.001 + 400.0 * 0.002) / 24.0, -400.0)


@pytest.mark.parametrize("last_ts", [math.nan, 2.0 * DAY_MS])
def test_without_a_bar_before_no_time_has_passed(last_ts: float) -> None:
    assert carried(RATES, cash=500.0, quantity=10.0, last_ts=last_ts) == of_paid(10.0, 500.0)


def test_the_null_version_charges_the_bars_own_funding_alone() -> None:
    assert carried(parameters_of(), cash=-400.0, quantity=10.0) == of_paid(10.0, -400.0)
