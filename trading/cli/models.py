"""``sevengates models``: the registered versions, the history of Production, and an operator's promote and rollback."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trading.cli.context import settings_of, without_collection
from trading.cli.options import AsOf, Chosen, Interval, Source, Symbol, market_settings, version_or_folder
from trading.cli.output import Json, print_branch, print_json, print_table

if TYPE_CHECKING:
    from trading.registry.entries import Entry
    from trading.registry.promotion import Preview
    from trading.settings.models import SevengatesSettings

app = typer.Typer(help="List, show, promote and roll back registered models.", no_args_is_help=True)

Model = Annotated[str | None, typer.Option(help="Registered model; by default that of the first symbol.")]
Reason = Annotated[str, typer.Option(help="Why, for the ledger.")]


@app.command("list")
def list_models(ctx: typer.Context, model: Model = None, as_json: Json = False) -> None:
    """List every registered version, newest first, with stage and verdict."""
    settings = settings_of(ctx)
    with without_collection():
        _list_models(settings, model, as_json=as_json)


def _list_models(settings: SevengatesSettings, model: str | None, *, as_json: bool) -> None:
    from itertools import groupby

    from trading.night.services import listed_versions

    found = listed_versions(settings.runtime, model)
    versions = [
        version
        for _, group in groupby(found, key=lambda version: version.model_name)
        for version in reversed(list(group))
    ]
    rows = [
        {
            "model": version.model_name,
            "version": version.version,
            "stage": version.tags.get("stage", version.stage),
            "tag": version.tags.get("tag", ""),
            "verdict": version.verdict,
            "as_of": version.tags.get("as_of", ""),
            "bundle_digest": version.bundle_digest,
            "quarantine": version.tags.get("quarantine", ""),
            "override": version.tags.get("override", ""),
            "why": version.tags.get("reasons", ""),
        }
        for version in versions
    ]
    if as_json:
        print_json(rows)
    elif rows:
        columns = ("model", "version", "tag", "stage", "verdict", "as_of", "why")
        print_table(columns, [[row[column] for column in columns] for row in rows])
        for row in rows:
            if row["override"]:
                typer.echo(f"{row['model']} version {row['version']} was {row['override']}.")
    else:
        typer.echo("No model is registered yet: run `sevengates nightly`.")


@app.command("show")
def show_model(
    ctx: typer.Context,
    version: Annotated[int | None, typer.Argument(help="Version; by default the one in Production.")] = None,
    model: Model = None,
    symbol: Symbol = None,
    interval: Interval = None,
    as_json: Json = False,
) -> None:
    """Print a version's card after verifying its bundle, and what the ledger says about it."""
    settings = settings_of(ctx)
    name = _model(settings, model, symbol, interval)

    from trading.night.review import production_version
    from trading.night.services import ledger_of, registry_of
    from trading.registry.entries import describe_override, overrides

    registry = registry_of(settings.runtime)
    number = production_version(settings.runtime, name) if version is None else version
    bundle = registry.bundle(name, number)
    history = [entry for entry in ledger_of(settings.runtime).history(name) if entry.version == number]
    override = overrides(history).get(number)
    forced = "" if override is None else describe_override(override)
    if as_json:
        known = registry.version(name, number)
        print_json(
            {
                "model": name,
                "version": number,
                "tag": bundle.model.spec.engine.tag,
                "stage": known.tags.get("stage", known.stage),
                "bundle_digest": bundle.digest,
                "verdict": bundle.gates,
                "lineage": bundle.lineage.model_dump(mode="json"),
                "override": forced,
                "ledger": [entry.as_columns() for entry in history],
            }
        )
        return
    if forced:
        typer.echo(f"{name} version {number} was {forced}. It trades on paper only.\n")
    typer.echo(bundle.card)
    _print_entries(history, title=f"{name} version {number} in the ledger")


@app.command("compare")
def compare_command(
    ctx: typer.Context,
    one: Annotated[int, typer.Argument(help="A version.")],
    other: Annotated[int, typer.Argument(help="Another version of the same model.")],
    model: Model = None,
    source: Source = None,
    symbol: Symbol = None,
    interval: Interval = None,
    as_of: AsOf = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="First moment to trade, UTC; by default the start of the later test split."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Trade two versions, of whatever engines, over the same bars at the same costs; nothing is stored."""
    settings = market_settings(ctx, source=source, symbols=[symbol] if symbol else None, interval=interval)
    name = _model(settings, model, symbol, interval)

    from trading.moments import moment_text
    from trading.night.review import compare_registered

    compared = compare_registered(settings, name, (one, other), as_of, start)
    if as_json:
        print_json(compared.as_json())
        return
    left, right = compared.results
    facts = ("tag", "policy", "decision")
    rows: list[tuple[str, Any, Any]] = [(fact, getattr(left, fact), getattr(right, fact)) for fact in facts]
    rows.append(("as of", moment_text(left.as_of_ms), moment_text(right.as_of_ms)))
    # Engines that name their regimes have metrics that others have not.
    names = dict.fromkeys((*left.metrics, *right.metrics))
    rows += [(name, left.metrics.get(name), right.metrics.get(name)) for name in names]
    print_table(
        ("", f"version {one}", f"version {other}"),
        rows,
        title=f"{name}, {moment_text(compared.first_ms)} to {moment_text(compared.last_ms)}, {compared.bars} bars",
    )
    typer.echo(f"Correlation of their returns, bar by bar: {compared.correlation:.3f}")
    if compared.seen_in_training:
        typer.echo("Note: a version has seen some of these bars in its training, or does not say; that flatters it.")
    typer.echo("What the simulator assumed of both:")
    for line in compared.common_assumptions:
        typer.echo(f"  {line}")
    for result in compared.results:
        for line in compared.own_assumptions(result):
            typer.echo(f"  Of version {result.version} alone: {line}")


@app.command("lineage")
def lineage_command(
    ctx: typer.Context,
    chosen: Chosen = None,
    symbol: Symbol = None,
    interval: Interval = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the line of descent: FILE.svg, FILE.png, or FILE.mmd (Mermaid).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print where a version comes from: its night, its data, its parent, and so on back to the first."""
    settings = market_settings(ctx, symbols=[symbol] if symbol else None, interval=interval)

    from trading.night.ancestry import ancestor_facts, ancestry
    from trading.night.review import choose_bundle
    from trading.reports.backtest_files import require_ending
    from trading.reports.descent import ENDINGS, Box, draw_descent

    if plot is not None:
        require_ending(plot, ENDINGS, "--plot")
    version, folder = version_or_folder(chosen)
    found = choose_bundle(settings, settings.market.symbols[0], version=version, folder=folder)
    line = ancestry(settings.runtime, found)
    named = f"{line[0].name} of {line[0].model_name or 'a folder'}"
    if plot is not None:
        boxes = [
            Box(
                f"{one.name}  {one.tag} {one.decision} {one.stage}".rstrip(),
                tuple(f"{name}: {value}" for name, value in ancestor_facts(one).items()),
            )
            for one in line
        ]
        draw_descent(plot, f"Descent of {named}", boxes)
    if as_json:
        print_json([one.model_dump(mode="json") for one in line])
        return
    print_table(
        ("version", "tag", "verdict", "stage", "as of", "source", "bars", "parent", "children"),
        [
            (
                one.version or one.bundle_digest[:12],
                one.tag,
                one.decision,
                one.stage if one.known else "not in this registry",
                one.as_of,
                one.source,
                one.data.get("bars", "")[:12],
                (one.parent_digest or "none")[:12] if one.known else "",
                ", ".join(map(str, one.children)),
            )
            for one in line
        ],
        title=f"Line of {named}, youngest first",
    )
    print_branch([(f"{one.name} ({one.tag})" if one.tag else one.name, ancestor_facts(one)) for one in line])
    if plot is not None:
        typer.echo(f"written: {plot}")


@app.command("drift")
def drift_command(
    ctx: typer.Context,
    version: Annotated[int | None, typer.Argument(help="Version; by default the one in Production.")] = None,
    model: Model = None,
    symbol: Symbol = None,
    interval: Interval = None,
    output: Annotated[Path | None, typer.Option(help="Write the page to this file, and not to MLflow.")] = None,
    as_json: Json = False,
) -> None:
    """Make the page of drift of a version: every distribution in training and on the test split, as the gate saw it."""
    settings = settings_of(ctx)
    name = _model(settings, model, symbol, interval)

    from trading.night.drift import add_page, page_of_version
    from trading.night.review import production_version

    number = production_version(settings.runtime, name) if version is None else version
    html = page_of_version(settings.runtime, name, number, bins=settings.drift.bins)
    if output is None:
        page, where = add_page(settings.runtime, name, number, html), "among the files of its run in MLflow"
    else:
        output.write_text(html, encoding="utf-8")
        page, where = str(output), "a page that opens offline"
    if as_json:
        print_json({"model": name, "version": number, "page": page})
        return
    typer.echo(f"{name} version {number}: {page}, {where}.")


@app.command("promote")
def promote_command(
    ctx: typer.Context,
    version: Annotated[int, typer.Argument(help="An approved version.")],
    model: Model = None,
    symbol: Symbol = None,
    interval: Interval = None,
    reason: Reason = "by an operator",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen and why; change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Put an approved version into Production; its bundle and verdict are verified first."""
    settings = settings_of(ctx)
    name = _model(settings, model, symbol, interval)

    from trading.night.promotion import preview_version, promote_version

    if dry_run:
        _print_preview(preview_version(settings, name, version), as_json=as_json)
        return
    _print_entry(promote_version(settings, name, version, reason=reason, actor="cli"), as_json=as_json)


@app.command("override")
def override_command(
    ctx: typer.Context,
    version: Annotated[int, typer.Argument(help="A version that the rules keep out.")],
    operator: Annotated[str, typer.Option(help="Who decides it; the ledger and every page keep it.")],
    reason: Annotated[str, typer.Option(help="Why; the ledger and every page keep it.")],
    despite_gates: Annotated[
        bool, typer.Option("--despite-gates", help="Even if the gates rejected it; without it a verdict holds.")
    ] = False,
    model: Model = None,
    symbol: Symbol = None,
    interval: Interval = None,
    as_json: Json = False,
) -> None:
    """Put a version into Production against the rules; it trades on paper only, and everything says so."""
    settings = settings_of(ctx)
    name = _model(settings, model, symbol, interval)

    from trading.night.promotion import override_version

    entry = override_version(
        settings.runtime, name, version, operator=operator, reason=reason, despite_gates=despite_gates
    )
    if as_json:
        print_json(entry.as_columns())
        return

    from trading.registry.entries import OVERRIDE_ACTIONS, describe_override

    if entry.action in OVERRIDE_ACTIONS:
        typer.echo(
            f"{name} version {version} is in Production (epoch {entry.epoch}), {describe_override(entry)}. "
            "It trades on paper only."
        )
    else:
        typer.echo(f"{name} version {version} is in Production by {entry.action} already; nothing was overridden.")


@app.command("rollback")
def rollback_command(
    ctx: typer.Context,
    to: Annotated[int | None, typer.Option(help="A former Production version; by default the last one.")] = None,
    model: Model = None,
    symbol: Symbol = None,
    interval: Interval = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Put the Production version before the current one back."""
    settings = settings_of(ctx)
    name = _model(settings, model, symbol, interval)

    from trading.night.promotion import roll_back_model

    _print_entry(roll_back_model(settings.runtime, name, to, reason=reason, actor="cli"), as_json=as_json)


@app.command("release")
def release_command(
    ctx: typer.Context,
    version: Annotated[int, typer.Argument(help="A version in quarantine.")],
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")],
    model: Model = None,
    symbol: Symbol = None,
    interval: Interval = None,
    as_json: Json = False,
) -> None:
    """Let a version that was rolled back, demoted or retired out of quarantine, so that it may enter again."""
    settings = settings_of(ctx)
    name = _model(settings, model, symbol, interval)

    from trading.night.promotion import release_quarantined

    entry = release_quarantined(settings.runtime, name, version, reason=reason, actor="cli")
    if as_json:
        print_json(entry.as_columns())
        return
    typer.echo(f"{name} version {version} is out of quarantine: {reason}")


def _model(settings: SevengatesSettings, model: str | None, symbol: str | None, interval: str | None) -> str:
    from trading.model.naming import model_name

    return model or model_name(symbol or settings.market.symbols[0], interval or settings.market.interval)


def _print_entry(entry: Entry, *, as_json: bool) -> None:
    if as_json:
        print_json(entry.as_columns())
        return
    typer.echo(f"{entry.model_name} version {entry.version} is in Production (epoch {entry.epoch}): {entry.reason}")


def _print_preview(preview: Preview, *, as_json: bool) -> None:
    if as_json:
        print_json(preview.model_dump(mode="json"))
        return
    typer.echo(f"{preview.model_name}: {preview.reason}")
    if not preview.allowed:
        typer.echo(f"{preview.code}. {preview.remedy}")
    if preview.night:
        typer.echo(f"Its night: {preview.night}")
    typer.echo("Nothing was changed.")


def _print_entries(history: list[Entry], *, title: str) -> None:
    rows: list[list[Any]] = [[entry.at, entry.action, entry.epoch, entry.actor, entry.reason] for entry in history]
    print_table(("at", "action", "epoch", "actor", "reason"), rows, title=title)
