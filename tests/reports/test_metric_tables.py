from __future__ import annotations

from tests.support import random_model, small_bars
from trading.reports.metric_tables import GROUP_COLUMNS, metric_tables
from trading.simulation.backtest import run_backtest


def test_every_metric_stands_in_one_table() -> None:
    metrics = run_backtest(random_model(1), small_bars(40), 200).metrics
    tables = metric_tables(metrics)
    single = [row[0] for table in tables for row in table.rows if len(table.columns) == 2]
    (sides,) = [table for table in tables if table.title == "Sides and regimes"]
    grouped = [f"{row[0]}_{column}" for row in sides.rows for column in GROUP_COLUMNS]
    assert sorted(single + grouped) == sorted(metrics)
    assert [row[0] for row in sides.rows] == [
        "long",
        "short",
        "regime_none",
        "regime_bull",
        "regime_bear",
        "regime_chop",
    ]
    assert len({table.title for table in tables}) == len(tables)


def test_metrics_without_trades_of_their_own_are_one_table() -> None:
    assert [table.title for table in metric_tables({"sharpe": 1.0, "cost_share": 0.1})] == ["The account"]
