from __future__ import annotations

import math

import pytest

from tests.support import random_model
from tests.support.models import WILD, ruled
from trading.errors import RegistryError
from trading.model.model import model_from
from trading.model.rules import named_regime, rule_inputs, rule_table, unknown_inputs
from trading.model.spec import Condition, MarketRule
from trading.steps.market_regime import FIRST_FEATURE, MARKET_REGIMES

THEME = MarketRule(
    regime="theme_driven",
    when=(Condition(input="p_bull", at_least=0.5), Condition(input="confidence", at_most=0.9)),
    reason="a reason",
)


def test_a_rule_may_ask_for_the_signal_the_engine_and_every_feature_of_the_model() -> None:
    spec = random_model(1).spec
    places = rule_inputs(spec)
    assert [places[name] for name in ("direction", "confidence", "p_bull", "p_bear", "p_chop")] == [0, 1, 2, 3, 4]
    assert [places[name] for name in spec.feature_names] == list(
        range(FIRST_FEATURE, FIRST_FEATURE + len(spec.feature_names))
    )
    assert len(set(places.values())) == len(places)


def test_an_engine_with_fewer_numbers_leaves_the_features_where_they_are() -> None:
    spec = random_model(1).spec
    poor = spec.changed(engine=spec.engine.model_copy(update={"extras": ("one",)}).model_dump())
    assert rule_inputs(poor)[spec.feature_names[0]] == FIRST_FEATURE
    assert "p_bull" not in rule_inputs(poor)


def test_the_table_of_the_steps_says_what_the_rules_say() -> None:
    spec = ruled(random_model(1), WILD, THEME).spec
    table = rule_table(spec)
    assert [MARKET_REGIMES[regime] for regime in table.regime] == ["crisis", "theme_driven"]
    assert table.ends.tolist() == [1, 3]
    assert table.inputs.tolist() == [rule_inputs(spec)["price_zscore"], 2, 1]
    assert table.low.tolist() == [1.2, 0.5, -math.inf]
    assert table.high.tolist() == [math.inf, math.inf, 0.9]
    assert named_regime(spec, table, 2) == ("theme_driven", 2, "a reason")
    assert named_regime(spec, table, 0) == ("choppy", 0, "no rule holds")


def test_a_bundle_whose_rules_ask_for_what_it_does_not_have_is_refused() -> None:
    model = random_model(1)
    strange = THEME.model_copy(update={"when": (Condition(input="theme", at_least=0.5),)})
    spec = ruled(model, WILD, strange).spec
    assert unknown_inputs(spec) == ["theme"]
    with pytest.raises(RegistryError, match="BUNDLE_INVALID: a rule for its market asks for theme"):
        model_from(spec, model.arrays())
