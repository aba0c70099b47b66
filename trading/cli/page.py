"""``sevengates page``: the evaluation page of any version or bundle, as one file that opens without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trading.cli.options import Interval, Source, Symbol, market_settings
from trading.cli.output import Json, print_json
from trading.cli.review import Folder


def page_command(
    ctx: typer.Context,
    version: Annotated[int | None, typer.Argument(help="Registered version; by default the one in Production.")] = None,
    symbol: Symbol = None,
    interval: Interval = None,
    folder: Folder = None,
    source: Source = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="File to write; by default in pages/ under the home folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the evaluation page of a version: equity, trades, gates, errors and evidence in one HTML file.

    Its bars come from the store of its night; where that does not hold them, from the source, if it gives the same.
    """
    settings = market_settings(ctx, source=source, symbols=[symbol] if symbol else None, interval=interval)

    from trading.canonical import write_atomic
    from trading.model.naming import model_name
    from trading.night.evaluation_page import draw_bundle_page
    from trading.night.review import choose_bundle, production_version

    runtime, market = settings.runtime, settings.market
    number = version
    if folder is None and version is None:
        number = production_version(runtime, model_name(market.symbols[0], market.interval))
    bundle = choose_bundle(settings, market.symbols[0], version=number, folder=folder).bundle
    drawn = draw_bundle_page(
        settings, bundle, None if folder is not None else number, lambda words: typer.echo(words, err=True)
    )
    named = bundle.digest if folder is not None else f"{model_name(market.symbols[0], market.interval)}-{number}"
    path = output or Path(runtime.home) / "pages" / f"{named}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, drawn.html.encode())
    if as_json:
        print_json(
            {
                "bundle_digest": bundle.digest,
                "version": None if folder is not None else number,
                "path": str(path.resolve()),
                "bytes": len(drawn.html.encode()),
                "left_out": drawn.left_out,
            }
        )
        return
    typer.echo(f"Evaluation page: {path.resolve()}")
    for title, why in drawn.left_out.items():
        typer.echo(f"  without {title}: {why}")
