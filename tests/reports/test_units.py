from __future__ import annotations

import re
from pathlib import Path

from tests.support import random_model, small_bars
from trading.reports.units import unit_of
from trading.simulation.backtest import run_backtest

SAME = {"money": "quote currency", "share, a year": "share a year", "": "ratio"}


def test_every_metric_of_a_backtest_has_a_unit() -> None:
    metrics = run_backtest(random_model(1), small_bars(40), 200).metrics
    assert [name for name in metrics if not unit_of(name)] == []


def test_units_are_those_of_the_documentation(root: Path) -> None:
    page = (root / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]*) \|", page, re.MULTILINE)
    assert len(rows) > 50
    last = ""
    for name, written in rows:
        last = written.strip() if written.strip() != "the same" else last
        assert unit_of(name) == SAME.get(last, last), name
