"""The parts of the page: text, numbers, any evidence as tables, margins, diagrams, exposure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.codes import ReasonCode
from trading.reports.page import PageData
from trading.reports.page.calibration import diagrams, effective_share
from trading.reports.page.drawing import picked, picked_extremes
from trading.reports.page.engine import engine
from trading.reports.page.evidence import nested
from trading.reports.page.gates import margin
from trading.reports.page.html import element, joined, prose, table, text
from trading.reports.page.numbers import plain, shown, unit, with_band
from trading.reports.page.trades import signed_exposure
from trading.results import rule
from trading.simulation.metrics.summary import Details
from trading.simulation.trades import ClosedTrade
from trading.statistics.resample import Band

NAMES = st.text("abc_<&", min_size=1, max_size=5)
LEAVES = st.none() | st.booleans() | st.integers(-999, 999) | st.floats(-9.0, 9.0) | st.text("xyz<>&\"'", max_size=6)
DATA = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=20
)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


@given(DATA)
def test_no_leaf_of_any_evidence_is_forgotten(value: Any) -> None:
    html = nested(value)
    for leaf in leaves(value):
        # A column in which every row is empty is left out.
        if leaf not in (None, ""):
            assert text(plain(leaf)) in html


@given(st.text(), st.text())
def test_text_is_escaped_once_and_html_stays(one: str, other: str) -> None:
    inner = element("b", one)
    assert element("p", inner, other) == f"<p>{inner}{text(other)}</p>"
    assert "<" not in text(one)
    assert '"' not in element("p", title=one)[len('<p title="') : -len('"></p>')]


def test_backticks_become_code_and_nothing_else_does() -> None:
    assert prose("Run `make <x>` & wait") == "Run <code>make &lt;x&gt;</code> &amp; wait"


def test_a_table_names_columns_and_rows_for_who_cannot_see_it() -> None:
    html = table(("a", "b"), [("x", 1)], numbers=(1,))
    assert '<th scope="col">a</th>' in html
    assert '<th scope="row">x</th><td class="number">1</td>' in html
    assert joined(["<", element("i")], ", ") == "&lt;, <i></i>"


def test_every_metric_of_a_backtest_has_a_unit(page_data: PageData) -> None:
    assert page_data.traded is not None
    assert Details._fields
    units = {name: unit(name) for name in page_data.traded.candidate.metrics}
    for name, expected in (
        ("max_drawdown", "%"),
        ("volatility", "%, a year"),
        ("sharpe_daily_low", "a year"),
        ("exits_stop", "count"),
        ("cost_fees", "money"),
        ("cost_share", "%"),
        ("long_pnl", "money"),
        ("short_win_rate", "%"),
        ("mae_mean_winners", "%"),
        ("profit_factor", "ratio"),
    ):
        assert units[name] == expected, name


def test_a_number_is_shown_with_its_band_and_without_one_if_it_has_none() -> None:
    assert "3.10 to 7.20" in with_band("sharpe", 5.3, Band(3.1, 7.2))
    assert with_band("sharpe", 5.3, Band(math.nan, 1.0)) == with_band("sharpe", 5.3, None) == "5.30"
    assert shown("sharpe", math.nan) == "not defined"
    assert shown("sharpe", math.inf) == "inf"


@pytest.mark.parametrize(
    ("observed", "limit", "passed", "expected"),
    [
        (0.12, 0.15, True, "+20%"),
        (0.18, 0.15, False, "-20%"),
        (120, 1, True, "+119 times"),
        (3, 0, False, "-3"),
        (None, 0.15, False, "\N{EN DASH}"),
        ("nan", 0.15, False, "\N{EN DASH}"),
        (math.inf, 0.15, False, "\N{EN DASH}"),
    ],
)
def test_a_margin_is_a_share_of_the_limit_with_the_sign_of_the_outcome(
    observed: Any, limit: Any, passed: bool, expected: str
) -> None:
    asked = rule(
        "x", passed=passed, observed=observed, threshold=limit, code=ReasonCode.ABOVE_MAXIMUM, message="", remedy=""
    )
    assert margin(asked) == expected


def test_reliability_is_found_wherever_a_section_keeps_it() -> None:
    bins = [{"low": 0.0, "high": 1.0, "confidence": 0.5, "frequency": 0.4, "count": 9}]
    section = {
        "reliability": bins,
        "per_side": [{"side": "long", "reliability": bins}, {"side": "short", "reliability": bins}],
        "equal_mass": {"reliability": bins},
        "brier": 0.2,
    }
    assert [diagram.name for diagram in diagrams(section)] == ["", "long", "short", "equal mass"]


@pytest.mark.parametrize(
    ("section", "share"),
    [({"outcomes": 100, "n_effective": 25.0}, 0.25), ({"outcomes": 100}, 1.0), ({"n_effective": 5.0}, 1.0), ({}, 1.0)],
)
def test_an_interval_counts_independent_decisions_where_the_evidence_does(section: Any, share: float) -> None:
    assert effective_share(section) == share


@given(n=st.integers(1, 5_000), most=st.integers(4, 300), seed=st.integers(0, 9))
def test_thinning_keeps_ends_and_extremes(n: int, most: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=n)
    kept = picked_extremes(values, most)
    assert {0, n - 1, int(values.argmin()), int(values.argmax())} <= set(kept.tolist())
    assert len(kept) <= max(n if n <= most else 0, most + 4)
    assert {0, n - 1} <= set(picked(n, most).tolist())


def test_exposure_is_signed_and_a_share_of_equity(page_data: PageData) -> None:
    traded = page_data.traded
    assert traded is not None
    ts, equity = traded.market.ts, traded.candidate.equity
    trade = ClosedTrade(int(ts[5]), int(ts[8]), -2.0, 1.0, 1.0, 0.0, 0.0, "time")
    shares = signed_exposure(replace(traded, trades=[trade]))
    assert np.flatnonzero(shares).tolist() == [5, 6, 7]
    assert shares[5] == -2.0 * traded.market.close[5] / equity[5]


def test_states_with_heavy_tails_show_their_degrees_of_freedom_and_a_scale(page_data: PageData) -> None:
    assert "degrees of freedom" not in engine(page_data)
    heavy = replace(page_data, engine={**page_data.engine, "dof": np.array([3.25, 8.0, 40.0])})
    drawn = engine(heavy)
    for part in ("degrees of freedom", "3.2", "40.0", "(scale ", "mean, and scale within the state"):
        assert part in drawn
