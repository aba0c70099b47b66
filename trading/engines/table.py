"""The engines by name: the built-in ones, and those that other packages offer by the entry point group.

To add a built-in engine: one folder with a class of :class:`trading.engines.base.Engine`, and one row here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from trading.codes import ReasonCode
from trading.engines.base import Engine, EngineSetup, engine_errors
from trading.errors import ConfigError, RegistryError
from trading.model.model import TradingModel
from trading.model.spec import EngineIdentity
from trading.plugins import load_plugin, plugin_error, plugin_module, plugin_names

GROUP = "sevengates.engines"


def _regimes() -> type[Engine]:
    from trading.engines.regimes.engine import Regimes

    return Regimes


def _moving_average() -> type[Engine]:
    from trading.engines.moving_average.engine import MovingAverage

    return MovingAverage


def _mean_reversion() -> type[Engine]:
    from trading.engines.mean_reversion.engine import MeanReversion

    return MeanReversion


def _liquidity() -> type[Engine]:
    from trading.engines.liquidity.engine import Liquidity

    return Liquidity


def _event_fade() -> type[Engine]:
    from trading.engines.event_fade.engine import EventFade

    return EventFade


ENGINES: dict[str, Callable[[], type[Engine]]] = {
    "regimes": _regimes,
    "moving_average": _moving_average,
    "mean_reversion": _mean_reversion,
    "liquidity": _liquidity,
    "event_fade": _event_fade,
}
"""Name to what imports the engine; one row for each built-in engine."""


def engine_names() -> list[str]:
    """Every engine that can be used here, built-in ones first."""
    return [*ENGINES, *(name for name in plugin_names(GROUP) if name not in ENGINES)]


def engine_class(name: str) -> type[Engine]:
    """The engine of a name.

    Args:
        name: built in, or offered by an installed package.

    Raises:
        ConfigError: ``ENGINE_UNKNOWN``, naming the engines there are; ``PLUGIN_INVALID`` if a package offers something
            that is no engine, or that cannot be imported.
    """
    if name in ENGINES:
        return ENGINES[name]()
    found = load_plugin(GROUP, name)
    if found is None:
        raise ConfigError(
            ReasonCode.ENGINE_UNKNOWN,
            f"there is no engine {name!r}; engines here: {', '.join(engine_names())}.",
            remedy=f"Name one of them, or install the package that offers it by the entry point group {GROUP}.",
        )
    if not (isinstance(found, type) and issubclass(found, Engine)):
        raise plugin_error(GROUP, name, "is no class of trading.engines.base.Engine", "Correct the entry point.")
    return found


def engine_tag(name: str) -> str:
    """What versions of an engine are marked with, for example ``hmm_v1``.

    Args:
        name: of a built-in engine, or of the entry point of another package's.
    """
    return engine_class(name).tag or f"{name}_v1"


def engine_code(name: str) -> str:
    """SHA-256 of the code of an engine from outside the package; empty for a built-in one.

    It covers every Python file of the top-level package that the entry point names, or the one file of a module. It is
    found without importing anything, so that code can be refused before it runs.

    Args:
        name: of the engine.

    Raises:
        ConfigError: ``PLUGIN_INVALID`` if there is no source to read.
    """
    module = None if name in ENGINES else plugin_module(GROUP, name)
    if module is None:
        return ""
    top = module.partition(".")[0]
    spec = find_spec(top)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    files = [(file.relative_to(folder).as_posix(), file) for folder in folders for file in Path(folder).rglob("*.py")]
    if spec is not None and not folders and spec.origin is not None and spec.origin.endswith(".py"):
        files = [(Path(spec.origin).name, Path(spec.origin))]
    if not files:
        raise plugin_error(GROUP, name, f"names the module {top}, which has no source files", "Reinstall the package.")
    digest = hashlib.sha256()
    for place, file in sorted(files):
        digest.update(place.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def open_engine(model: TradingModel) -> Engine:
    """The engine of a model, fresh, on the model's data.

    Args:
        model: from a bundle or from training.

    Raises:
        RegistryError: ``ENGINE_MISSING`` if the engine is not installed, ``ENGINE_MISMATCH`` if its code is not that of
            training, ``BUNDLE_INVALID`` if it cannot work with the model's data.
        ConfigError: ``PLUGIN_INVALID`` if it cannot be imported.
        EngineError: ``ENGINE_BROKEN`` if it cannot be opened.
    """
    identity = model.spec.engine
    _require_code(identity)
    setup = EngineSetup(options=identity.options, arrays=model.engine, feature_names=model.spec.feature_names)
    engine = engine_class(identity.name)
    if identity.revision > engine.revision or identity.extras != engine.extras:
        raise RegistryError(
            ReasonCode.ENGINE_MISMATCH,
            f"the model was made by revision {identity.revision} of engine {identity.name}, here is {engine.revision}.",
            remedy="Install the release of Sevengates that made the model, or a later one.",
        )
    with engine_errors(identity.name, "be opened"):
        return engine(setup)


def _require_code(identity: EngineIdentity) -> None:
    """Refuse an engine that is not there or whose code has changed, before any of it runs."""
    if identity.name not in engine_names():
        raise RegistryError(
            ReasonCode.ENGINE_MISSING,
            f"the model needs the engine {identity.name!r}; engines here: {', '.join(engine_names())}.",
            remedy=f"Install the package that offers it by the entry point group {GROUP}.",
        )
    found = engine_code(identity.name)
    if found != identity.code:
        raise RegistryError(
            ReasonCode.ENGINE_MISMATCH,
            f"the model was made with code {identity.code[:12] or 'built in'} of engine {identity.name}, here is "
            f"{found[:12] or 'the built-in one'}.",
            remedy="Install the very version of the package that the model was trained with, or train again.",
        )
