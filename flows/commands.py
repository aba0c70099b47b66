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
    from trading.settings.models import SevengatesSettings

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
    reports = None if force else _finished(settings, as_of)
    if reports is None:
        reports = _run_flow(ctx, "nightly", settings, as_of, quiet=as_json, force=force)
    _print_reports(reports, settings, as_json=as_json)


def train_command(
    ctx: typer.Context,
    source: Source = None,
    symbol: Symbols = None,
    interval: Interval = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Train and judge candidates without registering them; each becomes a bundle folder under the home folder."""
    settings = market_settings(ctx, source=source, symbols=symbol, interval=interval)
    reports = _run_flow(ctx, "train", settings, as_of, quiet=as_json)
    _print_reports(reports, settings, as_json=as_json)


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


def _finished(settings: SevengatesSettings, as_of: str | None) -> list[NightReport] | None:
    """The reports of a night that is finished for every symbol, found without starting anything; else None."""
    from trading.errors import DataError
    from trading.night.report import find_report
    from trading.night.workspace import open_night

    reports: list[NightReport] = []
    for symbol in settings.market.symbols:
        try:
            report = find_report(open_night(settings, symbol, as_of))
        except DataError:
            # The flow meets the same error, reports it for this symbol, and goes on with the others.
            return None
        if report is None:
            return None
        reports.append(report)
    return reports


def _run_flow(
    ctx: typer.Context,
    name: str,
    settings: SevengatesSettings,
    as_of: str | None,
    *,
    quiet: bool,
    **options: Any,
) -> list[NightReport]:
    """Run a flow in this process, on the server that PREFECT_API_URL names or on an embedded one."""
    from trading.moments import moment_time

    invocation: Invocation = ctx.obj
    if invocation.config is not None:
        # The flow's defaults come from the same file.
        os.environ["SEVENGATES_CONFIG"] = str(invocation.config.resolve())
    moment = moment_time(as_of, option="--as-of")
    typer.echo(f"Running {name} for {', '.join(settings.market.symbols)} on {settings.market.source}.", err=True)
    if not os.environ.get("PREFECT_API_URL"):
        typer.echo("Starting the embedded Prefect server; the first time takes some ten seconds.", err=True)
    from flows.local import run_here

    _quieten_logs(all_of_prefect=quiet)
    state = run_here(name, settings, as_of=moment, **options)
    result = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    return result


class _TaskEndings(logging.Filter):
    """Leaves out what Prefect says after every task, because the task has said it already."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        return not (text.startswith("Finished in state ") and ("Completed()" in text or "Unchanged(" in text))


def _quieten_logs(*, all_of_prefect: bool) -> None:
    for name in ("prefect.task_runs", "prefect.flow_runs"):
        logging.getLogger(name).addFilter(_TaskEndings())
    # This module announces every temporary folder, and sets the level of its parents when it is imported.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    if all_of_prefect:
        logging.getLogger("prefect").setLevel(logging.WARNING)


def _print_reports(reports: list[NightReport], settings: SevengatesSettings, *, as_json: bool) -> None:
    from trading.night.report import exit_code, night_name

    if as_json:
        print_json({"result": night_name(reports), "nights": [report.as_json() for report in reports]})
    else:
        from trading.cli.verdict import print_night

        print_night(reports, settings)
    raise typer.Exit(exit_code(reports))
