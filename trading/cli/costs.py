"""``sevengates costs``: what trading costs, measured from trades and an order book."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trading.cli.output import Json, print_json, print_table

app = typer.Typer(help="Measure what trading costs.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Measure what trading costs."""


@app.command()
def calibrate(
    trades: Annotated[Path, typer.Option(help="Trades, CSV or Parquet: ts (or recv_ts), price, qty, side (1, -1).")],
    book: Annotated[Path, typer.Option(help="Order book, CSV or Parquet: ts and b{i}p, b{i}q, a{i}p, a{i}q.")],
    levels: Annotated[int, typer.Option(min=1, max=1_000, help="Levels a side to read of the book.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap that says how sure the fit is.")] = 0,
    page: Annotated[Path | None, typer.Option(help="Write the numbers and the picture into this page too.")] = None,
    as_json: Json = False,
) -> None:
    """Fit the law of impact to a book that is walked, and print the line for the settings."""
    from trading.market.impact.calibrate import calibrate as fit
    from trading.market.impact.records import read_book, read_trades
    from trading.reports.impact import settings_lines, tables, write_impact

    found = fit(read_trades(trades), read_book(book, levels), seed)
    written = write_impact(page, found) if page is not None else ()
    if as_json:
        print_json({**found.model_dump(mode="json"), "settings": settings_lines(found)})
        return
    for shown in tables(found):
        print_table(shown.columns, shown.rows, title=shown.title)
    for line in settings_lines(found):
        typer.echo(line)
    for path in written:
        typer.echo(f"written: {path}")
