"""Speed of a rule's backtest against other simulators, as ratios measured in one run, and how time and memory grow.

The peers are flattered: they are handed the entries with their stops and targets, and only simulate. Ours starts from
raw bars: features, the averages, sizing, fills and metrics. What our loop over ready signals takes is shown beside it.
"""

from __future__ import annotations

import os
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bench.markets import PRICES, TICK, on_tick
from bench.peers.process import PYTHONS, ask, how_to_install, peer_python
from bench.rule_model import asked_of, rule_model
from trading.checks.stress import run_stress
from trading.engines.stream import compute_signals
from trading.market.bars import Bars
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.model.model import TradingModel
from trading.settings.models import StressSpec
from trading.simulation.backtest import run_backtest
from trading.simulation.kernels import LaneOutput, trade_loop
from trading.simulation.parameters import model_parameters, policy_of
from trading.steps.account import TRADE_SIZE, new_account
from trading.steps.policy import ACTIONS

BARS, LONG = 500_000, (500_000, 1_000_000, 5_000_000)
PEER_BARS = {"vectorbt_signals": BARS, "backtesting_py": 10_000, "nautilus": 10_000}
"""How many bars each peer is given; of the slow ones fewer, and the time is taken per bar."""
WANTED = {"vectorbt_signals": 10.0}
"""What is hoped for and not reached."""
LEAST = {"vectorbt_signals": 0.05, "backtesting_py": 2.5, "nautilus": 15.0}
"""About half of what was measured on a busy machine: less is a loss of speed here."""
ROUNDS, WARMUP = 3, 200
QUARTER_MS = 900_000
START_MS = 1_262_304_000_000
LINEAR = 1.15
MOST_BYTES_A_BAR = 160.0


@pytest.fixture(scope="module")
def bars() -> Bars:
    market = SimulatedMarket(interval="15m", start="2010-01-01")
    return on_tick(simulate(market, START_MS + BARS * QUARTER_MS).bars, TICK)


@pytest.fixture(scope="module")
def model(bars: Bars) -> TradingModel:
    model = rule_model(QUARTER_MS, tick=TICK)
    run_backtest(model, bars.slice(0, 3_000), WARMUP)
    return model


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def loop_alone(model: TradingModel, bars: Bars) -> Callable[[], object]:
    """The compiled loop over signals that are ready, which is what the peers are asked for."""
    n, signals = len(bars), compute_signals(model, bars).columns()
    scratch = np.empty((1, len(model.spec.observation_names))), np.empty((1, len(ACTIONS)))
    output = LaneOutput(np.empty(n), np.empty(n), np.empty(n, np.int64), np.zeros((n // 4, TRADE_SIZE)), *scratch)
    columns, policy, packed = bars.columns(), policy_of(model), model_parameters(model)
    equity = model.spec.limits.initial_equity
    return lambda: trade_loop(columns, signals, policy, new_account(equity), packed, output)


@pytest.mark.parametrize("peer", PYTHONS)
def test_rule_backtest_speed(peer: str, bars: Bars, model: TradingModel, record_property: Any) -> None:
    if not peer_python(peer):
        pytest.skip(how_to_install(peer))
    asked = asked_of(model, bars, run_backtest(model, bars, WARMUP)).until(PEER_BARS[peer])
    loop = loop_alone(model, bars)
    loop()
    rows = []
    for _ in range(2):
        ours = statistics.median(seconds(lambda: run_backtest(model, bars, WARMUP)) for _ in range(ROUNDS))
        alone = statistics.median(seconds(loop) for _ in range(ROUNDS))
        answer = ask(peer, asked, rounds=ROUNDS)
        assert answer.seconds is not None
        assert len(answer.trades) > 0.8 * len(asked.entry)
        rows.append((answer.seconds / len(asked.ts), ours / len(bars), alone / len(bars)))
    theirs, whole, alone = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"\n{peer}: {len(asked.ts):,} bars, {len(asked.entry):,} trades, load {os.getloadavg()[0]:.1f}")
    print(f"{'nanoseconds a bar':40} {'time':>12} {'ratio':>8}")
    for name, took in ((peer, theirs), ("whole backtest from raw bars", whole), ("loop over ready signals", alone)):
        print(f"{name:40} {took * 1e9:12,.0f} {theirs / took:7.2f}x")
    record_property("ratio", theirs / whole)
    record_property("loop_ratio", theirs / alone)
    if peer in WANTED:
        print(f"wanted: {WANTED[peer]:g}x")
    assert theirs / whole >= LEAST[peer]


def per_bar(model: TradingModel, bars: Bars) -> float:
    """Seconds a bar of one backtest."""
    return seconds(lambda: run_backtest(model, bars, WARMUP)) / len(bars)


def longer(bars: Bars, count: int) -> Bars:
    """So many bars, the same prices over and over."""
    columns = {name: np.resize(getattr(bars, name), count) for name in (*PRICES, "volume")}
    return replace(bars, ts=bars.ts[0] + bars.interval * np.arange(count, dtype=np.int64), **columns)


def test_time_grows_with_the_bars_and_no_faster(bars: Bars, model: TradingModel) -> None:
    series = [longer(bars, count) for count in LONG]
    # In turn, the least of three: what else the machine does may only add.
    rounds = [[per_bar(model, one) for one in series] for _ in range(3)]
    least = [min(column) for column in zip(*rounds, strict=True)]
    print(f"\nnanoseconds a bar, load {os.getloadavg()[0]:.1f}")
    for count, took in zip(LONG, least, strict=True):
        print(f"{count:12,} {took * 1e9:12,.0f}")
    assert max(least) <= LINEAR * min(least)


def test_memory_of_a_backtest_is_its_outputs(bars: Bars, model: TradingModel) -> None:
    print(f"\n{'bars':>12} {'bytes a bar at the peak':>24}")
    for count in LONG[:2]:
        series = longer(bars, count)
        tracemalloc.start()
        result = run_backtest(model, series, WARMUP)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{count:12,} {peak / count:24.0f}")
        assert len(result.equity) == count - WARMUP
        assert peak / count <= MOST_BYTES_A_BAR


def test_the_stress_test_holds_no_columns_of_its_scenarios(bars: Bars, model: TradingModel) -> None:
    count = 100_000
    series, spec = bars.slice(0, count), StressSpec(seeds=1)
    kept: list[object] = []
    run_stress(model, series, WARMUP, count, spec=spec, seed=1)
    held = []
    for look in (None, lambda _, __, result: kept.append(result)):
        tracemalloc.start()
        found = run_stress(model, series, WARMUP, count, spec=spec, seed=1, look=look)
        held.append((tracemalloc.get_traced_memory()[0] / count, tracemalloc.get_traced_memory()[1] / count))
        tracemalloc.stop()
        assert len(found[1]) == 8
    print(f"\nbytes a bar held after, at the peak: {held[0][0]:.0f}, {held[0][1]:.0f}; with every scenario's columns "
          f"{held[1][0]:.0f}, {held[1][1]:.0f}")  # fmt: skip
    # Nothing but the columns of the base path.
    assert held[0][0] <= MOST_BYTES_A_BAR / 2.0
