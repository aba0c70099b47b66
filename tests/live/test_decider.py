from __future__ import annotations

import numpy as np

from tests.support import random_model, small_bars
from trading.engines.stream import compute_signals
from trading.live.decider import Decider
from trading.simulation.backtest import run_backtest
from trading.simulation.parameters import model_parameters
from trading.steps.account import new_account
from trading.steps.bar import Bar

BARS = small_bars(20)


def test_a_decider_packs_the_parameters_that_the_backtest_packs() -> None:
    model = random_model(3)
    np.testing.assert_array_equal(Decider(model).parameters, model_parameters(model))


def test_a_decider_is_asked_for_the_views_of_the_batch() -> None:
    model = random_model(3)
    signals, decider = compute_signals(model, BARS), Decider(model)
    views = [decider.stream.on_bar(Bar(*BARS.row(t))) for t in range(len(BARS))]
    assert [view.signal.direction for view in views] == signals.direction.tolist()
    np.testing.assert_array_equal([view.signal.confidence for view in views], signals.confidence)


def test_the_action_is_there_only_where_the_policy_was_asked() -> None:
    model = random_model(3)
    decider, account = Decider(model), new_account(model.spec.limits.initial_equity)
    asked: list[bool] = []
    for t in range(len(BARS)):
        view = decider.stream.on_bar(Bar(*BARS.row(t)))
        code = decider.decide(account, view)
        assert np.isfinite(decider.action).all() or np.isnan(decider.action).all()
        if np.isfinite(decider.action).all():
            assert view.signal.direction != 0, code
        asked.append(bool(np.isfinite(decider.action).all()))
    assert any(asked)
    assert not all(asked)
    assert len(run_backtest(model, BARS, 0).trades) > 0
