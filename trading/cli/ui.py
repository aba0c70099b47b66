"""``sevengates ui``: the Prefect and MLflow pages over the same state that the nights write."""

from __future__ import annotations

from typing import Annotated

import typer

from trading.cli.context import settings_of


def ui(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on; the pages have no password.")] = "127.0.0.1",
    prefect_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Prefect page.")] = 4200,
    mlflow_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the MLflow page.")] = 5000,
) -> None:
    """Start the Prefect and MLflow pages; Ctrl-C stops both."""
    settings = settings_of(ctx)

    from trading.cli.services import mlflow_service, prefect_service, running
    from trading.settings.locations import locations

    places = locations(settings.runtime)
    services = [prefect_service(host, prefect_port)]
    if places.tracking_uri.startswith(("http://", "https://")):
        typer.echo(f"MLflow   {places.tracking_uri} (runtime.tracking_uri; not started here)")
    else:
        from trading.registry.adapter import open_registry

        # Makes and migrates the database: the server and a night doing that at once would race.
        open_registry(settings.runtime)
        services.append(mlflow_service(host, mlflow_port, places))
    typer.echo("Starting; this takes some ten seconds.")
    with running(services, places.logs) as group:
        for service in services:
            typer.echo(f"{service.name:8} {service.address}")
        typer.echo(f"State: {places.home}. Ctrl-C stops both.")
        group.wait()
    typer.echo("Stopped.")
