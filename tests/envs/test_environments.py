from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from envs.trading import TradingEnv
from envs.vectorised import LaneVecEnv
from tests.support import random_model, small_bars
from tests.support.models import INPUTS, limits_of
from trading.engines.stream import compute_signals
from trading.settings.models import PolicySpec
from trading.simulation.backtest import run_backtest
from trading.simulation.kernels import WaitingLanes, advance_loop
from trading.simulation.parameters import model_parameters
from trading.simulation.trades import ledger_sha256
from trading.steps.account import EQUITY, TRADE_SIZE, new_account
from trading.training.jobs import TrainingJob

FIXED = [0.4, -0.2, 0.1, 0.6]


def _job(lanes: int = 4) -> TrainingJob:
    bars, model = small_bars(90), random_model(1, limits=limits_of(halt_drawdown=1.0, cooldown_bars=12))
    return TrainingJob(
        name="job",
        seed=3,
        bars=bars,
        signals=compute_signals(model, bars),
        model=model,
        train=(200, 1500),
        validation=(1550, 2100),
        spec=PolicySpec(lanes=lanes, hidden=8),
        episode_bars=300,
    )


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
    accounts = np.stack([new_account(job.model.spec.limits.initial_equity)])
    # The backtest decides at the close of its first bar already, so the lane begins one bar earlier.
    cursor, last, done = np.array([start - 1]), np.array([stop - 1]), np.zeros(1, dtype=np.bool_)
    action, returns, observation = np.full((1, 4), math.nan), np.zeros(1), np.zeros((1, job.inputs))
    packed = model_parameters(job.model)[None, :]
    trade, rows, total = np.zeros(TRADE_SIZE), [], 0.0
    while not done[0]:
        lanes = WaitingLanes(accounts, packed, cursor, last, observation, returns, done)
        advance_loop(bars.columns(), signals.columns(), lanes, action, trade)
        # One trade at the most closes between two decisions.
        if trade[0] != 0.0:
            rows.append(trade.copy())
            trade[:] = 0.0
        total += returns[0]
        action = np.array([FIXED])
    assert ledger_sha256(np.array(rows)) == backtest.ledger_sha256
    assert len(rows) > 10
    assert accounts[0, EQUITY] == backtest.equity[-1]
    assert math.isclose(total, math.log(backtest.equity[-1] / job.model.spec.limits.initial_equity), abs_tol=1e-9)


def test_lanes_report_the_end_of_an_episode_as_a_truncation_and_start_the_next() -> None:
    environment = LaneVecEnv(_job(), seed=1)
    observations = environment.reset()
    assert observations.shape == (4, INPUTS)
    ended = 0
    for _ in range(200):
        environment.step_async(np.tile(np.array(FIXED, dtype=np.float32), (4, 1)))
        observations, rewards, dones, infos = environment.step_wait()
        assert np.isfinite(observations).all()
        assert np.isfinite(rewards).all()
        for lane in np.flatnonzero(dones):
            assert infos[lane]["TimeLimit.truncated"]
            assert infos[lane]["terminal_observation"].shape == (INPUTS,)
            ended += 1
    assert ended > 4


def test_the_record_of_a_training_is_what_its_episodes_had_and_no_more_than_the_range() -> None:
    job = _job()
    environment = LaneVecEnv(job, seed=1)
    with pytest.raises(ValueError, match="was given no bars"):
        _ = environment.record
    environment.reset()
    (first,) = environment.get_attr("record", 0)
    for _ in range(200):
        environment.step(np.zeros((job.spec.lanes, 4), dtype=np.float32))
    record = environment.record
    ts, (start, stop) = job.bars.ts, job.train
    assert ts[start] <= record.first_ts <= first.first_ts
    assert first.last_ts <= record.last_ts <= ts[stop - 1]


def test_the_same_seed_gives_the_same_lanes() -> None:
    one, two = (LaneVecEnv(_job(), seed=9).reset() for _ in range(2))
    np.testing.assert_array_equal(one, two)
