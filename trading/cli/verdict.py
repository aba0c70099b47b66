"""How a night and its verdict are printed: the seven gates, what was promoted and why, and how to look at it."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING

import typer

from trading.cli.output import print_table

if TYPE_CHECKING:
    from trading.gates.verdict import Verdict
    from trading.night.report import NightReport
    from trading.settings.models import SevengatesSettings


def print_verdict(verdict: Verdict) -> None:
    """The seven gates, one row a gate and its rules under it, then what to do about those that failed.

    Args:
        verdict: of the seven gates.
    """
    rows: list[tuple[str, str, str, str, str, str]] = []
    shown = {gate.name: False for gate in verdict.gates}
    for row in verdict.rows():
        first = not shown[row.gate]
        shown[row.gate] = True
        rows.append((row.gate if first else "", row.rule, row.observed, row.threshold, row.outcome, row.message))
    paper = " (paper only)" if verdict.paper_only else ""
    print_table(
        ("gate", "rule", "observed", "threshold", "", "message"),
        rows,
        title=f"{verdict.symbol}: {verdict.decision}{paper}",
    )
    for gate in verdict.failed:
        typer.echo(f"{gate.name}: {gate.remedy}")


def print_night(reports: Sequence[NightReport], settings: SevengatesSettings) -> None:
    """Everything a night ends with.

    Args:
        reports: of every symbol.
        settings: of the night.
    """
    from trading.night.report import (
        challenger_rows,
        comparison_rows,
        contest_rows,
        engine_rows,
        headline,
        night_name,
        page_lines,
        regimes_line,
    )

    for report in reports:
        if report.verdict is not None:
            typer.echo("")
            print_verdict(report.verdict)
        rows = comparison_rows(report) if report.metrics else []
        if rows:
            columns = list(rows[0])
            print_table(columns, [list(row.values()) for row in rows], title=f"{report.symbol}: test split")
        contest = contest_rows(report)
        if contest:
            print_table(list(contest[0]), [list(row.values()) for row in contest], title=f"{report.symbol}: contest")
        asked = challenger_rows(report)
        if asked:
            title = f"{report.symbol}: versions of earlier nights"
            print_table(list(asked[0]), [list(row.values()) for row in asked], title=title)
        if report.champion_regimes:
            typer.echo(regimes_line(report))
        engines = engine_rows(report)
        if engines:
            print_table(list(engines[0]), [list(row.values()) for row in engines], title=f"{report.symbol}: engines")
    typer.echo(f"\n{night_name(reports)}.")
    for report in reports:
        typer.echo(f"  {headline(report)}")
        for line in page_lines(report):
            typer.echo(f"  {line}")
    published = [report.outcome for report in reports if report.outcome is not None and report.outcome.version]
    if published:
        shown = next((outcome for outcome in published if outcome.status == "promoted"), published[0])
        for line in ways_to_look(settings, shown.symbol, shown.version, promoted=shown.status == "promoted"):
            typer.echo(line)


def ways_to_look(settings: SevengatesSettings, symbol: str, version: int, *, promoted: bool) -> list[str]:
    """The lines that say how to look at a version, with the options that its market needs.

    Args:
        settings: of the night.
        symbol: the market.
        version: in the registry.
        promoted: whether it is in Production.
    """
    from trading.settings.models import MarketSpec

    market, usual = settings.market, MarketSpec()
    named = f" --symbol {quote(symbol)}" if symbol != usual.symbols[0] else ""
    named += f" --interval {market.interval}" if market.interval != usual.interval else ""
    ways = {
        "make ui": "the Prefect and MLflow pages over the same state",
        f"sevengates gates {version}{named}": "the verdict again, over the stored evidence",
        f"sevengates models show {version}{named}": "the model card",
        f"sevengates page {version}{named}": "the evaluation page, drawn again into a file",
    }
    if promoted:
        source = f" --source {quote(market.source)}" if market.source != usual.source else ""
        ways[f"sevengates live{named}{source}"] = "trade the promoted model on the paper venue"
    width = max(map(len, ways))
    lines = ["\nTo look at it:", *(f"  {command:<{width}}  {what}" for command, what in ways.items())]
    lines.append(f"State lies in {settings.runtime.home}.")
    return lines
