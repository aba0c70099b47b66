"""Settings table ``[engine]``: which kinds of model are trained for a market."""

from __future__ import annotations

from pydantic import Field

from trading.settings.models.base import Spec


class EngineSpec(Spec):
    """Which kinds of model are trained for a market."""

    name: str = Field(
        default="regimes",
        min_length=1,
        description="The engine: regimes, moving_average, mean_reversion, liquidity, event_fade, or one of an "
        "installed package; `sevengates engine list` shows them.",
    )
    names: tuple[str, ...] = Field(
        default=(),
        description="Several engines, each trained and judged in the same night; the best approved one meets the "
        "champion. Empty: the one of `name`.",
    )
    tag: str = Field(
        default="",
        pattern=r"^[a-z0-9_.-]{0,40}$",
        description="What versions are marked with; empty: the engine's own.",
    )
    options: dict[str, dict[str, bool | int | float | str]] = Field(
        default_factory=dict,
        description="Options of each engine by its name, for example `fast = 12` in `[engine.options.moving_average]`.",
    )

    @property
    def chosen(self) -> tuple[str, ...]:
        """The engines of a night, each once."""
        return tuple(dict.fromkeys(self.names)) or (self.name,)
