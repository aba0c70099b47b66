"""The metrics of a backtest as tables that people read: one of the account, one of groups of trades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

GROUP_COLUMNS = ("trades", "pnl", "win_rate", "profit_factor")
_PREFIXES = (
    ("Why trades were left", "exits_"),
    ("What trading cost, quote currency", "cost_"),
    ("Largest moves against a trade and for it, share of its entry price", "mae_"),
    ("Largest moves against a trade and for it, share of its entry price", "mfe_"),
)
_SHARE = "cost_share"


class MetricTable(NamedTuple):
    """A title, names of columns, and rows."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def metric_tables(metrics: Mapping[str, Any]) -> list[MetricTable]:
    """Every metric in one table, in which its neighbours stand beside it; none is left out.

    Args:
        metrics: of :mod:`trading.simulation.metrics`, by name.
    """
    groups = [name.removesuffix("_trades") for name in metrics if name.endswith("_trades")]
    grouped = {f"{group}_{column}" for group in groups for column in GROUP_COLUMNS}
    tables: dict[str, list[tuple[Any, ...]]] = {"The account": []}
    for name, value in metrics.items():
        if name not in grouped:
            tables.setdefault(_title(name), []).append((name, value))
    found = [MetricTable(title, ("metric", "value"), rows) for title, rows in tables.items()]
    sides = [(group, *(metrics.get(f"{group}_{column}") for column in GROUP_COLUMNS)) for group in groups]
    return [*found, MetricTable("Sides and regimes", ("trades", *GROUP_COLUMNS), sides)] if sides else found


def _title(name: str) -> str:
    if name == _SHARE:
        return "The account"
    return next((title for title, prefix in _PREFIXES if name.startswith(prefix)), "The account")
