"""``sevengates doctor``: is this machine ready for a night, and what to do if it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from trading.cli.context import settings_of
from trading.cli.output import Json, print_checks, print_json

if TYPE_CHECKING:
    from trading.results import CheckResult
    from trading.settings.models import SevengatesSettings


def doctor(ctx: typer.Context, as_json: Json = False) -> None:
    """Check Python, packages, folders, store, registry and pages; exit with 1 if something needed is missing."""
    from trading.results import blocking_failures

    results = examine(settings_of(ctx, create_home=False))
    ready = not blocking_failures(results)
    if as_json:
        print_json({"ready": ready, "checks": [result.model_dump(mode="json") for result in results]})
    else:
        print_checks(results)
        warned = any(not result.passed for result in results)
        typer.echo(("Ready, with warnings." if warned else "Ready.") if ready else "Not ready: see the FAIL lines.")
    raise typer.Exit(0 if ready else 1)


def examine(settings: SevengatesSettings) -> list[CheckResult]:
    """Every check of this machine; each looks and changes nothing.

    Args:
        settings: resolved settings; their folders and addresses are what is looked at.
    """
    from trading.cli import checkup
    from trading.settings.locations import locations

    places = locations(settings.runtime)
    return [
        checkup.python_version(),
        *checkup.packages(),
        checkup.versions(),
        checkup.home_writable(places.home),
        checkup.disk_space(places.home),
        checkup.store(places.store),
        checkup.registry(places.tracking_uri),
        checkup.ledger(places.ledger),
        checkup.numba_cache(places.home / "cache" / "numba"),
        checkup.page("Prefect page", f"{checkup.PREFECT_PAGE}/api/health"),
        checkup.page("MLflow page", f"{checkup.MLFLOW_PAGE}/health"),
    ]
