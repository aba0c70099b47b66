from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.model.spec import Instrument
from trading.night.plan import plan_night
from trading.settings.models import InstrumentSpec, SevengatesSettings
from trading.training.instruments import instrument_of, resolved_instrument

PERPETUAL: dict[str, Any] = {
    "id": "BTCUSDT",
    "symbol": "BTC/USDT:USDT",
    "precision": {"price": 0.1, "amount": 0.001},
    "limits": {"cost": {"min": 5.0}},
    "contractSize": 1.0,
}


def table_of(folder: Path, *markets: dict[str, Any], as_list: bool = False) -> InstrumentSpec:
    content = list(markets) if as_list else {market["symbol"]: market for market in markets}
    path = folder / "markets.json"
    path.write_text(json.dumps(content))
    return InstrumentSpec(table=str(path))


def test_without_a_table_the_settings_are_the_instrument() -> None:
    spec = InstrumentSpec(tick=0.5, lot=2.0, contract_size=0.01, min_notional=7.0)
    assert instrument_of(spec, "ANY") == Instrument(tick=0.5, lot=2.0, contract_size=0.01, min_notional=7.0)


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize("symbol", ["BTCUSDT", "btcusdt", "BTC/USDT:USDT"])
def test_a_market_is_found_by_the_exchanges_name_and_by_ccxts(tmp_path: Path, symbol: str, as_list: bool) -> None:
    spec = table_of(tmp_path, {**PERPETUAL, "id": "ETHUSDT", "symbol": "ETH/USDT:USDT"}, PERPETUAL, as_list=as_list)
    assert instrument_of(spec, symbol) == Instrument(tick=0.1, lot=0.001, contract_size=1.0, min_notional=5.0)


def test_a_spot_market_has_no_contract_and_may_have_no_least_notional(tmp_path: Path) -> None:
    spec = table_of(tmp_path, {**PERPETUAL, "contractSize": None, "limits": {}})
    found = instrument_of(spec, "BTCUSDT")
    assert (found.contract_size, found.min_notional) == (1.0, 0.0)


def test_an_unknown_market_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no market BTCUSD, the nearest is btcusdt") as caught:
        instrument_of(table_of(tmp_path, PERPETUAL), "BTCUSD")
    assert caught.value.code is ReasonCode.CONFIG_INVALID


@pytest.mark.parametrize("value", [None, 0.0, -1.0, "0.1", True, math.nan, math.inf])
@pytest.mark.parametrize("key", ["price", "amount"])
def test_a_step_that_is_no_number_over_0_is_refused_by_its_key(tmp_path: Path, key: str, value: object) -> None:
    market = {**PERPETUAL, "precision": {**PERPETUAL["precision"], key: value}}
    with pytest.raises(ConfigError, match=f"precision.{key} of BTCUSDT"):
        instrument_of(table_of(tmp_path, market), "BTCUSDT")


@pytest.mark.parametrize("content", ["", "3", "[3]", "{"])
def test_a_file_that_holds_no_markets_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "markets.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"instrument\.table") as caught:
        instrument_of(InstrumentSpec(table=str(path)), "BTCUSDT")
    assert "load_markets" in caught.value.remedy


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        instrument_of(InstrumentSpec(table="/nowhere/markets.json"), "BTCUSDT")


def test_a_plan_holds_the_exchanges_numbers_and_not_the_path(tmp_path: Path) -> None:
    market = {**PERPETUAL, "id": "SIM", "symbol": "SIM/USDT"}
    spec = table_of(tmp_path, market)
    settings = SevengatesSettings.model_validate({"instrument": spec.model_dump()})
    plan = plan_night(settings, "SIM", "2022-01-01")
    assert plan.settings.instrument == resolved_instrument(spec, "SIM")
    assert (plan.settings.instrument.table, plan.settings.instrument.tick) == ("", 0.1)
    table_of(tmp_path, {**market, "precision": {"price": 0.5, "amount": 0.001}})
    assert plan_night(settings, "SIM", "2022-01-01").key != plan.key
