"""The units in which a market trades, from the settings or from an exchange's own table."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.model.spec import Instrument
from trading.settings.models.instrument import InstrumentSpec
from trading.settings.models.market import plain_symbol


def instrument_of(spec: InstrumentSpec, symbol: str) -> Instrument:
    """The units of one market.

    Args:
        spec: the table ``[instrument]``; where it names an exchange's table, that is read.
        symbol: of the market.

    Raises:
        ConfigError: ``CONFIG_INVALID`` if the exchange's table cannot be read, does not know the market, or says no
            number that can be.
    """
    if not spec.table:
        return Instrument(
            tick=spec.tick, lot=spec.lot, contract_size=spec.contract_size, min_notional=spec.min_notional
        )
    path = Path(spec.table)
    market = _row(_markets(path), symbol, path)
    precision, limits = _part(market, "precision"), _part(market, "limits")
    contract = market.get("contractSize")
    least = _part(limits, "cost").get("min")
    return Instrument(
        tick=_number(precision.get("price"), "precision.price", symbol, path),
        lot=_number(precision.get("amount"), "precision.amount", symbol, path),
        contract_size=1.0 if contract is None else _number(contract, "contractSize", symbol, path),
        min_notional=0.0 if least is None else _number(least, "limits.cost.min", symbol, path, least=0.0),
    )


def resolved_instrument(spec: InstrumentSpec, symbol: str) -> InstrumentSpec:
    """The table with the exchange's numbers in place of the path they came from.

    Args:
        spec: the table ``[instrument]``.
        symbol: of the market.

    Raises:
        ConfigError: see :func:`instrument_of`.
    """
    return InstrumentSpec(**instrument_of(spec, symbol).model_dump())


def _markets(path: Path) -> list[Mapping[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unusable(path, f"it cannot be read: {error}") from None
    rows = list(content.values()) if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _unusable(path, "it holds no list of markets, and no markets by their symbols")
    return rows


def _row(markets: list[Mapping[str, Any]], symbol: str, path: Path) -> Mapping[str, Any]:
    """The market of a symbol, by what ccxt calls it or by what the exchange does; as models are named after it."""
    wanted = plain_symbol(symbol)
    names: dict[str, Mapping[str, Any]] = {}
    for market in markets:
        for key in ("id", "symbol"):
            if isinstance(market.get(key), str):
                names[plain_symbol(market[key])] = market
    if wanted not in names:
        close = get_close_matches(wanted, names, n=1, cutoff=0.5)
        raise _unusable(path, f"it has no market {symbol}" + (f", the nearest is {close[0]}" if close else ""))
    return names[wanted]


def _part(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = row.get(key)
    return part if isinstance(part, dict) else {}


def _number(value: Any, key: str, symbol: str, path: Path, *, least: float = math.ulp(0.0)) -> float:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not (math.isfinite(number) and number >= least):
        raise _unusable(path, f"{key} of {symbol} is {value!r}, expected a number over 0")
    return float(number)


def _unusable(path: Path, what: str) -> ConfigError:
    return ConfigError(
        ReasonCode.CONFIG_INVALID,
        f"instrument.table {path}: {what}.",
        remedy="Save `json.dumps(exchange.load_markets())` of ccxt there, or leave it empty and set instrument.tick, "
        "lot, contract_size and min_notional.",
    )
