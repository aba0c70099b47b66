from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
from gymnasium.utils.env_checker import check_env

from envs.trading import TradingEnv
from envs.vectorised import LaneVecEnv
from tests.support import random_model, small_bars
from trading.settings.models import PolicySpec, RiskSpec
from trading.simulation.backtest import run_backtest
from trading.simulation.kernels import advance
from trading.simulation.parameters import model_parameters
from trading.simulation.signals import compute_signals
from trading.simulation.trades import ledger_sha256, trade_row
from trading.steps.account import EQUITY, TRADE_SIZE, new_state
from trading.training.jobs import TrainingJob

FIXED = [0.4, -0.2, 0.1, 0.6]


def _job(lanes: int = 4) -> TrainingJob:
    bars, model = small_bars(90), random_model(1, risk=RiskSpec(min_confidence=0.0, halt_drawdown=1.0))
    model = replace(model, spec=model.spec.model_copy(update={"policy": PolicySpec(lanes=lanes, hidden=8)}))
    signals = compute_signals(model, bars)
    return TrainingJob("job", 3, bars, signals, model, (200, 1500), (1550, 2100), model.spec.policy, 300)


def test_the_plain_environment_passes_the_checker_of_gymnasium() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*render.*|.*Box observation space.*infinity.*")
        check_env(TradingEnv(_job()), skip_render_check=True)


def test_environment_and_backtest_trade_the_same_ledger_for_the_same_actions() -> None:
    job = _job()
    start, stop = 200, 1500
    backtest = run_backtest(job.model, job.bars, start, stop, fixed_action=FIXED)
    signals, bars = job.signals, job.bars
    states = np.stack([new_state(job.model.spec.risk.initial_equity)])
    # The backtest decides at the close of its first bar already, so the lane begins one bar earlier.
    cursor, last, done = np.array([start - 1]), np.array([stop - 1]), np.zeros(1, dtype=np.bool_)
    action, returns, observation = np.full((1, 4), math.nan), np.zeros(1), np.zeros((1, 27))
    trade, rows, total = np.zeros(TRADE_SIZE), [], 0.0
    while not done[0]:
        advance(
            bars.ts, bars.interval, bars.open, bars.high, bars.low, bars.close, bars.volume, signals.raw,
            signals.scaled, signals.beliefs, signals.warm, signals.direction, signals.confidence, states,
            model_parameters(job.model)[None, :], cursor, last, action, observation, returns, done,
            trade,
        )  # fmt: skip
        # One trade at the most closes between two decisions.
        if trade[0] != 0.0:
            rows.append(trade_row(trade))
            trade[:] = 0.0
        total += returns[0]
        action = np.array([FIXED])
    assert ledger_sha256(rows) == backtest.ledger_sha256
    assert len(rows) > 10
    assert states[0, EQUITY] == backtest.equity[-1]
    assert math.isclose(total, math.log(backtest.equity[-1] / job.model.spec.risk.initial_equity), abs_tol=1e-9)


def test_lanes_report_the_end_of_an_episode_as_a_truncation_and_start_the_next() -> None:
    environment = LaneVecEnv(_job(), seed=1)
    observations = environment.reset()
    assert observations.shape == (4, 27)
    ended = 0
    for _ in range(200):
        environment.step_async(np.tile(np.array(FIXED, dtype=np.float32), (4, 1)))
        observations, rewards, dones, infos = environment.step_wait()
        assert np.isfinite(observations).all()
        assert np.isfinite(rewards).all()
        for lane in np.flatnonzero(dones):
            assert infos[lane]["TimeLimit.truncated"]
            assert infos[lane]["terminal_observation"].shape == (27,)
            ended += 1
    assert ended > 4


def test_the_same_seed_gives_the_same_lanes() -> None:
    one, two = (LaneVecEnv(_job(), seed=9).reset() for _ in range(2))
    np.testing.assert_array_equal(one, two)
