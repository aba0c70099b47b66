"""``sevengates data``: look at market data before a night does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trading.cli.context import settings_of
from trading.cli.output import Json, print_checks, print_error, print_json, print_table

app = typer.Typer(help="Check market data, and compare markets.", no_args_is_help=True)

Source = Annotated[str | None, typer.Option(help="For example csv:bars.csv, parquet:bars.parquet, ticks:trades.csv.")]
Interval = Annotated[str | None, typer.Option(help="Traded interval, for example 15m.")]


@app.command()
def check(
    ctx: typer.Context,
    source: Source = None,
    symbol: Annotated[list[str] | None, typer.Option(help="Symbol; repeatable.")] = None,
    interval: Interval = None,
    as_of: Annotated[str | None, typer.Option(help="Nothing later is seen, for example 2024-03-05.")] = None,
    as_json: Json = False,
) -> None:
    """Hold the contract against every symbol's bars; a breach quarantines the file and ends with exit code 3."""
    overrides = {"market.source": source, "market.symbols": symbol or None, "market.interval": interval}
    settings = settings_of(ctx, overrides)
    from trading.errors import DataError
    from trading.market.load import load_bars
    from trading.moments import moment_ms
    from trading.settings.locations import locations

    as_of_ms = moment_ms(as_of, option="--as-of")
    reports: list[dict[str, Any]] = []
    failure: DataError | None = None
    for name in settings.market.symbols:
        try:
            loaded = load_bars(settings.market, name, as_of_ms, locations(settings.runtime).quarantine)
        except DataError as error:
            # The other symbols are looked at all the same; the first breach is what the command ends with.
            failure = failure or error
            reports.append({"symbol": name, "error": error.as_json()})
            if not as_json:
                print_error(error, as_json=False)
            continue
        reports.append(loaded.report.model_dump(mode="json"))
        if not as_json:
            print_checks(
                loaded.report.checks, title=f"{name}: {loaded.report.traded_bars} bars of {settings.market.interval}"
            )
            for step in loaded.report.repairs:
                typer.echo(f"repaired: {step['message']}")
    if as_json:
        print_json(reports)
    if failure is not None:
        raise typer.Exit(failure.exit_code)


@app.command()
def facts(
    ctx: typer.Context,
    sources: Annotated[
        list[str], typer.Argument(help="Two or more sources to compare, for example sim:edge=1 btc.csv.")
    ],
    interval: Interval = None,
    as_json: Json = False,
) -> None:
    """Compare markets by their stylised facts: tails, volatility clusters, volume."""
    settings = settings_of(ctx, {"market.interval": interval})
    from trading.market.facts import FACTS, stylised_facts
    from trading.market.load import load_bars
    from trading.settings.locations import locations

    symbol = settings.market.symbols[0]
    found: dict[str, dict[str, float]] = {}
    for source in sources:
        market = settings.market.model_copy(update={"source": source, "funding": "", "history_bars": 10_000_000})
        loaded = load_bars(market, symbol, None, locations(settings.runtime).quarantine)
        found[source] = stylised_facts(loaded.bars)
    if as_json:
        print_json(found)
        return
    rows = [(name, *(found[source][name] for source in sources), meaning) for name, meaning in FACTS.items()]
    print_table(
        ("fact", *(Path(source).name for source in sources), "meaning"),
        rows,
        title=f"Stylised facts at {settings.market.interval}",
    )
