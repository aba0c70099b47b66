"""``sevengates nightly`` and ``train``: run a flow in this process and print what it ended with."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trading.cli.context import Invocation
from trading.cli.options import AsOf, Chosen, Interval, Source, Symbol, Symbols, market_settings, version_or_folder
from trading.cli.output import Json, print_json, print_table

if TYPE_CHECKING:
    from trading.night.report import NightReport
    from trading.reports.training import ExplainedTraining
    from trading.settings.models import SevengatesSettings

Explain = Annotated[
    bool, typer.Option("--explain", help="Say how it was trained: depth, regimes, starts, levels and seeds.")
]
Force = Annotated[bool, typer.Option("--force", help="Repeat every stage even if it is finished.")]


def nightly_command(
    ctx: typer.Context,
    source: Source = None,
    symbol: Symbols = None,
    interval: Interval = None,
    as_of: AsOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Run a night: data, training, seven gates, registration, and promotion if it is proven better.

    A rejected candidate is a result and ends with 0. The same night twice says within seconds that there is nothing
    to do.
    """
    settings = market_settings(ctx, source=source, symbols=symbol, interval=interval)
    from trading.moments import moment_time
    from trading.night.backfill import find_reports

    reports = None if force else find_reports(settings, as_of)
    if reports is None:
        moment = moment_time(as_of, option="--as-of")
        reports = _run_flow(ctx, "nightly", settings, quiet=as_json, as_of=moment, force=force)
    _print_reports(reports, settings, as_json=as_json)


def train_command(
    ctx: typer.Context,
    source: Source = None,
    symbol: Symbols = None,
    interval: Interval = None,
    as_of: AsOf = None,
    explain: Explain = False,
    as_json: Json = False,
) -> None:
    """Train and judge candidates without registering them; each becomes a bundle folder under the home folder."""
    settings = market_settings(ctx, source=source, symbols=symbol, interval=interval)
    from trading.moments import moment_time

    reports = _run_flow(ctx, "train", settings, quiet=as_json, as_of=moment_time(as_of, option="--as-of"))
    _print_reports(reports, settings, explain=explain, as_json=as_json)


def backfill_command(
    ctx: typer.Context,
    start: Annotated[str, typer.Option("--from", help="Moment of the first night, UTC.")],
    stop: Annotated[str, typer.Option("--to", help="No night is later, UTC.")],
    every: Annotated[str, typer.Option(help="From one night to the next, such as 1d or 12h.")] = "1d",
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Run the later nights although one has failed.")
    ] = False,
    source: Source = None,
    symbol: Symbols = None,
    interval: Interval = None,
    as_json: Json = False,
) -> None:
    """Run the nights of a period, oldest first, each as of its own moment; finished ones are not repeated.

    A night sees nothing that came later: no bar, no champion, no journal. The exit code is that of the first night that
    failed.
    """
    settings = market_settings(ctx, source=source, symbols=symbol, interval=interval)

    from trading.night.backfill import backfill_moments, backfill_name, exit_code_of, table_rows

    moments = backfill_moments(start, stop, every)
    typer.echo(f"{len(moments)} nights from {moments[0]:%Y-%m-%d %H:%M} to {moments[-1]:%Y-%m-%d %H:%M} UTC.", err=True)
    options = {"start": moments[0], "stop": moments[-1], "every": every}
    failing = "go-on" if keep_going else "stop"
    nights = _run_flow(ctx, "backfill", settings, quiet=as_json, **options, on_failure=failing)
    left = len(moments[len(nights) :])
    if as_json:
        print_json({"result": backfill_name(nights), "not_run": left, "nights": [night.as_json() for night in nights]})
    else:
        columns = ("as of", "symbol", "result", "version", "sharpe", "trades", "why")
        print_table(columns, table_rows(nights), title=f"{len(nights)} of {len(moments)} nights")
        if left:
            typer.echo(f"Stopped: {left} nights were not run. Repeat the command, or add --keep-going.")
        typer.echo(f"{backfill_name(nights)}.")
    raise typer.Exit(exit_code_of(nights))


def reproduce_command(
    ctx: typer.Context,
    chosen: Chosen = None,
    source: Source = None,
    symbol: Symbol = None,
    interval: Interval = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Repeat the night although data or code are not as they were.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build a version again from its manifest, and name the first stage that differs; exit code 6 if one does.

    The night is repeated in an empty home, with the settings, the moment and the champion that the manifest names;
    nothing is registered.
    """
    settings = market_settings(ctx, symbols=[symbol] if symbol else None, interval=interval)

    import tempfile
    from pathlib import Path

    from trading.errors import RegistryError
    from trading.night import reproduction
    from trading.night.review import choose_bundle
    from trading.settings.locations import locations
    from trading.store import Store

    version, folder = version_or_folder(chosen)
    found = choose_bundle(settings, settings.market.symbols[0], version=version, folder=folder)
    manifest = reproduction.manifest_of_version(settings.runtime, found)
    with tempfile.TemporaryDirectory(prefix="sevengates-reproduce-") as scratch:
        night = reproduction.repeated_night(manifest, Path(scratch), workers=settings.policy.workers, source=source)
        differences = reproduction.differing_inputs(manifest, night.plan)
        if not anyway:
            reproduction.require_same_inputs(manifest, differences)
        places = locations(settings.runtime)
        snapshot = reproduction.carried_snapshot(manifest, found.bundle, Store(places.store), night.store)
        took = sum(stage.wall_s or 0.0 for stage in manifest.stages)
        typer.echo(f"Building bundle {found.bundle.digest[:12]} again; its stages took {took:.0f} s then.", err=True)
        from flows.local import repeat_here

        _quieten_logs(all_of_prefect=as_json)
        rebuilt = next(one for one in repeat_here(places.home, night, snapshot) if one.engine == manifest.engine)
    compared = reproduction.compare_nights(manifest, rebuilt, differences)
    if as_json:
        print_json(compared.as_json())
    else:
        rows = [
            (stage.stage, "same" if stage.same else "DIFFERS", _digests(stage.then), _digests(stage.now))
            for stage in compared.stages
        ]
        print_table(("stage", "", "then", "now"), rows, title=f"Bundle {manifest.bundle_digest[:12]}, stage by stage")
        for line in differences:
            typer.echo(f"Note: {line}.")
        typer.echo(reproduction.reproduction_line(compared))
    raise typer.Exit(0 if compared.same else RegistryError.exit_code)


def _digests(outputs: Mapping[str, str]) -> str:
    return ", ".join(f"{kind} {digest[:8]}" for kind, digest in sorted(outputs.items()))


def _run_flow(
    ctx: typer.Context,
    name: str,
    settings: SevengatesSettings,
    *,
    quiet: bool,
    **options: Any,
) -> Any:
    """Run a flow in this process, on the server that PREFECT_API_URL names or on an embedded one."""
    invocation: Invocation = ctx.obj
    if invocation.config is not None:
        # The flow's defaults come from the same file.
        os.environ["SEVENGATES_CONFIG"] = str(invocation.config.resolve())
    typer.echo(f"Running {name} for {', '.join(settings.market.symbols)} on {settings.market.source}.", err=True)
    if not os.environ.get("PREFECT_API_URL"):
        typer.echo("Starting the embedded Prefect server; the first time takes some ten seconds.", err=True)
    from flows.local import run_here

    _quieten_logs(all_of_prefect=quiet)
    state = run_here(name, settings, **options)
    result = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    return result


class _TaskEndings(logging.Filter):
    """Leaves out what Prefect says after every task, because the task has said it already."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        return not (text.startswith("Finished in state ") and ("Completed()" in text or "Unchanged(" in text))


class _OfBackfill(logging.Filter):
    """Lets pass what the backfill itself says, and warnings."""

    def filter(self, record: logging.LogRecord) -> bool:
        own = getattr(record, "flow_name", "") == "backfill" and record.getMessage().startswith("Night ")
        return own or record.levelno >= logging.WARNING


def _quieten_logs(*, all_of_prefect: bool) -> None:
    for name in ("prefect.task_runs", "prefect.flow_runs"):
        logging.getLogger(name).addFilter(_TaskEndings())
    # This module announces every temporary folder, and sets the level of its parents when it is imported.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    if all_of_prefect:
        logging.getLogger("prefect").setLevel(logging.WARNING)
        # A backfill takes hours; its line for every night goes to standard error also where a machine reads the result.
        told = logging.getLogger("prefect.flow_runs")
        told.setLevel(logging.INFO)
        told.addFilter(_OfBackfill())


def _print_reports(
    reports: list[NightReport], settings: SevengatesSettings, *, explain: bool = False, as_json: bool
) -> None:
    from trading.night.report import exit_code, night_name

    trained = [report for report in reports if report.folder] if explain else []
    if as_json:
        explained = {"training": {one.symbol: _training(one, settings).as_json() for one in trained}} if explain else {}
        print_json({"result": night_name(reports), "nights": [report.as_json() for report in reports], **explained})
    else:
        from trading.cli.verdict import print_night

        for report in trained:
            for table in _training(report, settings).tables():
                print_table(table.columns, table.rows, title=f"{report.symbol}: {table.title}")
        print_night(reports, settings)
    raise typer.Exit(exit_code(reports))


def _training(report: NightReport, settings: SevengatesSettings) -> ExplainedTraining:
    """How the candidate of a symbol was trained."""
    from pathlib import Path

    from trading.model.bundle import load_bundle
    from trading.night.evaluation_page import training_of
    from trading.reports.training import ExplainedTraining
    from trading.settings.locations import locations
    from trading.store import Store

    bundle = load_bundle(Path(report.folder))
    training, _ = training_of(Store(locations(settings.runtime).store), bundle)
    return ExplainedTraining.of(bundle, training)
