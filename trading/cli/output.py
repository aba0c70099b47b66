"""How commands print: JSON for machines on standard output, tables for people, errors on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from trading.errors import SevengatesError
    from trading.results import CheckResult

MOST_WRAPPED_ROWS = 200
"""Of a table whose cells are wrapped; measuring and wrapping a thousand rows takes as long as finding them."""

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
"""The option of every command that prints a result."""


def print_json(value: Any) -> None:
    """Print JSON data, indented, keys in the given order.

    Args:
        value: JSON data.
    """
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """Print rows under headings; numbers to the right, long text wrapped where there are not many rows.

    Args:
        columns: the headings.
        rows: the cells of each row.
        title: above the table.
    """
    values = [list(row) for row in rows]
    if len(values) > MOST_WRAPPED_ROWS:
        _print_plain(columns, values, title)
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=SIMPLE_HEAD)
    for index, column in enumerate(columns):
        numeric = bool(values) and all(isinstance(row[index], int | float) for row in values)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in values:
        table.add_row(*(Text(_cell(value)) for value in row))
    _console().print(table)


def print_branch(items: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Print a tree of one branch: each item hangs on the one before it, after that one's facts.

    Args:
        items: a heading and facts by name, the root first.
    """
    for depth, (heading, facts) in enumerate(items):
        last = depth == len(items) - 1
        typer.echo(f"{'    ' * (depth - 1)}└── parent: {heading}" if depth else heading)
        for place, (name, value) in enumerate(facts.items(), start=1):
            mark = "└──" if last and place == len(facts) else "├──"
            typer.echo(f"{'    ' * depth}{mark} {name}: {value}")


def print_checks(results: Sequence[CheckResult], *, title: str | None = None) -> None:
    """Print check results as a table, and the remedy of each that did not pass.

    Args:
        results: of the checks.
        title: above the table.
    """
    marks = {(True, "block"): "pass", (True, "warn"): "pass", (False, "block"): "FAIL", (False, "warn"): "warn"}
    print_table(
        ("check", "", "observed", "threshold", "message"),
        [
            (result.name, marks[result.passed, result.severity], result.observed, result.threshold, result.message)
            for result in results
        ],
        title=title,
    )
    for result in results:
        if not result.passed and result.remedy:
            typer.echo(f"{result.name}: {result.remedy}")


def print_error(error: SevengatesError, *, as_json: bool) -> None:
    """Print an error's headline and remedy on standard error, or as JSON on standard output.

    Args:
        error: what stopped the command.
        as_json: whether a machine reads it.
    """
    if as_json:
        typer.echo(json.dumps({"error": error.as_json()}, indent=2, ensure_ascii=False, default=str))
        return
    headline = typer.style(str(error.code), fg=typer.colors.RED, bold=True) if sys.stderr.isatty() else str(error.code)
    typer.echo(f"{headline}: {error.message}\n{error.remedy}", err=True)


def _print_plain(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None) -> None:
    """A long table, one line a row; the last column is as wide as it has to be."""
    lines = [list(columns), *([" ".join(_cell(value).split()) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if title:
        typer.echo(title)
    shown = ("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    typer.echo("\n".join(shown))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _console() -> Any:
    from rich.console import Console

    # Piped output has no width of its own; a table for a file or a pager should not be folded at 80 columns.
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=140)
