from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import random_model, small_bars
from tests.support.models import at_depth, costs_of, limits_of
from trading.engines.stream import SignalStream
from trading.errors import DataError
from trading.market.bars import resample
from trading.model.model import TradingModel
from trading.simulation import lanes
from trading.simulation.backtest import run_backtest
from trading.simulation.lanes import Lane, Span, WarmedLanes, run_lanes
from trading.simulation.parameters import model_parameters, policy_of
from trading.simulation.trades import ledger_sha256
from trading.steps.account import (
    FEE,
    MAKER_FEE,
    QUANTITY,
    TRADE_CONFIDENCE,
    TRADE_ENTRY,
    TRADE_ENTRY_TS,
    TRADE_EXIT,
    TRADE_EXIT_TS,
    TRADE_FEES_PAID,
    TRADE_PNL,
    TRADE_QUANTITY,
    TRADE_SIZE,
    new_account,
)
from trading.steps.breakers import ALLOWED
from trading.steps.decision import close_step
from trading.steps.policy import ACTIONS
from trading.steps.venue import CLOSED, venue_step


def _plain_ledger(model: TradingModel, days: int, start: int) -> tuple[str, int]:
    """The same steps, uncompiled, one bar at a time, as the live runner calls them."""
    stream, p = SignalStream(model), model_parameters(model)
    policy = policy_of(model)
    account, trade = new_account(model.spec.limits.initial_equity), np.zeros(TRADE_SIZE)
    observation, action = np.zeros(len(model.spec.observation_names)), np.zeros(len(ACTIONS))
    rows = []
    for t, bar in enumerate(small_bars(days).rows()):
        view = stream.on_bar(bar)
        if t < start:
            continue
        if venue_step(account, p, bar, trade) & CLOSED:
            rows.append(trade.copy())
        close_step(account, p, view, policy, observation, action)
    return ledger_sha256(np.array(rows)), len(rows)


@pytest.mark.parametrize("seed", range(4))
def test_plain_steps_and_compiled_lanes_trade_the_same_ledger(seed: int) -> None:
    model = random_model(seed)
    compiled = run_backtest(model, small_bars(40), 200)
    plain, trades = _plain_ledger(model, 40, 200)
    assert plain == compiled.ledger_sha256
    assert compiled.metrics["trades"] - trades in (0, 1)
    assert trades > 5


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1_000), cut=st.integers(300, 1_400))
def test_what_happened_until_a_bar_does_not_depend_on_later_bars(seed: int, cut: int) -> None:
    model, bars = random_model(seed), small_bars(60)
    whole, part = run_backtest(model, bars, 100), run_backtest(model, bars.slice(0, cut), 100)
    np.testing.assert_array_equal(part.equity, whole.equity[: cut - 100])
    assert part.trades == whole.trades[: len(part.trades)]


def test_lanes_in_lock_step_equal_lanes_alone() -> None:
    models = [random_model(3, costs=costs_of(fee_bps=fee)) for fee in (0.0, 5.0, 20.0)]
    bars = small_bars(60)
    packed = [model_parameters(model) for model in models]
    together = run_lanes(models[0], [bars] * 3, packed, 100, len(bars))
    for lane, parameters in zip(together, packed, strict=True):
        alone = run_lanes(models[0], [bars], [parameters], 100, len(bars))[0]
        np.testing.assert_array_equal(lane.equity, alone.equity)
        np.testing.assert_array_equal(lane.trades, alone.trades)


def test_lanes_may_differ_from_the_start_on_but_not_before() -> None:
    model, bars, start = random_model(3), small_bars(60), 100
    packed, other = [model_parameters(model)] * 2, bars.close.copy()
    other[start] *= 1.001
    changed = replace(bars, close=other, high=np.maximum(bars.high, other), low=np.minimum(bars.low, other))
    for order in ([bars, changed], [changed, bars]):
        together = run_lanes(model, order, packed, start, len(bars))
        alone = [run_lanes(model, [lane], packed[:1], start, len(bars))[0] for lane in order]
        for one, other_run in zip(together, alone, strict=True):
            np.testing.assert_array_equal(one.equity, other_run.equity)
    with pytest.raises(ValueError, match="before bar 101"):
        run_lanes(model, [bars, changed], packed, start + 1, len(bars))


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(100, 900), max_size=6), stretch=st.sampled_from([64, 4_096]))
def test_spans_with_the_same_parameters_change_no_bit(cuts: list[int], stretch: int) -> None:
    model, bars = random_model(3), small_bars(60)
    packed, ends = model_parameters(model), sorted(cuts)
    spans = tuple(Span(*pair, packed) for pair in zip(ends[::2], ends[1::2], strict=False))
    warmed = WarmedLanes(model, bars, 100, len(bars))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "STRETCH", stretch)
        cut = warmed.run(Lane(bars, packed, spans))
    whole = warmed.run(Lane(bars, packed))
    assert len(whole.trades) > 20
    for name in ("equity", "low_equity", "trades", "codes", "account", "settled"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(whole, name))


def test_other_parameters_are_in_force_inside_their_span_and_nowhere_else() -> None:
    model, bars, start = random_model(3), small_bars(60), 100
    packed = model_parameters(model)
    dear = packed.copy()
    dear[FEE] = dear[MAKER_FEE] = 0.05
    begin, end = 400, 700
    warmed = WarmedLanes(model, bars, start, len(bars))
    calm, run = warmed.run(Lane(bars, packed)), warmed.run(Lane(bars, packed, (Span(begin, end, dear),)))
    np.testing.assert_array_equal(run.equity[: begin - start], calm.equity[: begin - start])
    notional = np.abs(run.trades[:, TRADE_QUANTITY]) * (run.trades[:, TRADE_ENTRY] + run.trades[:, TRADE_EXIT])
    paid = run.trades[:, TRADE_FEES_PAID] / notional
    entered, left = run.trades[:, TRADE_ENTRY_TS], run.trades[:, TRADE_EXIT_TS]
    inside = (entered >= bars.ts[begin]) & (left < bars.ts[end])
    outside = (left < bars.ts[begin]) | (entered >= bars.ts[end])
    assert inside.sum() > 5
    assert outside.sum() > 5
    np.testing.assert_allclose(paid[inside], 0.05, rtol=1e-6)
    assert (paid[outside] <= packed[FEE] * 1.0001).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1_000))
def test_equity_is_the_start_plus_every_trade(seed: int) -> None:
    model, bars = random_model(seed), small_bars(60)
    run = run_lanes(model, [bars], [model_parameters(model)], 100, len(bars))[0]
    closed_flat = run.account[QUANTITY] == 0.0
    pnl = run.trades[:, TRADE_PNL].sum()
    if closed_flat:
        assert run.equity[-1] == pytest.approx(model.spec.limits.initial_equity + pnl, rel=1e-9)


def test_higher_fees_cost_money_and_change_no_decision_of_a_model_that_does_not_see_them() -> None:
    fixed = [0.5, 0.0, 0.0, 0.0]
    cheap = run_backtest(random_model(3, costs=costs_of(fee_bps=0.0)), small_bars(60), 100, fixed_action=fixed)
    dear = run_backtest(random_model(3, costs=costs_of(fee_bps=10.0)), small_bars(60), 100, fixed_action=fixed)
    assert [row["entry_ts"] for row in cheap.trades] == [row["entry_ts"] for row in dear.trades]
    assert dear.metrics["total_return"] < cheap.metrics["total_return"]


def test_a_confidence_nobody_reaches_means_no_trade_and_metrics_that_do_not_exist_are_nan() -> None:
    result = run_backtest(random_model(1, limits=limits_of(min_confidence=1.0)), small_bars(40), 100)
    assert result.metrics["trades"] == 0
    assert all(math.isnan(result.metrics[name]) for name in ("sharpe", "win_rate", "profit_factor"))
    assert (result.codes != ALLOWED).all()


def test_bars_of_another_interval_are_refused() -> None:
    with pytest.raises(DataError, match="14400000"):
        run_backtest(random_model(1), resample(small_bars(40), 4 * 3_600_000), 10)


def test_a_traced_lane_trades_the_same_and_keeps_what_each_decision_rested_on() -> None:
    model, bars = random_model(2), small_bars(260)
    parameters = [model_parameters(model)]
    (plain,) = run_lanes(model, [bars], parameters, 200, 6_000)
    (traced,) = run_lanes(model, [bars], parameters, 200, 6_000, traced=True)
    assert plain.trace is None
    assert traced.trace is not None
    assert traced.trades.tobytes() == plain.trades.tobytes()
    assert traced.codes.tobytes() == plain.codes.tobytes()
    signals = SignalStream(model).advance(bars).slice(200, 6_000)
    for name, column in signals.columns()._asdict().items():
        np.testing.assert_array_equal(getattr(traced.trace.signals, name), column)
    due = np.asarray(np.isfinite(traced.trace.actions).all(axis=1))
    assert due[traced.codes == ALLOWED].all()
    assert 0 < due.sum() < len(due)
    assert np.isnan(traced.trace.observations[~due]).all()
    assert (np.abs(traced.trace.actions[due]) <= 1.0).all()


def test_a_shallow_training_enters_only_where_its_effective_confidence_is_enough() -> None:
    full = random_model(3, limits=limits_of(min_confidence=0.5))
    bars = small_bars(40)
    deep, shallow = (run_backtest(model, bars, 100, len(bars)).closed for model in (full, at_depth(full, 0.7)))
    assert 0 < len(shallow) < len(deep)
    for closed in (deep, shallow):
        assert closed[:, TRADE_CONFIDENCE].min() >= 0.5
    assert shallow[:, TRADE_CONFIDENCE].max() <= 0.7
