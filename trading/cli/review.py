"""``sevengates backtest`` and ``gates``: look at a model after its night."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trading.cli.options import AsOf, Interval, Source, Symbol, market_settings
from trading.cli.output import Json, print_json

Folder = Annotated[Path | None, typer.Option("--bundle", help="A bundle folder instead of a registered version.")]


def backtest_command(
    ctx: typer.Context,
    version: Annotated[int | None, typer.Option(help="Registered version; by default the one in Production.")] = None,
    folder: Folder = None,
    source: Source = None,
    symbol: Symbol = None,
    interval: Interval = None,
    as_of: AsOf = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First moment to trade, UTC; by default after the warm-up.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Trade a model over bars and print its metrics; nothing is stored.

    Bars that the model was trained on flatter it: name a start after its training, or trust its own verdict.
    """
    settings = market_settings(ctx, source=source, symbols=[symbol] if symbol else None, interval=interval)

    from trading.night.review import backtest_bundle, choose_bundle

    bundle = choose_bundle(settings, settings.market.symbols[0], version=version, folder=folder)
    report = backtest_bundle(settings, bundle, as_of=as_of, start=start)
    if as_json:
        print_json(report.as_json())
        return
    from trading.cli.output import print_table
    from trading.reports.metric_tables import metric_tables

    digest = report.bundle_digest[:12]
    typer.echo(f"{report.symbol}, {report.first} to {report.last}, {report.bars} bars, bundle {digest}")
    for table in metric_tables(report.metrics):
        print_table(table.columns, table.rows, title=table.title)
    typer.echo(f"Trade ledger SHA-256 {report.ledger_sha256}")
    for line in report.assumptions:
        typer.echo(f"  {line}")


def gates_command(
    ctx: typer.Context,
    version: Annotated[int | None, typer.Argument(help="Registered version; by default the one in Production.")] = None,
    symbol: Symbol = None,
    interval: Interval = None,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Print the verdict of the seven gates over a version, after asking them again over its stored evidence."""
    settings = market_settings(ctx, symbols=[symbol] if symbol else None, interval=interval)

    from trading.codes import ReasonCode
    from trading.errors import RegistryError
    from trading.night.review import choose_bundle
    from trading.registry.approval import judge_again, verdict_of

    bundle = choose_bundle(settings, settings.market.symbols[0], version=version, folder=folder)
    verdict = verdict_of(bundle)
    note = f"Asked again over evidence {verdict.evidence_digest[:12]}: the same verdict."
    try:
        judge_again(bundle)
    except RegistryError as error:
        # What an earlier release approved may trade on, so it can be looked at.
        if error.code is not ReasonCode.VERDICT_OUTDATED:
            raise
        note = f"Not asked again: {error.message} {error.remedy}"
    if as_json:
        print_json({"bundle_digest": bundle.digest, "verdict": verdict.as_json(), "note": note})
        return
    from trading.cli.verdict import print_verdict

    print_verdict(verdict)
    typer.echo(f"{note} Bundle {bundle.digest}")
