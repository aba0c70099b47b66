"""The tables of ``docs/training.md``, from the rows that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.ablation.variants import AS_IT_IS, MARKETS, VARIANTS
from tools.promotion.report import with_tables
from trading.arrays import Floats
from trading.canonical import write_atomic

PAGE = "training.md"
BASELINES = {
    "mean_action": "its own mean action, always",
    "constant_action": "the best constant action on validation",
    "follow_signal": "following the signal",
    "buy_and_hold": "holding the market",
    "moving_average": "the moving average",
}
LEVEL = 0.95

Row = dict[str, Any]


def write_report(rows: Sequence[Row], docs: Path) -> None:
    """Write the tables into the page.

    Args:
        rows: of the nights.
        docs: folder of the documentation.
    """
    page = docs / PAGE
    write_atomic(page, with_tables(page.read_text(), tables(rows)).encode())


def tables(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Lines of every table, by its mark.

    Args:
        rows: of the nights.
    """
    return {"fresh seeds": _fresh(rows), "ablation": _ablation(rows)}


def lower_bound(differences: Floats) -> float:
    """One-sided 95 % lower bound of a mean, by Student's t; NaN of fewer than two.

    Args:
        differences: shape (n,), one a seed.
    """
    from scipy.stats import t

    n = len(differences)
    if n < 2:
        return float("nan")
    return float(differences.mean() - t.ppf(LEVEL, n - 1) * differences.std(ddof=1) / np.sqrt(n))


def _fresh(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| market | seeds | approved | Sharpe | compared with | its Sharpe | difference | at least (95 %) "
        "| better on |",
        "|---|---:|---:|---:|---|---:|---:|---:|---:|",
    ]
    for market in MARKETS:
        own = _of(rows, market, AS_IT_IS)
        sharpe = np.array([_sharpe(row) for row in own])
        for place, (name, label) in enumerate(BASELINES.items()):
            if not own:
                continue
            other = np.array([row["baselines"].get(name) or 0.0 for row in own])
            apart = sharpe - other
            approved = sum(row["decision"] == "APPROVED" for row in own)
            first = f"{market} | {len(own)} | {approved} | {sharpe.mean():.2f}" if place == 0 else " | | |"
            lines.append(
                f"| {first} | {label} | {other.mean():.2f} | {apart.mean():+.2f} | {lower_bound(apart):+.2f} "
                f"| {int((apart > 0.0).sum())} of {len(own)} |"
            )
    return lines


def _ablation(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| what is changed | market | seeds | approved | Sharpe | difference | error of it |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for variant in VARIANTS:
        for market in MARKETS:
            usual = {row["number"]: _sharpe(row) for row in _of(rows, market, AS_IT_IS)}
            own = [row for row in _of(rows, market, variant) if row["number"] in usual]
            if not own:
                continue
            sharpe = np.array([_sharpe(row) for row in own])
            apart = sharpe - np.array([usual[row["number"]] for row in own])
            approved = sum(row["decision"] == "APPROVED" for row in own)
            error = f"{apart.std(ddof=1) / np.sqrt(len(apart)):.2f}" if len(apart) > 1 else "-"
            compared = "- | -" if variant == AS_IT_IS else f"{apart.mean():+.2f} | {error}"
            lines.append(f"| {variant} | {market} | {len(own)} | {approved} | {sharpe.mean():.2f} | {compared} |")
    return lines


def _of(rows: Sequence[Row], market: str, variant: str) -> list[Row]:
    found = [row for row in rows if (row["market"], row["variant"]) == (market, variant)]
    return sorted(found, key=lambda row: row["number"])


def _sharpe(row: Row) -> float:
    """Of what never trades it is 0: nothing was won or lost."""
    return 0.0 if row["sharpe"] is None else float(row["sharpe"])
