from __future__ import annotations

import numpy as np
import pytest

from tests.support import random_model, small_bars
from tests.support.models import COSTS, costs_of
from trading.simulation.backtest import run_backtest
from trading.simulation.cost_sensitivity import dearer_costs, trade_at_costs
from trading.simulation.trades import ledger_sha256
from trading.steps.account import COSTS as PAID


def test_at_its_own_costs_the_ledger_is_that_of_the_backtest() -> None:
    model, bars = random_model(2), small_bars()
    own, *dearer = trade_at_costs(model, bars, 200, len(bars))
    backtest = run_backtest(model, bars, 200)
    assert len(backtest.closed) > 20
    assert ledger_sha256(own.trades) == backtest.ledger_sha256
    assert np.array_equal(own.equity, backtest.equity)
    costs = [run.settled[PAID] for run in (own, *dearer)]
    assert costs[0] < costs[1] < costs[2]
    assert own.equity[-1] > dearer[0].equity[-1] > dearer[1].equity[-1]


def test_every_cost_is_multiplied_and_how_orders_fill_is_not() -> None:
    changed = dearer_costs(COSTS, 4.0)
    moved = {name for name in type(COSTS).model_fields if getattr(changed, name) != getattr(COSTS, name)}
    assert moved == {"fee_bps", "maker_fee_bps", "spread_bps", "impact", "funding_bps_per_day", "borrow_bps_per_day"}
    assert (changed.fee_bps, changed.impact, changed.funding_bps_per_day) == (16.0, 4.0, 4.0)


@pytest.mark.parametrize(("paid", "expected"), [(2.0, 4.0), (0.0, 0.0), (-2.0, -2.0)])
def test_funding_that_a_long_receives_is_no_cost(paid: float, expected: float) -> None:
    assert dearer_costs(costs_of(funding_bps_per_day=paid), 2.0).funding_bps_per_day == expected
