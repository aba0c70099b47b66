from __future__ import annotations

import math

import pytest

from tests.support.steps import account_of, changes, parameters_of, signal_of
from trading.simulation.denials import DENIALS
from trading.steps.breakers import (
    ALLOWED,
    ANSWERS,
    CASH_ONLY,
    COOLING,
    HALT,
    NO_SIGNAL,
    NOT_FINITE,
    OPEN,
    REVIEW,
    TOO_SMALL,
    UNSURE,
    WARMING_UP,
    breaker_step,
)

P = parameters_of(min_confidence=0.55)


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("confidence", [0.55, 0.6, 1.0])
def test_a_clear_signal_on_a_flat_account_is_allowed_and_nothing_changes(direction: int, confidence: float) -> None:
    account = account_of(cooldown=0.0)
    before = account.copy()
    assert breaker_step(account, P, signal_of(direction, confidence=confidence)) == ALLOWED
    assert not changes(before, account)


@pytest.mark.parametrize(
    ("fields", "signal", "code"),
    [
        ({}, {"warm": 0}, WARMING_UP),
        ({"halted": 1.0}, {}, HALT),
        ({"halted": math.nan}, {}, HALT),
        ({}, {"cash": 1}, CASH_ONLY),
        ({"entry_quantity": -1.0}, {"cash": 1}, CASH_ONLY),
        ({"entry_quantity": -1.0}, {}, OPEN),
        ({"entry_quantity": math.nan}, {}, OPEN),
        ({"order_quantity": 1.0}, {}, OPEN),
        ({"cooldown": 1.0}, {}, COOLING),
        ({"cooldown": 0.5}, {}, COOLING),
        ({"cooldown": math.nan}, {}, COOLING),
        ({}, {"direction": 0}, NO_SIGNAL),
        ({}, {"confidence": 0.54}, UNSURE),
        ({}, {"confidence": math.nan}, NOT_FINITE),
        ({}, {"confidence": math.inf}, NOT_FINITE),
    ],
)
def test_each_denial_has_its_own_code(fields: dict[str, float], signal: dict[str, int], code: int) -> None:
    assert breaker_step(account_of(**fields), P, signal_of(**signal)) == code
    assert code in DENIALS


def test_every_answer_has_its_name() -> None:
    codes = (ALLOWED, WARMING_UP, HALT, OPEN, COOLING, NO_SIGNAL, UNSURE, TOO_SMALL, NOT_FINITE, CASH_ONLY, REVIEW)
    assert codes == tuple(range(len(ANSWERS)))
    assert set(DENIALS) == set(codes) - {ALLOWED, REVIEW}
