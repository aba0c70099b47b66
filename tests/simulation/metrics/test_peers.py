"""Our figures are those of quantstats and empyrical; where these have none of ours, the page on metrics says why."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.peer_metrics import EDGES, NAMES, peer_values, sample_series, stored
from trading.arrays import Floats
from trading.simulation.metrics import ratios
from trading.simulation.metrics.drawdown import max_drawdown
from trading.simulation.metrics.returns import compounded

LIBRARIES = ("quantstats", "empyrical")
# Where the libraries give a number or infinity and ours is NaN, since there is nothing to divide by.
DIFFERENT = {
    ("equal", "quantstats", "sharpe"),
    ("equal", "empyrical", "sharpe"),
    ("equal", "empyrical", "sortino"),
    ("only gains", "empyrical", "sortino"),
}


def ours(returns: Floats, days_per_year: float) -> dict[str, float]:
    return {
        "sharpe": ratios.sharpe(returns, days_per_year),
        "sortino": ratios.sortino(returns, days_per_year),
        "volatility": ratios.volatility(returns, days_per_year),
        "max_drawdown": max_drawdown(compounded(returns), 1.0),
        "cagr": ratios.cagr(returns, days_per_year),
        "calmar": ratios.calmar(returns, days_per_year),
        "tail_ratio": ratios.tail_ratio(returns),
    }


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("number", range(len(stored()["series"])))
def test_every_figure_is_the_librarys(number: int, library: str) -> None:
    row = stored()["series"][number]
    mine = ours(np.array(row["returns"]), row["days_per_year"])
    theirs = {name: float(row[library][name]) for name in NAMES}
    # A lower percentile of zero divides to infinity in one library and is NaN in the other.
    if math.isinf(theirs["tail_ratio"]):
        assert math.isnan(mine["tail_ratio"])
        del mine["tail_ratio"], theirs["tail_ratio"]
    assert mine == close_all(theirs)
    assert sum(map(math.isfinite, mine.values())) >= 5


def close_all(values: dict[str, float]) -> dict[str, Any]:
    return {name: close(value) for name, value in values.items()}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("edge", EDGES)
def test_figures_differ_from_the_librarys_only_where_the_page_says(edge: str, library: str) -> None:
    row = stored()["edges"][edge]
    assert row["returns"] == EDGES[edge]
    for name, value in ours(np.array(row["returns"]), row["days_per_year"]).items():
        theirs = float(row[library][name])
        if (edge, library, name) in DIFFERENT:
            assert math.isnan(value)
            assert theirs > 1e10
        else:
            assert value == close(theirs)


def test_the_stored_series_are_of_many_kinds() -> None:
    series = [np.array(row["returns"]) for row in stored()["series"]]
    assert len(series) >= 20
    assert {row["days_per_year"] for row in stored()["series"]} >= {252.0, 365.25}
    assert min(map(len, series)) < 30 < 200 < max(map(len, series))
    assert any((returns == 0.0).mean() > 0.4 for returns in series)


def test_the_stored_values_are_of_the_versions_that_are_pinned(root: Path) -> None:
    pinned = dict(line.split("==") for line in (root / "constraints.txt").read_text().splitlines() if "==" in line)
    assert stored()["versions"] == {name: pinned[name] for name in stored()["versions"]}
    assert {"quantstats", "empyrical-reloaded"} <= stored()["versions"].keys()


@given(
    millionths=st.lists(st.integers(-300_000, 500_000) | st.just(0), min_size=2, max_size=60),
    days_per_year=st.floats(50.0, 400.0),
)
def test_any_returns_have_the_librarys_figures(millionths: list[int], days_per_year: float) -> None:
    for library in ("quantstats", "empyrical"):
        pytest.importorskip(library, reason=f"{library} is in the extra `peers`, for an environment of its own")
    returns = np.array(millionths) / 1e6
    mine = ours(returns, days_per_year)
    for theirs in peer_values(returns, days_per_year).values():
        for name, value in mine.items():
            if math.isnan(value):
                # Nothing to divide by: no finite ratio but one of rounding.
                assert not math.isfinite(theirs[name]) or abs(theirs[name]) > 1e6, name
            else:
                assert theirs[name] == close(value), name


def test_the_stored_series_are_those_that_the_script_makes() -> None:
    assert [row["returns"] for row in stored()["series"]] == sample_series()
