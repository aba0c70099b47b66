"""How a backtest of a version is printed: what traded, which bars, whether it had seen them, and every metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from trading.cli.output import print_table

if TYPE_CHECKING:
    from trading.night.version_backtest import BacktestReport


def title_of(report: BacktestReport) -> str:
    """What traded, in a line.

    Args:
        report: of the backtest.
    """
    named = f"{report.model_name} version {report.version}" if report.version else f"bundle {report.bundle_digest[:12]}"
    return f"{named} ({report.tag}) on {report.symbol} {report.interval}"


def facts_of(report: BacktestReport) -> dict[str, str]:
    """What a reader has to know before any number, by name.

    Args:
        report: of the backtest.
    """
    from trading.night.version_backtest import FEW_TRADES

    metrics = report.metrics
    paper = ", for paper trading only" if report.paper_only else ""
    few = f", FEW: under {FEW_TRADES} they prove little" if report.few_trades else ""
    return {
        "verdict": f"{report.decision}{paper}, by the gates of its night",
        "period": f"{report.first} to {report.last}, {report.bars:,} bars of {report.interval}",
        "data": "the source that the model was made from"
        if report.same_source
        else "ANOTHER SOURCE than the model was made from, or a file that has changed since",
        "total return": f"{metrics['total_return']:+.2%} of the initial equity, costs paid",
        "Sharpe ratio": f"{metrics['sharpe_daily']:.2f} a year, daily returns; 90 % interval "
        f"{metrics['sharpe_daily_low']:.2f} to {metrics['sharpe_daily_high']:.2f}, standard error "
        f"{metrics['sharpe_daily_se']:.2f}",
        "largest drawdown": f"{metrics['max_drawdown']:.2%} of the peak",
        "trades": f"{metrics['trades']:.0f}{few}",
        "bundle": report.bundle_digest,
        "trade ledger SHA-256": report.ledger_sha256,
    }


def print_backtest(report: BacktestReport) -> None:
    """Everything a backtest says.

    Args:
        report: of the backtest.
    """
    from trading.night.version_backtest import sample_line
    from trading.reports.metric_tables import metric_tables
    from trading.reports.units import unit_of

    flattered = report.sample != "out of sample"
    typer.echo(title_of(report))
    typer.secho(sample_line(report), fg=typer.colors.RED if flattered else None, bold=flattered)
    for name, value in facts_of(report).items():
        typer.echo(f"  {name:<22}{value}")
    for table in metric_tables(report.metrics):
        rows: list[tuple[Any, ...]] = table.rows
        columns = table.columns
        if len(columns) == 2:
            columns = (*columns, "unit")
            rows = [(*row, unit_of(str(row[0]))) for row in rows]
        print_table(columns, rows, title=table.title)
    typer.echo("What the simulator assumed:")
    for line in report.assumptions:
        typer.echo(f"  {line}")
