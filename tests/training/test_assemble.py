from __future__ import annotations

import pytest

from tests.support import small_bars
from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.model.spec import EngineIdentity
from trading.settings.models import ConditionSpec, MarketRegimeSpec, RuleSpec, SevengatesSettings
from trading.training.assemble import model_spec

ENGINE = EngineIdentity(name="regimes", tag="hmm_v1", revision=1, extras=("p_bull", "p_bear", "p_chop"))


def settings_with(asked: str) -> SevengatesSettings:
    rule = RuleSpec(regime="crisis", when=(ConditionSpec(input=asked, at_least=4.0, at_most=9.0),), reason="wild")
    return SevengatesSettings(market_regimes=MarketRegimeSpec(rules=(rule,)))


def test_the_rules_of_the_settings_go_into_the_model_word_for_word() -> None:
    (rule,) = model_spec(small_bars(5), settings_with("p_bear"), ENGINE).market_rules
    assert (rule.regime, rule.reason) == ("crisis", "wild")
    assert [(one.input, one.at_least, one.at_most) for one in rule.when] == [("p_bear", 4.0, 9.0)]


def test_a_rule_that_asks_for_what_the_model_does_not_have_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="asks for 'log_volatilty_medium', which the model does not have") as error:
        model_spec(small_bars(5), settings_with("log_volatilty_medium"), ENGINE)
    assert error.value.code is ReasonCode.CONFIG_INVALID
    assert "the nearest is log_volatility_medium" in error.value.message
    assert "p_bull" in error.value.remedy


def test_the_default_rules_can_be_asked_of_every_engine() -> None:
    bare = EngineIdentity(name="moving_average", tag="ma", revision=1)
    rules = model_spec(small_bars(5), SevengatesSettings(), bare).market_rules
    assert [rule.regime for rule in rules] == ["bull_momentum", "bear_defensive"]
