"""``sevengates nightly``, ``train``, ``backtest`` and ``gates``: run a night or part of one, print the verdict."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trading.cli.context import Invocation, settings_of
from trading.cli.output import Json, print_json

if TYPE_CHECKING:
    from trading.night.report import NightReport
    from trading.settings.models import SevengatesSettings

Source = Annotated[
    str | None, typer.Option(help="Where bars come from: sim:edge=1, csv:PATH, parquet:PATH, ticks:PATH, or a path.")
]
Symbols = Annotated[list[str] | None, typer.Option("--symbol", help="A symbol of the night; repeatable.")]
Symbol = Annotated[str | None, typer.Option(help="The market; by default the first of market.symbols.")]
Interval = Annotated[str | None, typer.Option(help="Length of the traded bar, for example 15m.")]
AsOf = Annotated[
    str | None,
    typer.Option(help="Moment of the night, UTC; nothing later is seen. By default the end of the data."),
]
Force = Annotated[bool, typer.Option("--force", help="Repeat every stage even if it is finished.")]
FLOW_PARAMETERS = (
    "market", "splits", "features", "regimes", "policy", "costs", "risk", "calibration", "drift", "leakage", "stress",
    "gates",
)  # fmt: skip


def nightly(
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
    settings = _settings(ctx, source, symbol, interval)
    reports = None if force else _finished(settings, as_of)
    if reports is None:
        promotion = {"promotion": settings.promotion, "force": force}
        reports = _run_flow(ctx, "nightly", settings, as_of, promotion, quiet=as_json)
    _show(reports, settings, as_json=as_json)


def train(
    ctx: typer.Context,
    source: Source = None,
    symbol: Symbols = None,
    interval: Interval = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Train and judge candidates without registering them; each becomes a bundle folder under the home folder."""
    settings = _settings(ctx, source, symbol, interval)
    reports = _run_flow(ctx, "train", settings, as_of, {}, quiet=as_json)
    _show(reports, settings, as_json=as_json)


def backtest(
    ctx: typer.Context,
    version: Annotated[int | None, typer.Option(help="Registered version; by default the one in Production.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="A bundle folder instead of a registered version.")] = None,
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
    settings = _settings(ctx, source, [symbol] if symbol else None, interval)

    from trading.night.replay import backtest_bundle, chosen_bundle

    chosen = chosen_bundle(settings, settings.market.symbols[0], version, bundle)
    result = backtest_bundle(settings, chosen, as_of, start)
    if as_json:
        print_json(result.as_json())
        return
    from trading.cli.output import print_table

    print_table(
        ("metric", "value"),
        list(result.metrics.items()),
        title=f"{result.symbol}, {result.first} to {result.last}, {result.bars} bars, bundle {result.bundle[:12]}",
    )
    typer.echo(f"Trade ledger SHA-256 {result.ledger_sha256}")
    for line in result.assumptions:
        typer.echo(f"  {line}")


def gates(
    ctx: typer.Context,
    version: Annotated[int | None, typer.Argument(help="Registered version; by default the one in Production.")] = None,
    symbol: Symbol = None,
    interval: Interval = None,
    bundle: Annotated[Path | None, typer.Option(help="A bundle folder instead of a registered version.")] = None,
    as_json: Json = False,
) -> None:
    """Print the verdict of the seven gates over a version, after asking them again over its stored evidence."""
    settings = _settings(ctx, None, [symbol] if symbol else None, interval)

    from trading.night.replay import chosen_bundle
    from trading.registry.approval import judge_again

    chosen = chosen_bundle(settings, settings.market.symbols[0], version, bundle)
    verdict = judge_again(chosen)
    if as_json:
        print_json({"bundle_digest": chosen.digest, "verdict": verdict.as_json()})
        return
    from trading.cli.verdict import print_verdict

    print_verdict(verdict)
    typer.echo(f"Asked again over evidence {verdict.evidence_digest[:12]}: the same verdict. Bundle {chosen.digest}")


def _settings(
    ctx: typer.Context, source: str | None, symbols: Sequence[str] | None, interval: str | None
) -> SevengatesSettings:
    overrides = {
        "market.source": source,
        "market.symbols": list(symbols) if symbols else None,
        "market.interval": interval,
    }
    return settings_of(ctx, overrides)


def _finished(settings: SevengatesSettings, as_of: str | None) -> list[NightReport] | None:
    """The reports of a night that is finished for every symbol, found without starting anything; else None."""
    from trading.errors import DataError
    from trading.night.plan import finished, plan_night
    from trading.night.report import report_of
    from trading.settings.locations import locations
    from trading.store import Store

    places = locations(settings.runtime)
    store = Store(places.store)
    reports: list[NightReport] = []
    for symbol in settings.market.symbols:
        try:
            outcome = finished(store, plan_night(settings, symbol, as_of), places.ledger)
        except DataError:
            # The flow meets the same error, reports it for this symbol, and goes on with the others.
            return None
        if outcome is None:
            return None
        reports.append(report_of(store, outcome, repeated=True))
    return reports


def _run_flow(
    ctx: typer.Context,
    name: str,
    settings: SevengatesSettings,
    as_of: str | None,
    extra: dict[str, Any],
    *,
    quiet: bool,
) -> list[NightReport]:
    """Run a flow in this process, on the server that PREFECT_API_URL names or on an embedded one."""
    from datetime import UTC, datetime

    from pydantic import SecretStr

    from trading.night.plan import moment_ms

    invocation: Invocation = ctx.obj
    if invocation.config is not None:
        # The flow's defaults come from the same file.
        os.environ["SEVENGATES_CONFIG"] = str(invocation.config.resolve())
    moment = moment_ms(as_of)
    typer.echo(f"Running {name} for {', '.join(settings.market.symbols)} on {settings.market.source}.", err=True)
    if not os.environ.get("PREFECT_API_URL"):
        typer.echo("Starting the embedded Prefect server; the first time takes some ten seconds.", err=True)
    # By name, as an entry point: the layers below the flows do not depend on them.
    run_here: Callable[..., Any] = import_module("flows.local").run_here
    _plain_logs(quiet=quiet)
    state = run_here(
        name,
        **{table: getattr(settings, table) for table in FLOW_PARAMETERS},
        runtime=settings.runtime.model_copy(update={"tracking_token": SecretStr("")}),
        as_of=None if moment is None else datetime.fromtimestamp(moment / 1000, UTC),
        **extra,
    )
    result = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    return result


class _Told(logging.Filter):
    """Leaves out what Prefect says after every task, because the task has said it already."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        return not (text.startswith("Finished in state ") and ("Completed()" in text or "Unchanged(" in text))


def _plain_logs(*, quiet: bool) -> None:
    for name in ("prefect.task_runs", "prefect.flow_runs"):
        logging.getLogger(name).addFilter(_Told())
    # This module announces every temporary folder, and sets the level of its parents when it is imported.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    if quiet:
        logging.getLogger("prefect").setLevel(logging.WARNING)


def _show(reports: list[NightReport], settings: SevengatesSettings, *, as_json: bool) -> None:
    from trading.night.report import exit_code, night_name

    if as_json:
        print_json({"result": night_name(reports), "nights": [report.as_json() for report in reports]})
    else:
        from trading.cli.verdict import print_night

        print_night(reports, settings)
    raise typer.Exit(exit_code(reports))
