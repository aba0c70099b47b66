"""Every table of the settings is listed once, and says what it is for."""

from __future__ import annotations

import inspect

import pytest

from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.settings import models
from trading.settings.loader import describe, load_settings
from trading.settings.models import SevengatesSettings, Spec, tables


@pytest.mark.parametrize("name", tables())
def test_a_table_has_a_file_of_its_own_and_a_sentence_about_it(name: str) -> None:
    model = tables()[name]
    assert model.__module__ == f"trading.settings.models.{name}"
    assert inspect.getdoc(model)
    assert getattr(models, model.__name__) is model


def test_every_table_is_described_in_the_order_of_the_list() -> None:
    assert list(dict.fromkeys(setting.key.partition(".")[0] for setting in describe())) == list(tables())


def test_a_settings_class_with_another_table_has_it_in_its_list() -> None:
    class FundingSpec(Spec):
        """What holding a position costs."""

        rate: float = 0.0

    class MoreSettings(SevengatesSettings):
        funding: FundingSpec = FundingSpec()

    assert list(tables(MoreSettings)) == [*tables(), "funding"]


@pytest.mark.parametrize(
    ("market", "said"),
    [
        ({"hours": "Mon-Fri 09:30-16:00 America/New_York", "session": "exchange"}, 'leave session = "continuous"'),
        ({"holidays": "days.csv"}, "holidays needs hours"),
    ],
)
def test_settings_of_hours_that_contradict_each_other_are_refused_with_what_to_do(
    market: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        load_settings(environ={f"SEVENGATES_MARKET__{name.upper()}": text for name, text in market.items()})
    assert caught.value.code == ReasonCode.CONFIG_INVALID


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ('["log_return_1", "log_return_slwo"]', "did you mean log_return_slow"),
        ('["weather"]', "there are log_return_1, "),
        ('["trend_slow", "log_return_1", "trend_slow"]', "named twice"),
        ("[]", "at least 1"),
    ],
)
def test_features_that_there_are_not_or_that_are_named_twice_are_refused(names: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_settings(environ={"SEVENGATES_FEATURES__NAMES": names})


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"average": "3"}, "average 3 is over seeds, 2"),
        ({"average": "8", "seeds": "8", "hidden": "513"}, "more than 4,096 together"),
    ],
)
def test_more_policies_than_are_trained_or_than_a_bundle_holds_are_not_averaged(
    policy: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        load_settings(environ={f"SEVENGATES_POLICY__{name.upper()}": text for name, text in policy.items()})
    enough = {"SEVENGATES_POLICY__AVERAGE": "8", "SEVENGATES_POLICY__SEEDS": "8", "SEVENGATES_POLICY__HIDDEN": "512"}
    assert load_settings(environ=enough).policy.average == 8
