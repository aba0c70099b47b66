"""Which engines a night trains, with the options of each, checked."""

from __future__ import annotations

from typing import Any

from trading.engines.base import parsed_options
from trading.engines.table import engine_class, engine_code, engine_tag
from trading.settings.models import SevengatesSettings
from trading.values import Frozen


class EngineChoice(Frozen):
    """One engine of a night.

    Attributes:
        name: of the engine.
        tag: that its versions carry.
        options: what the user set for it, with the defaults of the rest.
        code: digest of its code, empty for a built-in one.
    """

    name: str
    tag: str
    options: dict[str, Any]
    code: str = ""

    @property
    def lookback(self) -> int:
        """Bars before its own that an opinion may depend on."""
        kind = engine_class(self.name)
        return kind.lookback(kind.Options.model_validate(self.options))


def chosen_engines(settings: SevengatesSettings) -> tuple[EngineChoice, ...]:
    """The engines of a night, in the order of the settings.

    Args:
        settings: tables ``engine`` and ``regimes``.

    Raises:
        ConfigError: if one is unknown, or an option of it.
    """
    return tuple(_choice(settings, name) for name in settings.engine.chosen)


def engine_options(settings: SevengatesSettings, name: str) -> dict[str, Any]:
    """What the user set for an engine; the regimes have a settings table of their own.

    Args:
        settings: of the night.
        name: of the engine.
    """
    if name == "regimes":
        return settings.regimes.model_dump()
    return dict(settings.engine.options.get(name, {}))


def _choice(settings: SevengatesSettings, name: str) -> EngineChoice:
    kind = engine_class(name)
    options = parsed_options(name, kind, engine_options(settings, name))
    # One tag for several engines would tell nothing.
    tag = settings.engine.tag if len(settings.engine.chosen) == 1 else ""
    return EngineChoice(
        name=name, tag=tag or engine_tag(name), options=options.model_dump(mode="json"), code=engine_code(name)
    )
