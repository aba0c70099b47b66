"""``sevengates explain``: a version's verdict in words, rule by rule, and what became of the version."""

from __future__ import annotations

from itertools import groupby

import typer

from trading.cli.options import Chosen, Interval, Symbol, market_settings, version_or_folder
from trading.cli.output import Json, print_json


def explain_command(
    ctx: typer.Context, chosen: Chosen = None, symbol: Symbol = None, interval: Interval = None, as_json: Json = False
) -> None:
    """Say a version's verdict in words: measured, threshold, margin, reason and remedy of every rule."""
    settings = market_settings(ctx, symbols=[symbol] if symbol else None, interval=interval)

    from trading.night.review import choose_bundle
    from trading.night.services import ledger_of
    from trading.registry.approval import verdict_of
    from trading.reports.explanation import explain

    version, folder = version_or_folder(chosen)
    found = choose_bundle(settings, settings.market.symbols[0], version=version, folder=folder)
    explanation = explain(verdict_of(found.bundle))
    entries = [
        entry
        for entry in (ledger_of(settings.runtime).history(found.model_name) if found.version else [])
        if entry.version == found.version
    ]
    if as_json:
        print_json(
            {
                "model": found.model_name,
                "version": found.version,
                "bundle_digest": found.bundle.digest,
                **explanation.as_json(),
                "ledger": [entry.as_columns() for entry in entries],
            }
        )
        return
    named = f"{found.model_name} version {found.version}" if found.version else f"Bundle {found.bundle.digest[:12]}"
    typer.secho(f"{named}, {explanation.symbol}: {explanation.summary}", bold=True)
    failed = {rule.gate for rule in explanation.rules if rule.outcome == "FAIL"}
    for gate, rules in groupby(explanation.rules, key=lambda rule: rule.gate):
        typer.echo(f"\n{gate}: {'FAIL' if gate in failed else 'pass'}")
        for rule in rules:
            typer.echo(f"  {rule.outcome:<4}  {rule.sentence}")
            if rule.outcome != "pass" and rule.remedy:
                typer.echo(f"        {rule.remedy}")
    if entries:
        typer.echo("\nWhat became of it:")
    for entry in entries:
        typer.echo(f"  {entry.at[:16]} UTC  {entry.action} by {entry.actor}: {entry.reason}")
