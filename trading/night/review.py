"""Looks at a model after its night: finds its bundle, and trades it over any bars."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trading.codes import ReasonCode
from trading.engines.stream import model_lookback
from trading.errors import DataError, RegistryError
from trading.market.bars import Bars
from trading.model.bundle import Bundle, load_bundle
from trading.model.naming import model_name
from trading.moments import Moment, interval_ms, moment_ms, moment_text
from trading.night.artifacts import numbers
from trading.night.services import ledger_of, registry_of
from trading.settings.locations import locations
from trading.settings.models import RuntimeSpec, SevengatesSettings

if TYPE_CHECKING:
    from trading.night.comparison import VersionComparison


@dataclass(frozen=True)
class BacktestReport:
    """A model's backtest over chosen bars.

    Attributes:
        symbol: the market.
        bundle_digest: of what traded.
        first: when the first bar opens.
        last: when the last bar closes.
        bars: how many.
        metrics: see :mod:`trading.simulation.metrics`.
        ledger_sha256: of the trades.
        assumptions: of the simulation, one sentence each.
    """

    symbol: str
    bundle_digest: str
    first: str
    last: str
    bars: int
    metrics: dict[str, float]
    ledger_sha256: str
    assumptions: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """JSON data; a number that is not finite is text."""
        return {**asdict(self), "metrics": numbers(self.metrics)}


def choose_bundle(settings: SevengatesSettings, symbol: str, *, version: int | None, folder: Path | None) -> Bundle:
    """The bundle of a folder, of a version, or of the version in Production; verified.

    Args:
        settings: name the registry and the interval.
        symbol: the market.
        version: in the registry; None is the one in Production.
        folder: of a bundle; None is the registry.

    Raises:
        RegistryError: ``MODEL_UNKNOWN`` if there is no such version, or nothing is in Production.
    """
    if folder is not None:
        return load_bundle(folder)
    name, runtime = model_name(symbol, settings.market.interval), settings.runtime
    return registry_of(runtime).bundle(name, production_version(runtime, name) if version is None else version)


def production_version(runtime: RuntimeSpec, model_name: str) -> int:
    """The version in Production by the ledger.

    Args:
        runtime: where the ledger is.
        model_name: registered model.

    Raises:
        RegistryError: ``MODEL_UNKNOWN`` if there is none.
    """
    entry = ledger_of(runtime).current(model_name) if locations(runtime).ledger.exists() else None
    if entry is None:
        raise RegistryError(
            ReasonCode.MODEL_UNKNOWN,
            f"{model_name} has no version in Production.",
            remedy="Name a version (sevengates models list shows them), or run a night.",
            model_name=model_name,
        )
    return entry.version


def backtest_bundle(settings: SevengatesSettings, bundle: Bundle, *, as_of: Moment, start: Moment) -> BacktestReport:
    """Trade a bundle over the bars of the settings' source.

    Args:
        settings: the market.
        bundle: the model.
        as_of: nothing later is seen; None is the source's end.
        start: first moment to trade; None is the end of the warm-up.

    Raises:
        DataError: if the bars breach the contract or none is left to trade.
    """
    from trading.reports.assumptions import assumptions
    from trading.simulation.backtest import run_backtest

    spec, bars = bundle.model.spec, _bars_of(settings, bundle, as_of)
    first = model_lookback(bundle.model)
    begin = moment_ms(start, option="--from")
    if begin is not None:
        first = max(first, int(np.searchsorted(bars.ts, begin)))
    if len(bars) - first < 2:
        raise DataError(
            ReasonCode.BARS_TOO_FEW,
            f"{spec.symbol}: {len(bars)} bars leave {max(len(bars) - first, 0)} to trade after warm-up and start.",
            remedy="Name an earlier start or a longer history.",
        )
    result = run_backtest(bundle.model, bars, first)
    return BacktestReport(
        symbol=spec.symbol,
        bundle_digest=bundle.digest,
        first=moment_text(int(bars.ts[first])),
        last=moment_text(int(bars.ts[-1]) + bars.interval),
        bars=len(bars) - first,
        metrics=dict(result.metrics),
        ledger_sha256=result.ledger_sha256,
        assumptions=tuple(assumptions(spec)),
    )


def compare_registered(
    settings: SevengatesSettings, model_name: str, versions: tuple[int, int], as_of: Moment, start: Moment
) -> VersionComparison:
    """Trade two registered versions over the same bars of the settings' source, at the settings' costs.

    Args:
        settings: the market and its costs.
        model_name: registered model.
        versions: of it.
        as_of: nothing later is seen; None is the source's end.
        start: first moment to trade; None is where the later of both test splits begins.

    Raises:
        RegistryError: ``MODEL_UNKNOWN`` if there is no such version.
        DataError: if the bars breach the contract or none is left to trade.
    """
    from trading.night.comparison import compare_versions
    from trading.training.assemble import model_costs

    registry = registry_of(settings.runtime)
    one, other = (registry.bundle(model_name, version) for version in versions)
    return compare_versions(
        model_name,
        versions,
        (one, other),
        _bars_of(settings, one, as_of),
        costs=model_costs(settings.costs),
        start_ms=moment_ms(start, option="--from"),
    )


def _bars_of(settings: SevengatesSettings, bundle: Bundle, as_of: Moment) -> Bars:
    """Bars of the bundle's own market and interval, from the settings' source."""
    from trading.market.load import load_bars

    spec = bundle.model.spec
    market = settings.market.model_copy(update={"symbols": (spec.symbol,)})
    if interval_ms(market.interval) != spec.interval:
        market = market.model_copy(update={"interval": bundle.lineage.interval})
    moment, quarantine = moment_ms(as_of, option="--as-of"), locations(settings.runtime).quarantine
    return load_bars(market, spec.symbol, moment, quarantine).bars
