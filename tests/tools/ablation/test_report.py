from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.ablation import report
from tools.ablation.variants import AS_IT_IS, MARKETS, VARIANTS

MARKET, OTHER = list(MARKETS)
CHANGED = next(variant for variant in VARIANTS if variant != AS_IT_IS)


def row(number: int, sharpe: float | None, *, variant: str = AS_IT_IS, mean_action: float = 1.0) -> dict[str, Any]:
    decision = "APPROVED" if sharpe is not None and sharpe > 2.0 else "REJECTED"
    baselines = dict.fromkeys(report.BASELINES, 0.5) | {"mean_action": mean_action}
    return {
        "market": MARKET,
        "variant": variant,
        "number": number,
        "decision": decision,
        "sharpe": sharpe,
        "trades": 0 if sharpe is None else 80,
        "baselines": baselines,
        "seconds": 1.0,
    }


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_bound_of_a_mean_is_students() -> None:
    # 2.5 - t(0.95, 3) * 1.29099 / 2, with t = 2.35336.
    assert report.lower_bound(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(0.98091, abs=1e-5)
    assert np.isnan(report.lower_bound(np.array([1.0])))


def test_a_policy_is_compared_with_simpler_rules_over_the_same_seeds() -> None:
    rows = [row(number, 2.0 + number, mean_action=1.0 + number / 2) for number in range(3)]
    lines = report.tables(rows)["fresh seeds"]
    assert len(lines) == 2 + len(report.BASELINES)
    assert cells(lines[2]) == [
        *(MARKET, "3", "2", "3.00", "its own mean action, always", "1.50", "+1.50", "+0.66", "3 of 3"),
    ]
    assert cells(lines[3])[4:7] == ["the best constant action on validation", "0.50", "+2.50"]


def test_a_change_is_compared_seed_by_seed_and_what_never_trades_earns_nothing() -> None:
    rows = [row(number, 3.0) for number in range(4)]
    rows += [row(0, 2.0, variant=CHANGED), row(1, None, variant=CHANGED), row(9, 50.0, variant=CHANGED)]
    lines = report.tables(rows)["ablation"]
    assert cells(lines[2]) == [AS_IT_IS, MARKET, "4", "4", "3.00", "-", "-"]
    assert cells(lines[3]) == [CHANGED, MARKET, "2", "0", "1.00", "-2.00", "1.00"]
    assert len(lines) == 4


def test_the_tables_are_written_between_their_marks(tmp_path: Path, root: Path) -> None:
    page = tmp_path / report.PAGE
    page.write_text((root / "docs" / report.PAGE).read_text())
    report.write_report([row(0, 3.0), row(1, 4.0)], tmp_path)
    assert f"| {MARKET} | 2 | 2 | 3.50 |" in page.read_text()
