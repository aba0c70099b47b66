"""Bars as steps take them: one at a time, and as columns of a compiled loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.support import small_bars
from trading.compiled import compile_loop
from trading.steps.bar import Bar, BarColumns, bar_at

BARS = replace(small_bars(4), funding=np.arange(96) / 1024)


@compile_loop
def owed_loop(bars: BarColumns, owed: np.ndarray) -> None:
    for t in range(len(bars.ts)):
        bar = bar_at(bars, t)
        owed[t] = bar.open * bar.funding


def test_a_bar_of_a_series_is_the_bar_itself() -> None:
    columns = BARS.columns()
    assert [bar_at(columns, t) for t in range(len(BARS))] == list(BARS.rows())
    assert list(BARS.rows())[3].funding == 3 / 1024


def test_a_compiled_loop_sees_what_each_bar_owes_and_nothing_where_none_is_known() -> None:
    owed = np.empty(len(BARS))
    owed_loop(BARS.columns(), owed)
    np.testing.assert_array_equal(owed, [bar.open * bar.funding for bar in BARS.rows()])
    owed_loop(replace(BARS, funding=None).columns(), owed)
    assert owed.tolist() == [0.0] * len(BARS)


def test_a_bar_alone_owes_nothing_unless_it_says_so() -> None:
    assert Bar(0, 1.0, 1.0, 1.0, 1.0, 1.0).funding == 0.0
