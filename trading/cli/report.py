"""``sevengates report``: the nights of the last days, with their data, verdicts, promotions and cost."""

from __future__ import annotations

from typing import Annotated

import typer

from trading.cli.context import settings_of
from trading.cli.output import Json, print_json, print_table


def report_command(
    ctx: typer.Context,
    days: Annotated[float, typer.Option(min=0.001, max=36_500, help="How many days back nights are looked for.")] = 7,
    as_json: Json = False,
) -> None:
    """Print the nights that ran in the last days: data, verdicts, promotions, and what they cost."""
    settings = settings_of(ctx)

    from trading.night.period import period_lines, report_period

    report = report_period(settings.runtime, days)
    if as_json:
        found = report.as_json()
        print_json({**found, "wall_s": report.wall_s, "cpu_s": report.cpu_s})
        return
    print_table(
        (
            "ran",
            "model",
            "version",
            "as of",
            "source",
            "bars",
            "verdict",
            "result",
            "sharpe",
            "trades",
            "wall s",
            "why",
        ),
        [
            (
                night.ran_at[:16],
                night.model_name or night.symbol,
                night.version,
                night.as_of[:16],
                night.source,
                night.bars[:8],
                night.decision,
                night.result,
                night.sharpe,
                night.trades,
                night.wall_s,
                night.cpu_s,
            )
            for night in report.nights
        ],
        title=f"Nights of the last {days:g} days",
    )
    for line in period_lines(report):
        typer.echo(line)
