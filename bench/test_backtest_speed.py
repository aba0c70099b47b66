"""Backtest speed against a loop that calls SB3's predict per bar, as ratios measured in one run.

The peer is flattered: it only predicts, on observations that are ready, and simulates nothing. Ours starts from raw
bars: features, regime filter, policy, fills, metrics and, on the one path, the ledger.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bench.model import bench_model
from tests.support.models import INPUTS
from trading.checks.stress import run_stress
from trading.market.bars import Bars
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.model.model import TradingModel
from trading.settings.models import StressSpec
from trading.simulation.backtest import run_backtest

BARS = 500_000
PEER_BARS = 10_000
ROUNDS = 3
QUARTER_MS = 900_000
START_MS = 1_262_304_000_000
NINE = StressSpec(seeds=1)
"""The base path and one draw of each of the eight scenarios."""


@pytest.fixture(scope="module")
def bars() -> Bars:
    market = SimulatedMarket(interval="15m", start="2010-01-01")
    return simulate(market, START_MS + BARS * QUARTER_MS).bars


@pytest.fixture(scope="module")
def model_and_agent() -> tuple[TradingModel, Any]:
    return bench_model(QUARTER_MS)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_backtest_speed(bars: Bars, model_and_agent: tuple[TradingModel, Any], record_property: Any) -> None:
    model, agent = model_and_agent
    observations = np.random.default_rng(0).normal(size=(PEER_BARS, INPUTS)).astype(np.float32)
    warm = bars.slice(0, 3_000)
    run_backtest(model, warm, 200)
    run_stress(model, warm, 200, len(warm), spec=NINE, seed=1)

    def predict_per_bar() -> None:
        for observation in observations:
            agent.predict(observation, deterministic=True)

    rows = []
    for _ in range(ROUNDS):
        peer = PEER_BARS / _seconds(predict_per_bar)
        one = BARS / _seconds(lambda: run_backtest(model, bars, 200).ledger_sha256)
        nine = 9 * BARS / _seconds(lambda: run_stress(model, bars, 200, BARS, spec=NINE, seed=1))
        rows.append((peer, one, nine))
    single = statistics.median(one / peer for peer, one, _ in rows)
    lock_step = statistics.median(nine / peer for peer, _, nine in rows)
    trades = run_backtest(model, bars, 200).metrics["trades"]
    print(f"\n{'bars per second, median of ' + str(ROUNDS):40} {'rate':>12} {'ratio':>8}")
    for name, column, ratio in (
        ("SB3 predict per bar", 0, 1.0),
        (f"one path of {BARS:,} bars ({trades:,.0f} trades)", 1, single),
        ("nine paths in lock step", 2, lock_step),
    ):
        print(f"{name:40} {statistics.median(row[column] for row in rows):12,.0f} {ratio:7.1f}x")
    record_property("single_ratio", single)
    record_property("lock_step_ratio", lock_step)
    assert single >= 40.0
    assert lock_step >= 100.0


def test_the_bench_model_trades_all_the_time(bars: Bars, model_and_agent: tuple[TradingModel, Any]) -> None:
    model, _ = model_and_agent
    part = bars.slice(0, 50_000)
    assert run_backtest(replace(model), part, 200).metrics["trades"] > 500
