from __future__ import annotations

import numpy as np
import pytest

from tests.support import random_model, small_bars
from tests.support.models import SIMPLE, limits_of
from trading.engines.stream import Signals, compute_signals
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.model.spec import PolicyShape
from trading.simulation.backtest import run_backtest
from trading.simulation.lanes import LaneRun
from trading.simulation.parameters import model_parameters, policy_of
from trading.simulation.rivals import (
    FULL_SIZE,
    SignalLane,
    buy_and_hold,
    chosen_actions,
    follow_signal,
    run_actions,
    run_model,
)
from trading.simulation.trades import ledger_sha256
from trading.steps import account as a
from trading.steps.breakers import ALLOWED, TOO_SMALL

BARS = small_bars(120)
START, STOP = 800, len(BARS)
FREE = SIMPLE.model_copy(update={"fee_bps": 0.0, "maker_fee_bps": 0.0, "spread_bps": 0.0, "impact_bps": 0.0})


def stretch(model: TradingModel) -> tuple[Bars, Signals]:
    return BARS.slice(START, STOP), compute_signals(model, BARS).slice(START, STOP)


def ledger(run: LaneRun) -> str:
    return ledger_sha256(run.trades)


@pytest.mark.parametrize("seed", range(3))
def test_a_model_on_known_signals_does_what_its_backtest_does(seed: int) -> None:
    model = random_model(seed)
    run, backtest = run_model(model, *stretch(model)), run_backtest(model, BARS, START, STOP)
    assert ledger(run) == backtest.ledger_sha256
    assert run.equity.tobytes() == backtest.equity.tobytes()
    assert (run.codes == backtest.codes).all()
    assert run.settled_equity[-1] / model.spec.limits.initial_equity - 1.0 == backtest.metrics["total_return"]
    assert len(run.settled_trades) == backtest.metrics["trades"]


def test_a_lane_that_is_stopped_anywhere_goes_on_as_if_it_had_not_been() -> None:
    model = random_model(1)
    bars, signals = stretch(model)
    lane = SignalLane(model, bars, signals, policy=policy_of(model), parameters=model_parameters(model))
    for stop in np.sort(np.random.default_rng(0).integers(0, len(bars), 40)).tolist():
        lane.run_to(stop)
    assert ledger(lane.finish()) == ledger(run_model(model, bars, signals))


def test_constant_actions_are_backtests_with_a_fixed_action() -> None:
    model = random_model(2)
    actions = np.random.default_rng(1).uniform(-1.0, 1.0, (5, 4)).round(3)
    for action, run in zip(actions, run_actions(model, *stretch(model), actions), strict=True):
        assert ledger(run) == run_backtest(model, BARS, START, STOP, fixed_action=action.tolist()).ledger_sha256


def test_the_chosen_actions_are_those_of_every_decision() -> None:
    model = random_model(2)
    bars, signals = stretch(model)
    codes = run_model(model, bars, signals).codes
    found = chosen_actions(model, bars, signals, codes)
    assert len(found) == np.isin(codes, (ALLOWED, TOO_SMALL)).sum() > 100
    assert np.ptp(found, axis=0).min() > 0.0
    # Taken again one after the other, they make the same trades.
    lane = SignalLane(model, bars, signals, policy=policy_of(model, found[0]), parameters=model_parameters(model))
    for action, bar in zip(found, np.flatnonzero(np.isin(codes, (ALLOWED, TOO_SMALL))).tolist(), strict=True):
        lane._policy.fixed[:] = action  # pyright: ignore[reportPrivateUsage]
        lane.run_to(bar + 1)
    assert ledger(lane.finish()) == ledger(run_model(model, bars, signals))


def test_a_fixed_action_is_all_that_a_fixed_policy_chooses() -> None:
    model = random_model(3, policy=PolicyShape(kind="fixed", action=(0.5, -0.25, 0.125, 1.0)))
    bars, signals = stretch(model)
    found = chosen_actions(model, bars, signals, run_model(model, bars, signals).codes)
    assert (found == (0.5, -0.25, 0.125, 1.0)).all()


def test_who_decides_nothing_chose_no_action() -> None:
    model = random_model(2, limits=limits_of(min_confidence=1.0))
    bars, signals = stretch(model)
    assert chosen_actions(model, bars, signals, run_model(model, bars, signals).codes).shape == (0, 4)


@pytest.mark.parametrize("latency", [0, 2])
def test_who_follows_the_signal_holds_its_side_and_leaves_at_the_open_after_it_ends(latency: int) -> None:
    model = random_model(2, costs=FREE.model_copy(update={"latency_bars": latency}))
    bars, signals = stretch(model)
    run = follow_signal(model, bars, signals)
    assert len(run.trades) > 5
    for trade in run.trades:
        entry, left = np.searchsorted(bars.ts, (trade[a.TRADE_ENTRY_TS], trade[a.TRADE_EXIT_TS])).tolist()
        side = np.sign(trade[a.TRADE_QUANTITY])
        decided = entry - 1 - latency
        assert signals.direction[decided] == side
        if trade[a.TRADE_REASON] == a.REASON_SIGNAL:
            ended = left - 1 - latency
            assert signals.direction[ended] != side
            # Until then the side held, but for the bar of the entry, which may already have lost it.
            assert (signals.direction[decided:ended] == side).all()
            assert trade[a.TRADE_EXIT] == pytest.approx(bars.open[left])


def test_who_follows_the_signal_takes_all_that_the_limits_allow_however_sure_it_is() -> None:
    model = random_model(2, costs=FREE, limits=limits_of(size_cap=0.3, volatility_target=50.0))
    bars, signals = stretch(model)
    run = follow_signal(model, bars, signals)
    sizes = np.abs(run.trades[:, a.TRADE_QUANTITY] * run.trades[:, a.TRADE_ENTRY])
    first = float(sizes[0]) / model.spec.limits.initial_equity
    assert first == pytest.approx(0.3, rel=0.02)
    assert not follow_signal(random_model(2, limits=limits_of(min_confidence=1.0)), bars, signals).trades.size, (
        "a signal under the limit of confidence is not followed"
    )


def test_who_holds_earns_what_the_market_does_from_the_second_bar_on() -> None:
    model = random_model(2, costs=FREE.model_copy(update={"max_participation": 1.0}))
    bars, signals = stretch(model)
    run = buy_and_hold(model, bars, signals)
    assert (len(run.trades), len(run.last)) == (0, 1)
    initial = model.spec.limits.initial_equity
    assert run.settled_equity[-1] / initial == pytest.approx(bars.close[-1] / bars.open[1], rel=1e-3)
    assert run.equity[0] == initial


def test_who_holds_pays_for_it() -> None:
    free, dear = (random_model(2, costs=FREE.model_copy(update={"fee_bps": fee})) for fee in (0.0, 50.0))
    last = [buy_and_hold(model, *stretch(model)).settled_equity[-1] for model in (free, dear)]
    assert last[1] / last[0] == pytest.approx((1.0 - 0.005) / (1.0 + 0.005), rel=1e-3)


def test_the_signals_that_are_handed_in_stay_as_they_are() -> None:
    model = random_model(2)
    bars, signals = stretch(model)
    before = [column.tobytes() for column in signals.columns()]
    follow_signal(model, bars, signals)
    buy_and_hold(model, bars, signals)
    run_actions(model, bars, signals, np.array([FULL_SIZE]))
    assert [column.tobytes() for column in signals.columns()] == before
