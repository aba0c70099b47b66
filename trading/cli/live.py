"""``sevengates live`` trades a model bar by bar; ``sevengates status`` says what every runner is doing."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trading.cli.context import settings_of
from trading.cli.output import Json, print_json, print_table

if TYPE_CHECKING:
    from threading import Event

    from trading.live.launch import Launch
    from trading.live.status import Status


app = typer.Typer(help="Trade the promoted model bar by bar; resume a halted account.")


@app.callback(invoke_without_command=True)
def live(
    ctx: typer.Context,
    bundle: Annotated[
        Path | None, typer.Option(help="Trade the model in this bundle folder, without a registry.")
    ] = None,
    version: Annotated[
        int | None,
        typer.Option(min=1, help="Trade this registered version as a study on paper, beside the one in Production."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Registered model; follows from symbol and interval.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Market; by default the first of market.symbols.")] = None,
    interval: Annotated[str | None, typer.Option(help="Traded interval of the model, for example 15m.")] = None,
    source: Annotated[str | None, typer.Option(help="Bars to replay, for example sim:edge=1 or csv:bars.csv.")] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="First traded bar, UTC; by default the first that the model's night did not see."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", help="End of the replay, UTC; by default the end of the file, or 90 days of sim:."),
    ] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.0, help="Traded bars per second; 0 is as fast as it goes.")
    ] = None,
    venue: Annotated[str | None, typer.Option(help="Where orders go; by default live.venue, which is paper.")] = None,
    journal: Annotated[Path | None, typer.Option(help="Journal file; by default one under HOME/live.")] = None,
    as_json: Json = False,
) -> None:
    """Trade the promoted model bar by bar, on paper unless --venue says otherwise; go on where the journal ends."""
    if ctx.invoked_subcommand is not None:
        return
    settings = settings_of(
        ctx,
        {
            "market.source": source,
            "market.interval": interval,
            "market.symbols": [symbol] if symbol else None,
            "live.venue": venue,
        },
    )
    from threading import Event

    from trading.live.launch import LaunchOptions, open_launch
    from trading.live.status import status_of
    from trading.moments import moment_ms

    options = LaunchOptions(
        bundle=bundle,
        version=version,
        model_name=model,
        symbol=symbol,
        start_ms=moment_ms(start, option="--from"),
        until_ms=moment_ms(until, option="--to"),
        journal=journal,
        speed=speed,
    )
    stop = Event()
    _stop_on_signals(stop)
    with open_launch(settings, options, notify=lambda text: typer.echo(text, err=True)) as launch:
        _run(launch, stop, shown=not as_json)
        path = launch.journal.path
    status = status_of(path)
    assert status is not None
    if as_json:
        print_json(status.as_json())
    else:
        _print_summary(status)


@app.command("resume")
def resume(
    ctx: typer.Context,
    operator: Annotated[str, typer.Option(help="Who decides it; it is written down.")],
    reason: Annotated[str, typer.Option(help="Why; it is written down.")],
    model: Annotated[str | None, typer.Option(help="Registered model; follows from symbol and interval.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Market; by default the first of market.symbols.")] = None,
    interval: Annotated[str | None, typer.Option(help="Traded interval of the model, for example 15m.")] = None,
    venue: Annotated[str | None, typer.Option(help="Whose account; by default live.venue, which is paper.")] = None,
    journal: Annotated[Path | None, typer.Option(help="Journal file; by default the model's under HOME/live.")] = None,
    as_json: Json = False,
) -> None:
    """Let a halted account open positions again; its drawdown is counted anew. Stop its runner first."""
    settings = settings_of(
        ctx,
        {"market.interval": interval, "market.symbols": [symbol] if symbol else None, "live.venue": venue},
    )
    from trading.live.launch import JOURNAL_NAME, runner_folder
    from trading.live.resume import resume_account
    from trading.model.naming import model_name
    from trading.settings.locations import locations

    name = model or model_name(settings.market.symbols[0], settings.market.interval)
    path = journal or runner_folder(locations(settings.runtime).live, name, settings.live.venue) / JOURNAL_NAME
    equity = resume_account(path, operator=operator, reason=reason)
    if as_json:
        print_json({"journal": str(path), "operator": operator, "reason": reason, "equity": equity})
        return
    typer.echo(f"{path}: resumed by {operator}; its drawdown is counted from {equity:,.2f} on. Start its runner again.")


def status(ctx: typer.Context, as_json: Json = False) -> None:
    """Say what the runner of each journal is doing: last bar, position, equity, model, trading state."""
    settings = settings_of(ctx)
    from trading.live.status import journals, status_of
    from trading.settings.locations import locations

    folder = locations(settings.runtime).live
    found = [item for item in map(status_of, journals(folder)) if item is not None]
    if as_json:
        print_json([item.as_json() for item in found])
        return
    if not found:
        typer.echo(f"No runner has traded yet: there is no journal under {folder}. Start one with `sevengates live`.")
        return
    print_table(
        ("symbol", "interval", "runner", "state", "model", "last bar", "position", "equity", "trades", "refused"),
        [
            (
                item.symbol,
                _interval(item.interval),
                "running" if item.running else "stopped",
                item.state,
                _model(item),
                _time(item.last_ts),
                item.position,
                round(item.equity, 2),
                item.trades,
                item.refusals + item.quarantined,
            )
            for item in found
        ],
    )
    for item in found:
        if item.override:
            typer.echo(f"{item.symbol}: version {item.version} is {item.override}; on paper only")
        if item.depth is not None and item.depth.tier != "full":
            typer.echo(f"{item.symbol}: training depth {item.depth}")
        if item.last_refusal:
            typer.echo(f"{item.symbol}: last refusal {item.last_refusal}")


def _run(launch: Launch, stop: Event, *, shown: bool) -> None:
    if not shown:
        launch.run(stop)
        return
    session, raw = launch.runner.session, launch.replay.raw
    typer.echo(f"{session.symbol} {_interval(session.interval)} on {raw.source}, from {_time(session.start_ms)}")
    typer.echo(f"journal {launch.journal.path}")
    _say_override(launch)
    if not sys.stderr.isatty():
        launch.run(stop)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=max(1, len(raw) * raw.interval // session.interval))

        def show(tick: Any) -> None:
            what = "warming up" if tick.warming else f"position {tick.position:+.6g}, equity {tick.equity:,.2f}"
            bar.update(task, advance=1, description=f"{_time(tick.ts)} {what}")

        launch.run(stop, show)


def _say_override(launch: Launch) -> None:
    pointer = launch.runner.pointer
    if pointer.override:
        typer.echo(f"version {pointer.version} is {pointer.override}; on paper only")


def _print_summary(status: Status) -> None:
    lines = {
        "model": _model(status),
        **({"override": f"{status.override}; on paper only"} if status.override else {}),
        **({"training depth": str(status.depth)} if status.depth else {}),
        **{
            f"from {name} to": ", ".join(f"{chance:.2%} {other}" for other, chance in row.items())
            for name, row in (status.transitions or {}).items()
        },
        **({"regimes, 30 minutes": _regimes(status)} if status.regime_history_30m else {}),
        **({"market": f"{status.market.regime}: {status.market.reason}"} if status.market else {}),
        "last bar": _time(status.last_ts),
        "bars": f"{status.bars} traded, {status.warm_bars} to warm up",
        "trades": status.trades,
        "position": f"{status.position:.6g}",
        "equity": f"{status.equity:,.2f} ({status.total_return:+.2%})",
        "Sharpe": "-" if status.sharpe is None else f"{status.sharpe:.2f}, annualised",
        "venue": status.venue,
        "state": status.state,
        "model swaps": status.swaps,
        "refused": f"{status.refusals}, bars in quarantine {status.quarantined}",
        "trade ledger": f"sha256 {status.ledger_sha256}",
    }
    print_table(("", status.symbol), list(lines.items()))
    if status.last_refusal:
        typer.echo(f"last refusal {status.last_refusal}")


def _regimes(status: Status) -> str:
    """A word for every stretch of bars of one regime."""
    words = list[str]()
    for regime, same in groupby(status.regime_history_30m, key=lambda one: one.regime):
        bars = list(same)
        long = f"{len(bars)} bars, " if len(bars) > 1 else ""
        words.append(f"{regime} ({long}at last {bars[-1].probability:.0%})")
    return ", then ".join(words)


def _stop_on_signals(stop: Event) -> None:
    import signal

    # The bar at hand is finished and committed first.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())


def _time(ts_ms: int | None) -> str:
    from trading.moments import moment_text

    return "-" if ts_ms is None else moment_text(ts_ms)


def _interval(ms: int) -> str:
    from trading.moments import interval_text

    return interval_text(ms)


def _model(status: Status) -> str:
    number = "bundle" if status.version is None else f"version {status.version},"
    return f"{number} {status.bundle_digest[:12]}"
