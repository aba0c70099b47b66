"""``sevengates config``: what the settings are, and the pages that document them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trading.cli.context import settings_of
from trading.cli.output import Json, print_json

app = typer.Typer(help="Show the settings; write the pages that document them.", no_args_is_help=True)


@app.command("show")
def show_settings(ctx: typer.Context, as_json: Json = False) -> None:
    """Print the resolved settings as TOML, secrets masked."""
    from trading.settings.loader import redacted, to_toml

    values = redacted(settings_of(ctx, create_home=False))
    if as_json:
        print_json(values)
    else:
        typer.echo(to_toml(values))


@app.command("docs")
def write_reference(
    folder: Annotated[Path, typer.Argument(help="Where the pages are written.")] = Path("docs"),
) -> None:
    """Write the pages that are generated from the code: configuration.md and codes.md."""
    from trading.canonical import write_atomic
    from trading.cli.reference import reference_pages

    for name, text in reference_pages().items():
        write_atomic(folder / name, text.encode())
        typer.echo(f"{folder / name}")
