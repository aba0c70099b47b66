"""``sevengates leakage-check``: everything the leakage gate asks, on any engine, market and feature set."""

from __future__ import annotations

from typing import Annotated

import typer

from trading.cli.options import AsOf, Interval, Source, Symbol, market_settings
from trading.cli.output import Json, print_checks, print_json


def leakage_check(
    ctx: typer.Context,
    engine: Annotated[
        str | None, typer.Argument(help="An engine of `sevengates engine list`; by default that of the settings.")
    ] = None,
    source: Source = None,
    symbol: Symbol = None,
    interval: Interval = None,
    as_of: AsOf = None,
    features: Annotated[
        str | None,
        typer.Option(
            help="A feature set of your own, MODULE:FUNCTION or FILE.py:FUNCTION: from bars to a column for each name."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Look for leaks: features, decisions, fits, splits and targets. Exit code 9 if one is found.

    The engine is fitted and traded by the stages of a night, in a folder that is thrown away; nothing is stored. A
    fixed action decides: what a policy was trained on is recorded and judged in its own night.
    """
    settings = market_settings(ctx, source=source, symbols=[symbol] if symbol else None, interval=interval)
    from trading.errors import EngineError
    from trading.night.examination import examine, feature_set
    from trading.results import blocking_failures

    own = None if features is None else feature_set(features)
    found = examine(settings, engine, as_of=as_of, features=own)
    if as_json:
        print_json(
            {
                "engine": found.engine,
                "symbol": found.symbol,
                "bars": found.bars,
                "results": [result.model_dump(mode="json") for result in found.results],
            }
        )
    else:
        print_checks(found.results, title=f"engine {found.engine} on {found.bars} bars of {found.symbol}")
    if blocking_failures(found.results):
        raise typer.Exit(EngineError.exit_code)
