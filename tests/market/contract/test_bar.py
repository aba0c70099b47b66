from __future__ import annotations

import pytest

from tests.market.samples import HOUR_MS, START_MS, clean_bars
from trading.codes import ReasonCode
from trading.market.contract.bar import check_bar, first_breach, known_funding
from trading.market.contract.rules import RULES

GOOD = (START_MS, 10.0, 11.0, 9.0, 10.5, 3.0)


def changed(**values: object) -> tuple[object, ...]:
    names = ("ts", "open", "high", "low", "close", "volume")
    return tuple(values.get(name, good) for name, good in zip(names, GOOD, strict=True))


def test_clean_bars_keep_every_rule() -> None:
    bars = clean_bars(300)
    previous = None
    for index in range(len(bars)):
        assert check_bar(previous, bars.row(index), bars.interval) is None
        previous = bars.row(index)[0]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (changed(close="10.5"), ReasonCode.BARS_SCHEMA),
        (changed(close=None), ReasonCode.BARS_SCHEMA),
        (changed(volume=True), ReasonCode.BARS_SCHEMA),
        (changed(ts=float(START_MS)), ReasonCode.BARS_SCHEMA),
        (GOOD[:5], ReasonCode.BARS_SCHEMA),
        (changed(close=float("nan")), ReasonCode.BARS_NOT_FINITE),
        (changed(volume=float("inf")), ReasonCode.BARS_NOT_FINITE),
        (changed(high=10**400), ReasonCode.BARS_NOT_FINITE),
        (changed(low=-(10**400)), ReasonCode.BARS_NOT_FINITE),
        (changed(low=0.0), ReasonCode.BARS_NOT_POSITIVE),
        (changed(volume=-1.0), ReasonCode.BARS_NOT_POSITIVE),
        (changed(high=10.2), ReasonCode.BARS_HIGH_LOW),
        (changed(low=10.2), ReasonCode.BARS_HIGH_LOW),
        (changed(ts=START_MS - HOUR_MS), ReasonCode.BARS_NOT_INCREASING),
        (changed(ts=START_MS - 2 * HOUR_MS), ReasonCode.BARS_NOT_INCREASING),
        (changed(ts=START_MS + 1), ReasonCode.BARS_OFF_GRID),
    ],
)
def test_each_broken_rule_has_its_code_and_names_the_value(row: tuple[object, ...], code: ReasonCode) -> None:
    found = check_bar(START_MS - HOUR_MS, row, HOUR_MS)
    assert found is not None
    assert found.code == code
    assert not found.passed
    assert found.remedy
    assert {rule.name: rule.code for rule in RULES}[found.name] == code


def test_a_price_in_another_unit_is_refused_when_the_close_before_is_known() -> None:
    assert check_bar(START_MS - HOUR_MS, GOOD, HOUR_MS, previous_close=1000.0) is None
    for close in (1000.0, 0.1):
        found = check_bar(START_MS - HOUR_MS, GOOD, HOUR_MS, previous_close=close, max_jump=4.0)
        assert found is not None
        assert found.code == ReasonCode.BARS_JUMP
    assert check_bar(START_MS - HOUR_MS, GOOD, HOUR_MS, previous_close=39.0, max_jump=4.0) is None


def test_a_missing_bar_and_an_empty_one_break_no_rule_of_a_single_bar() -> None:
    assert check_bar(START_MS - 30 * HOUR_MS, changed(volume=0.0), HOUR_MS) is None


def test_of_many_bars_the_first_that_breaks_a_rule_is_named_by_its_position() -> None:
    bars = clean_bars(300)
    rows: list[tuple[object, ...]] = [bars.row(index) for index in range(300)]
    assert first_breach(rows, HOUR_MS, max_jump=4.0) is None
    assert first_breach([], HOUR_MS) is None
    rows[200] = (*rows[200][:5], "many", 0.0)
    rows[100] = rows[99]
    found = first_breach(rows, HOUR_MS)
    assert found is not None
    assert (found[0], found[1].code) == (100, ReasonCode.BARS_NOT_INCREASING)


def test_of_many_bars_each_is_compared_with_the_close_before_it() -> None:
    bars = clean_bars(300)
    rows = [bars.row(index) for index in range(300)]
    cents = rows[:120] + [(ts, *(100.0 * price for price in prices), volume) for ts, *prices, volume, _ in rows[120:]]
    assert first_breach(cents, HOUR_MS) is None
    found = first_breach(cents, HOUR_MS, max_jump=4.0)
    assert found is not None
    assert (found[0], found[1].code) == (120, ReasonCode.BARS_JUMP)


def test_a_bar_may_say_its_funding_which_is_a_finite_number_of_either_sign() -> None:
    for rate in (0.0, 0.0001, -0.0004, 0):
        assert check_bar(START_MS - HOUR_MS, (*GOOD, rate), HOUR_MS) is None
    for rate, code in ((float("nan"), ReasonCode.BARS_NOT_FINITE), ("0.1", ReasonCode.BARS_SCHEMA)):
        found = check_bar(START_MS - HOUR_MS, (*GOOD, rate), HOUR_MS)
        assert found is not None
        assert found.code == code
        assert "funding" in found.message
    assert check_bar(START_MS - HOUR_MS, (*GOOD, 0.0, 0.0), HOUR_MS) is not None


@pytest.mark.parametrize(
    ("row", "owed"),
    [
        ((*GOOD, 0.01), 0.01),
        ((*changed(close=float("nan")), -0.02), -0.02),
        (GOOD, 0.0),
        ((*GOOD, float("nan")), 0.0),
        ((*GOOD, "0.01"), 0.0),
        ((*GOOD, True), 0.0),
        (("yesterday",), 0.0),
    ],
)
def test_the_funding_of_a_refused_bar_is_known_if_it_is_a_number(row: tuple[object, ...], owed: float) -> None:
    assert known_funding(START_MS - HOUR_MS, row) == known_funding(None, row) == owed


def test_a_bar_that_is_sent_twice_owes_once() -> None:
    assert known_funding(START_MS, (*GOOD, 0.01)) == 0.0
