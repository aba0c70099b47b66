"""The embedded market as a source, for nights without any data: ``sim:edge=1,seed=7``."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, fields

from trading.canonical import digest_of
from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.market.raw import RawBars, raw_from_bars
from trading.market.sources.simulated import SimulatedMarket, require_possible, simulate
from trading.moments import DAY_MS, interval_ms
from trading.settings.models import MarketSpec

REPLAY_DAYS = 90
"""How far a replay goes past its start when no end is given: a file ends, this market never."""

_LABELLED = ("edge", "seed")
_TYPES: dict[str, type[float] | type[int] | type[str]] = {"float": float, "int": int, "str": str}


class EmbeddedSource:
    """One symbol of the embedded market; see :class:`trading.market.sources.base.Source`.

    Attributes:
        name: the parameters, with the traded interval unless they name one.
        market: the same as numbers.

    Args:
        target: parameters as :func:`parse_simulated` reads them.
        symbol: symbols share the parameters, not the random numbers.
        spec: the traded interval.

    Raises:
        ConfigError: if a parameter is unknown or cannot be.
    """

    path = None

    def __init__(self, target: str, *, symbol: str, spec: MarketSpec) -> None:
        self._symbol = symbol
        self._written = parse_simulated(target)
        parameters = _at_traded_interval(target, spec.interval)
        self.market = parse_simulated(parameters)
        self.name = f"sim:{parameters}"

    def identity(self) -> str:
        """SHA-256 of symbol and parameters."""
        market = asdict(self.market)
        # What release 0.1 did not know and does not change its markets is left out, so that they stay what they were.
        if not market["volatility"]:
            del market["volatility"]
        return digest_of({"market": market, "symbol": self._symbol})

    def label(self, identity: str) -> str:
        """Edge, seed, and every other parameter that was written and is not at its default."""
        values, blank = asdict(self._written), asdict(SimulatedMarket())
        shown = [f"{name}={value}" for name, value in values.items() if name in _LABELLED or value != blank[name]]
        return f"sim:{','.join(shown)}"

    def end_ms(self) -> int:
        """The last midnight UTC."""
        return last_midnight(time.time_ns() // 1_000_000)

    def replay_end_ms(self, start_ms: int) -> int:
        """Some months on: this market can be continued past every night."""
        return start_ms + REPLAY_DAYS * DAY_MS

    def read(self, until_ms: int | None) -> RawBars:
        """The bars from the market's start; without a moment to the last midnight UTC."""
        path = simulate(self.market, self.end_ms() if until_ms is None else until_ms, symbol=self._symbol)
        return raw_from_bars(path.bars, self.name)


def parse_simulated(text: str) -> SimulatedMarket:
    """The parameters in a text such as ``edge=1,seed=7``.

    >>> parse_simulated("edge=0").edge
    0.0

    Args:
        text: names and values, separated by commas; what is not named keeps its default.

    Raises:
        ConfigError: if a name is unknown or there twice, or a value is of another type or cannot be.
    """
    known = {field.name: field for field in fields(SimulatedMarket)}
    values: dict[str, float | int | str] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = item.partition("=")
        if name in values:
            raise _bad(f"embedded market parameter {name!r} is given twice", "Keep one of the two.")
        if name not in known:
            raise _bad(f"embedded market parameter {name!r} is unknown", f"Use one of {', '.join(known)}.")
        kind = _TYPES[str(known[name].type)]
        try:
            values[name] = kind(value)
        except ValueError:
            raise _bad(
                f"embedded market parameter {item!r} is not of type {kind.__name__}", "Write name=value."
            ) from None
        if kind is float and not math.isfinite(float(value)):
            raise _bad(f"embedded market parameter {item!r} is not finite", "Write a number.")
    market = SimulatedMarket(**values)  # pyright: ignore[reportArgumentType]  # each value has its field's own type
    require_possible(market)
    return market


def last_midnight(now_ms: int) -> int:
    """The last midnight UTC, in milliseconds.

    Args:
        now_ms: UTC milliseconds.
    """
    return now_ms // DAY_MS * DAY_MS


def _at_traded_interval(parameters: str, interval: str) -> str:
    """The embedded market makes bars of the traded interval itself, unless its parameters say otherwise."""
    if "interval=" in parameters or DAY_MS % interval_ms(interval):
        return parameters
    return ",".join(filter(None, (parameters, f"interval={interval}")))


def _bad(message: str, remedy: str) -> ConfigError:
    return ConfigError(ReasonCode.CONFIG_INVALID, f"{message}.", remedy=remedy)
