"""Options that several commands take, and the settings that follow from those about the market."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trading.cli.context import settings_of

if TYPE_CHECKING:
    from trading.settings.models import SevengatesSettings

Source = Annotated[
    str | None, typer.Option(help="Where bars come from: sim:edge=1, csv:PATH, parquet:PATH, ticks:PATH, or a path.")
]
Symbols = Annotated[list[str] | None, typer.Option("--symbol", help="A symbol of the night; repeatable.")]
Symbol = Annotated[str | None, typer.Option(help="The market; by default the first of market.symbols.")]
Interval = Annotated[str | None, typer.Option(help="Length of the traded bar, for example 15m.")]
Chosen = Annotated[
    str | None,
    typer.Argument(
        metavar="[VERSION|FOLDER]", help="A version, or a bundle's folder; by default Production's version."
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(help="Moment of the night, UTC; nothing later is seen. By default the end of the data."),
]


def version_or_folder(chosen: str | None) -> tuple[int | None, Path | None]:
    """What :data:`Chosen` names: a version, or a bundle's folder; neither if nothing was written.

    Args:
        chosen: as the user wrote it; digits are a version.
    """
    if chosen is None:
        return None, None
    return (int(chosen), None) if chosen.isdecimal() else (None, Path(chosen))


def market_settings(
    ctx: typer.Context,
    *,
    source: str | None = None,
    symbols: Sequence[str] | None = None,
    interval: str | None = None,
) -> SevengatesSettings:
    """The settings of a command with its options about the market in force.

    Args:
        ctx: the command's context.
        source: where bars come from.
        symbols: the markets.
        interval: length of the traded bar.
    """
    overrides = {
        "market.source": source,
        "market.symbols": list(symbols) if symbols else None,
        "market.interval": interval,
    }
    return settings_of(ctx, overrides)
