"""``sevengates engine``: which kinds of model there are, and whether one keeps what every engine promises."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trading.cli.context import settings_of
from trading.cli.output import Json, print_checks, print_json, print_table

app = typer.Typer(help="The kinds of model: list them, and check one of your own.", no_args_is_help=True)

CHECKED_BARS = 2_000
"""Enough for the slowest look-back of the built-in engines several times over."""


@app.command("list")
def list_engines(ctx: typer.Context, as_json: Json = False) -> None:
    """List the engines with their options: the built-in ones, and those of installed packages."""
    settings_of(ctx, create_home=False)
    from trading.engines.table import ENGINES, engine_class, engine_names, engine_tag

    rows: list[dict[str, Any]] = []
    for name in engine_names():
        kind = engine_class(name)
        options = {
            key: {"default": field.default, "meaning": field.description or ""}
            for key, field in kind.Options.model_fields.items()
        }
        rows.append(
            {
                "name": name,
                "tag": engine_tag(name),
                "from": "built in" if name in ENGINES else kind.__module__,
                "what": (kind.__doc__ or "").strip().splitlines()[0] if kind.__doc__ else "",
                "set_in": "[regimes]" if name == "regimes" else f"[engine.options.{name}]",
                "options": options,
            }
        )
    if as_json:
        print_json(rows)
        return
    print_table(
        ("engine", "tag", "from", "what it does"),
        [(row["name"], row["tag"], row["from"], row["what"]) for row in rows],
    )
    for row in rows:
        typer.echo(f"{row['set_in']}")
        for key, option in row["options"].items():
            typer.echo(f"  {key} = {option['default']}  {option['meaning']}")


@app.command()
def check(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="An engine of `sevengates engine list`.")],
    source: Annotated[str | None, typer.Option(help="Bars to try it on; by default the embedded market.")] = None,
    symbol: Annotated[str | None, typer.Option(help="The market; by default the first of market.symbols.")] = None,
    interval: Annotated[str | None, typer.Option(help="Length of the bar, for example 15m.")] = None,
    bars: Annotated[int, typer.Option(min=600, help="The last so many bars of the source are used.")] = CHECKED_BARS,
    as_json: Json = False,
) -> None:
    """Try an engine: batch equals streaming, no look-ahead, the same twice, warm-up, speed. Exit code 9 if it fails."""
    settings = settings_of(
        ctx, {"market.source": source, "market.interval": interval, "market.symbols": [symbol] if symbol else None}
    )
    from trading.engines.base import parsed_options
    from trading.engines.check import check_engine, checked_market
    from trading.engines.choice import engine_options
    from trading.engines.table import engine_class
    from trading.errors import EngineError
    from trading.market.load import load_bars
    from trading.results import blocking_failures
    from trading.settings.locations import locations

    kind = engine_class(name)
    market = settings.market
    loaded = load_bars(market, market.symbols[0], None, locations(settings.runtime).quarantine).bars
    tried = checked_market(loaded.slice(max(len(loaded) - bars, 0)), settings.features.windows)
    results = check_engine(kind, parsed_options(name, kind, engine_options(settings, name)), tried)
    if as_json:
        print_json([result.model_dump(mode="json") for result in results])
    else:
        print_checks(results, title=f"engine {name} on {len(tried.bars)} bars of {market.symbols[0]}")
    if blocking_failures(results):
        raise typer.Exit(EngineError.exit_code)
