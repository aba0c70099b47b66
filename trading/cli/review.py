"""``sevengates backtest`` and ``gates``: look at a model after its night."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trading.cli.options import AsOf, Chosen, Interval, Source, Symbol, market_settings, version_or_folder
from trading.cli.output import Json, print_json

if TYPE_CHECKING:
    from trading.night.version_backtest import VersionBacktest

Folder = Annotated[Path | None, typer.Option("--bundle", help="A bundle folder instead of a registered version.")]


def backtest_command(
    ctx: typer.Context,
    chosen: Chosen = None,
    version: Annotated[int | None, typer.Option(help="Registered version; by default the one in Production.")] = None,
    folder: Folder = None,
    source: Source = None,
    symbol: Symbol = None,
    interval: Interval = None,
    as_of: AsOf = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First moment to trade, UTC; by default the start of the test split.")
    ] = None,
    stop: Annotated[
        str | None, typer.Option("--to", help="No bar closes later, UTC; by default the end of the test split.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write trades and equity: FILE.csv, FILE.parquet (two files each), FILE.json.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the equity: FILE.png, or FILE.html as a page.")] = None,
    as_json: Json = False,
) -> None:
    """Trade a model over its test split, or the bars you name, and print its metrics; nothing is stored.

    Bars that the model was trained on flatter it; where it trades any of them, the report says so.
    """
    settings = market_settings(ctx, source=source, symbols=[symbol] if symbol else None, interval=interval)

    from trading.night.review import choose_bundle
    from trading.night.version_backtest import Span, backtest_bundle
    from trading.reports.backtest_files import PICTURE_ENDINGS, TABLE_ENDINGS, require_ending

    if export is not None:
        require_ending(export, TABLE_ENDINGS, "--export")
    if plot is not None:
        require_ending(plot, PICTURE_ENDINGS, "--plot")
    named_version, named_folder = version_or_folder(chosen)
    found = choose_bundle(
        settings,
        settings.market.symbols[0],
        version=named_version if version is None else version,
        folder=named_folder or folder,
    )
    span = Span(start=start, stop=stop, as_of=as_of)
    done = backtest_bundle(settings, found.bundle, span, model_name=found.model_name, version=found.version)
    written = _write_backtest(done, export, plot)
    if as_json:
        print_json({**done.report.as_json(), "written": [str(path) for path in written]})
        return
    from trading.cli.backtest import print_backtest

    print_backtest(done.report)
    for path in written:
        typer.echo(f"written: {path}")


def _write_backtest(done: VersionBacktest, export: Path | None, plot: Path | None) -> list[Path]:
    from trading.cli.backtest import facts_of, title_of
    from trading.night.version_backtest import sample_line
    from trading.reports.backtest_files import Series, export_backtest, plot_backtest

    report, result = done.report, done.result
    series = Series(result.ts.tolist(), result.equity.tolist(), done.close.tolist(), done.parts)
    written: list[Path] = []
    if export is not None:
        written += export_backtest(export, report.as_json(), result.trades, series)
    if plot is not None:
        notes = [sample_line(report), *report.assumptions]
        written.append(plot_backtest(plot, title_of(report), facts_of(report), notes, series))
    return written


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

    bundle = choose_bundle(settings, settings.market.symbols[0], version=version, folder=folder).bundle
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
