from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.settings.loader import describe, load_settings, redacted, to_toml, without_password
from trading.settings.locations import locations
from trading.settings.models import SevengatesSettings

KEYS = {setting.key: setting for setting in describe()}


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "sevengates.toml"
        path.write_text(text)
        return path

    return write


def refused(**given: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_settings(**{"environ": {}, **given})  # pyright: ignore[reportArgumentType]
    return caught.value


def test_without_any_source_the_defaults_hold() -> None:
    assert load_settings(environ={}) == SevengatesSettings()


def test_an_option_wins_over_a_variable_wins_over_the_file_key_by_key(written) -> None:
    file = written("[gates]\nmin_sharpe = 2.0\nmin_win_rate = 0.6\nmax_ece = 0.2\n")
    variables = {"SEVENGATES_GATES__MIN_SHARPE": "3.0", "SEVENGATES_GATES__MIN_WIN_RATE": "0.7"}
    gates = load_settings(file, variables, {"gates.min_sharpe": 4.0}).gates
    assert (gates.min_sharpe, gates.min_win_rate, gates.max_ece) == (4.0, 0.7, 0.2)


def test_the_file_is_found_in_the_working_directory_or_by_variable(
    written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written("[runtime]\nseed = 11\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings(environ={}).runtime.seed == 11
    monkeypatch.chdir("/")
    assert load_settings(environ={}).runtime.seed == SevengatesSettings().runtime.seed
    assert load_settings(environ={"SEVENGATES_CONFIG": str(file)}).runtime.seed == 11


def test_a_named_file_that_is_missing_or_not_toml_is_an_error_that_names_it(written, tmp_path: Path) -> None:
    for file in (tmp_path / "absent.toml", written("[gates\n")):
        error = refused(file=file)
        assert error.code is ReasonCode.CONFIG_FILE_UNREADABLE
        assert str(file) in error.message


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("[gates]\nmin_sharp = 1.0", "gates.min_sharpe"),
        ("[gate]\nmin_sharpe = 1.0", "gates"),
        ("[gates]\nsize_cap = 0.1", "risk.size_cap"),
    ],
    ids=["misspelt key", "misspelt table", "key under another table"],
)
def test_an_unknown_name_in_the_file_is_an_error_with_the_nearest_one(written, text: str, nearest: str) -> None:
    error = refused(file=written(text))
    assert error.code is ReasonCode.CONFIG_UNKNOWN_KEY
    assert error.remedy == f"Did you mean {nearest}?"


def test_an_unknown_variable_is_an_error_with_the_nearest_one() -> None:
    error = refused(environ={"SEVENGATES_GATES__MIN_SHARP": "1"})
    assert error.code is ReasonCode.CONFIG_UNKNOWN_KEY
    assert error.remedy == "Did you mean SEVENGATES_GATES__MIN_SHARPE?"
    assert refused(environ={"SEVENGATES_HOMES": "x"}).remedy == "Did you mean SEVENGATES_HOME?"


def test_a_value_out_of_bounds_names_key_value_origin_and_bound() -> None:
    error = refused(environ={"SEVENGATES_RISK__MIN_CONFIDENCE": "1.5"})
    assert error.code is ReasonCode.CONFIG_INVALID
    for part in ("risk.min_confidence", "1.5", "SEVENGATES_RISK__MIN_CONFIDENCE", "less than or equal to 1"):
        assert part in error.message


def test_all_wrong_values_are_named_at_once() -> None:
    error = refused(overrides={"risk.size_cap": -1, "gates.max_psi": "much"})
    assert error.fields["keys"] == ["risk.size_cap", "gates.max_psi"]


def test_a_rule_between_keys_is_reported_with_where_they_came_from() -> None:
    error = refused(environ={"SEVENGATES_SPLITS__TRAIN": "0.9"})
    assert "SEVENGATES_SPLITS__TRAIN" in error.message
    assert "test split" in error.message


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400"])
def test_a_number_that_is_not_finite_is_refused(text: str) -> None:
    assert refused(environ={"SEVENGATES_GATES__MIN_SHARPE": text}).code is ReasonCode.CONFIG_INVALID


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_survives_the_way_through_a_variable(value: float) -> None:
    loaded = load_settings(environ={"SEVENGATES_GATES__MIN_SHARPE": repr(value)}).gates.min_sharpe
    assert math.copysign(1.0, loaded) == math.copysign(1.0, value)
    assert loaded == value


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=30))
def test_text_keys_keep_a_variable_as_it_stands(text: str) -> None:
    assert load_settings(environ={"SEVENGATES_MARKET__SOURCE": text}).market.source == text


@given(st.text(max_size=20))
def test_no_text_in_a_number_key_escapes_as_anything_but_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        load_settings(environ={"SEVENGATES_GATES__MIN_SHARPE": text})


def test_a_list_is_written_as_toml_or_with_commas() -> None:
    for text in ('["BTCUSDT", "ETHUSDT"]', "BTCUSDT,ETHUSDT", "BTCUSDT, ETHUSDT"):
        assert load_settings(environ={"SEVENGATES_MARKET__SYMBOLS": text}).market.symbols == ("BTCUSDT", "ETHUSDT")


def test_the_short_home_variable_wins_so_that_children_agree_with_their_parent() -> None:
    variables = {"SEVENGATES_HOME": "/a", "SEVENGATES_RUNTIME__HOME": "/b"}
    assert load_settings(environ=variables).runtime.home == "/a"
    assert load_settings(environ=variables, overrides={"runtime.home": "/c"}).runtime.home == "/c"


@pytest.mark.parametrize("symbols", [("btc/usd", "BTC-USD"), ("",), ("../other",), ("A", "a")])
def test_symbols_that_are_none_or_would_share_a_model_are_refused(symbols: tuple[str, ...]) -> None:
    assert refused(overrides={"market.symbols": list(symbols)}).code == ReasonCode.CONFIG_INVALID


def test_a_home_without_a_name_is_refused() -> None:
    assert refused(overrides={"runtime.home": ""}).code == ReasonCode.CONFIG_INVALID


def test_no_secret_is_printed_not_even_in_an_error() -> None:
    variables = {
        "SEVENGATES_RUNTIME__TRACKING_TOKEN": "hunter2",
        "SEVENGATES_RUNTIME__TRACKING_URI": "https://me:hunter2@mlflow.example",
    }
    shown = to_toml(redacted(load_settings(environ=variables)))
    assert "hunter2" not in shown
    assert "https://me:**********@mlflow.example" in shown
    addresses = {
        "s3://key:hunter/2@bucket/prefix": "s3://key:**********@bucket/prefix",
        "postgresql://hunter2@db/mlflow": "postgresql://**********@db/mlflow",
        "postgresql://db/mlflow?user=me&password=hunter2": "postgresql://db/mlflow?user=me&password=**********",
        "s3://bucket/prefix": "s3://bucket/prefix",
        "sqlite:///var/a@b.db": "sqlite:///var/a@b.db",
    }
    assert {address: without_password(address) for address in addresses} == addresses
    assert "12345" not in str(refused(overrides={"runtime.tracking_token": 12345}))


def test_what_config_show_prints_is_a_settings_file_with_the_same_settings(written) -> None:
    settings = load_settings(environ={}, overrides={"market.symbols": "A,B", "market.source": 'csv:odd "name".csv'})
    assert load_settings(written(to_toml(redacted(settings))), environ={}) == settings


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_key_has_a_description_and_a_default_that_its_variable_accepts(key: str) -> None:
    setting = KEYS[key]
    assert setting.description.endswith(".")
    text = setting.default[1:-1] if setting.default.startswith('"') else setting.default
    assert load_settings(environ={setting.variable: text}) == SevengatesSettings()


def test_settings_cannot_be_changed_after_loading() -> None:
    settings = load_settings(environ={})
    with pytest.raises(ValidationError):
        settings.gates.min_sharpe = 0.0


def test_empty_places_lie_under_the_home_folder(tmp_path: Path) -> None:
    places = locations(load_settings(environ={"SEVENGATES_HOME": str(tmp_path)}).runtime)
    assert places.tracking_uri == f"sqlite:///{tmp_path}/mlflow/mlflow.db"
    assert (places.store, places.ledger) == (str(tmp_path / "store"), tmp_path / "ledger.db")


def test_a_key_that_takes_a_number_or_a_word_says_both_and_takes_both() -> None:
    assert KEYS["regimes.states"].type == "whole number, at least 2, at most 5 or `auto`"
    for text, expected in (("4", 4), ("auto", "auto")):
        assert load_settings(overrides={"regimes.states": text}).regimes.states == expected


RULE = 'regime = "crisis", reason = "so"'
WHEN = 'when = [{ input = "confidence", at_least = 0.5 }]'


def test_rules_of_the_market_are_read_from_the_file_in_their_order(written) -> None:
    text = f"""[[market_regimes.rules]]
regime = "crisis"
reason = "wild"
when = [{{ input = "log_volatility_medium", at_least = 4.0 }}]

[[market_regimes.rules]]
{RULE.replace(", ", chr(10))}
{WHEN}
"""
    rules = load_settings(written(text), {}).market_regimes.rules
    assert [(rule.regime, rule.reason, rule.when[0].input) for rule in rules] == [
        ("crisis", "wild", "log_volatility_medium"),
        ("crisis", "so", "confidence"),
    ]
    assert (rules[0].when[0].at_least, rules[0].when[0].at_most) == (4.0, None)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (f"{{ {RULE}, wen = [] }}", "rules.0.wen: Extra inputs are not permitted; did you mean when?"),
        (f"{{ {RULE}, when = [] }}", "rules.0.when: "),
        (f'{{ {RULE}, when = [{{ input = "direction" }}] }}', "the condition on direction asks for nothing"),
        (
            f'{{ {RULE}, when = [{{ input = "direction", at_leest = 1.0 }}] }}',
            "rules.0.when.0.at_leest: Extra inputs are not permitted; did you mean at_least?",
        ),
        (
            f'{{ {RULE}, when = [{{ input = "direction", at_least = 1.0, at_most = 0.0 }}] }}',
            "the condition on direction is never met: 1 is over 0",
        ),
        (f'{{ {RULE}, when = [{{ input = "direction", at_least = nan }}] }}', "rules.0.when.0.at_least: "),
        (f'{{ regime = "crash", reason = "so", {WHEN} }}', "rules.0.regime: "),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_its_place(written, rule: str, words: str) -> None:
    error = refused(file=written(f"[market_regimes]\nrules = [{rule}]\n"))
    assert error.code is ReasonCode.CONFIG_INVALID
    assert "market_regimes.rules" in error.message
    assert words in error.message
