"""Looks at a model after its night: finds its bundle and bars of its market, and compares two of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.market.bars import Bars
from trading.model.bundle import Bundle, load_bundle
from trading.model.naming import model_name
from trading.moments import Moment, interval_ms, moment_ms
from trading.night.services import ledger_of, registry_of
from trading.settings.locations import locations
from trading.settings.models import MarketSpec, RuntimeSpec, SevengatesSettings

if TYPE_CHECKING:
    from trading.night.comparison import VersionComparison


class ChosenBundle(NamedTuple):
    """A verified bundle, and what the registry calls it.

    Attributes:
        bundle: the model.
        model_name: registered model; empty for a folder.
        version: in the registry; None for a folder.
    """

    bundle: Bundle
    model_name: str
    version: int | None


def choose_bundle(
    settings: SevengatesSettings, symbol: str, *, version: int | None, folder: Path | None
) -> ChosenBundle:
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
        return ChosenBundle(load_bundle(folder), "", None)
    name, runtime = model_name(symbol, settings.market.interval), settings.runtime
    number = production_version(runtime, name) if version is None else version
    return ChosenBundle(registry_of(runtime).bundle(name, number), name, number)


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
        bars_of(settings, one, moment_ms(as_of, option="--as-of")),
        costs=model_costs(settings.costs),
        start_ms=moment_ms(start, option="--from"),
    )


def market_of(settings: SevengatesSettings, bundle: Bundle) -> MarketSpec:
    """The settings' market, for the symbol and the interval of a bundle.

    Args:
        settings: name the source.
        bundle: whose market it is.
    """
    spec = bundle.model.spec
    market = settings.market.model_copy(update={"symbols": (spec.symbol,)})
    if interval_ms(market.interval) == spec.interval:
        return market
    return market.model_copy(update={"interval": bundle.lineage.interval})


def bars_of(settings: SevengatesSettings, bundle: Bundle, as_of_ms: int | None) -> Bars:
    """Bars of a bundle's own market and interval, from the settings' source.

    Args:
        settings: name the source.
        bundle: whose market it is.
        as_of_ms: nothing later is seen, UTC milliseconds; None is the source's end.

    Raises:
        DataError: if the bars breach the contract.
    """
    from trading.market.load import load_bars

    quarantine = locations(settings.runtime).quarantine
    return load_bars(market_of(settings, bundle), bundle.model.spec.symbol, as_of_ms, quarantine).bars
