"""How a night and its verdict are printed: the seven gates, what was promoted and why, and how to look at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from trading.cli.output import print_table

if TYPE_CHECKING:
    from trading.config import SevengatesSettings
    from trading.gates.verdict import Verdict
    from trading.night.report import NightReport


def print_verdict(verdict: Verdict) -> None:
    """The seven gates, one row a gate and its rules under it, then what to do about those that failed."""
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
    """Everything a night ends with."""
    from trading.night.report import comparison_rows, headline, night_name, regimes_line

    for report in reports:
        if report.verdict is not None:
            typer.echo("")
            print_verdict(report.verdict)
        rows = comparison_rows(report) if report.metrics else []
        if rows:
            columns = list(rows[0])
            print_table(columns, [list(row.values()) for row in rows], title=f"{report.symbol}: test split")
        if report.champion_regimes:
            typer.echo(regimes_line(report))
    typer.echo(f"\n{night_name(reports)}.")
    for report in reports:
        typer.echo(f"  {headline(report)}")
    for line in _ways_to_look(reports, settings):
        typer.echo(line)


def _ways_to_look(reports: Sequence[NightReport], settings: SevengatesSettings) -> list[str]:
    published = [report.outcome for report in reports if report.outcome is not None and report.outcome.version]
    if not published:
        return []
    first = published[0]
    named = f" --symbol {first.symbol}" if first.symbol != "SIM" else ""
    ways = {
        "make ui": "the Prefect and MLflow pages over the same state",
        f"sevengates gates {first.version}{named}": "the verdict again, over the stored evidence",
        f"sevengates models show {first.version}{named}": "the model card",
    }
    if any(outcome.status == "promoted" for outcome in published):
        ways["sevengates live"] = "trade the promoted model on the paper venue"
    width = max(map(len, ways))
    lines = ["\nTo look at it:", *(f"  {command:<{width}}  {what}" for command, what in ways.items())]
    lines.append(f"State lies in {settings.runtime.home}.")
    return lines
