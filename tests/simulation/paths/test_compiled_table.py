"""The steps as training and backtests run them, compiled, on every row of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.simulation.paths.table import by_name
from tests.support.paths import packed_parameters, place
from tests.support.price_paths import FREE, HOUR_MS, PricePath, bars_of
from trading.arrays import Floats
from trading.compiled import compile_loop
from trading.steps import account as a
from trading.steps.bar import Bar
from trading.steps.venue import CLOSED, venue_step


def venue_loop(state: Floats, p: Floats, rows: Floats, after: Floats, trade: Floats) -> int:
    closed = 0
    for t in range(rows.shape[0]):
        row = rows[t]
        bar = Bar(int(row[0]), row[1], row[2], row[3], row[4], row[5], row[6])
        if venue_step(state, p, bar, trade) & CLOSED:
            closed += 1
        after[t, 0], after[t, 1], after[t, 2] = state[a.CASH], state[a.QUANTITY], state[a.EQUITY]
    return closed


@pytest.fixture(scope="module")
def compiled_loop() -> Callable[..., Any]:
    return compile_loop(venue_loop)


@by_name
def test_the_compiled_steps_play_every_row(path: PricePath, compiled_loop: Callable[..., Any]) -> None:
    given = {**FREE, **path.given}
    bars = np.array(bars_of(path))
    state, p = a.new_account(given["initial_equity"]), packed_parameters(given)
    after, trade = np.zeros((len(bars), 3)), np.zeros(a.TRADE_SIZE)
    before = path.order.after + 1
    closed = compiled_loop(state, p, bars[:before], after[:before], trade)
    place(state, path.order, bars[before - 1, 0] + HOUR_MS if before else bars[0, 0], given)
    closed += compiled_loop(state, p, bars[before:], after[before:], trade)

    assert after == pytest.approx(np.array(path.after), rel=1e-12, abs=1e-9)
    assert closed == (path.trade is not None)
    if path.trade is not None:
        assert trade[a.TRADE_PNL] == pytest.approx(path.trade.pnl, rel=1e-9, abs=1e-9)
        assert a.REASONS[int(trade[a.TRADE_REASON])] == path.trade.reason
