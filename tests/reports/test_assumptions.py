from __future__ import annotations

from dataclasses import replace

from tests.support import random_model
from tests.support.models import WILD, ruled
from trading.model.model import TradingModel
from trading.reports.assumptions import assumptions


def said(model: TradingModel) -> str:
    return " ".join(assumptions(model.spec))


def leaving(**actions: object) -> TradingModel:
    model = random_model(1)
    changed = model.spec.actions.model_copy(update=actions)
    return replace(model, spec=model.spec.changed(actions=changed.model_dump()))


def test_it_is_said_when_a_position_is_left_with_the_signal() -> None:
    assert "name its side" not in said(random_model(1))
    at_once = said(leaving(exit_with_signal=True))
    assert "leaves at the first close at which the signal does not name its side." in at_once
    patient = said(leaving(exit_with_signal=True, exit_patience=8))
    assert "when the signal has not named its side at more than 8 closes in a row." in patient


def test_it_is_said_in_which_crisis_nothing_is_held() -> None:
    assert "crisis" not in said(random_model(1))
    assert f"In a crisis nothing is held: {WILD.reason}." in said(ruled(random_model(1), WILD))
    other = WILD.model_copy(update={"reason": "closed"})
    assert f"nothing is held: {WILD.reason}; or closed." in said(ruled(random_model(1), WILD, other))
    named = WILD.model_copy(update={"regime": "choppy"})
    assert "crisis" not in said(ruled(random_model(1), named))
