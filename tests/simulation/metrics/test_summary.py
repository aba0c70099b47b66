from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from trading.simulation.metrics.returns import DailyReturns, daily_returns
from trading.simulation.metrics.summary import Details, backtest_metrics, daily_metrics
from trading.simulation.metrics.uncertainty import MIN_RETURNS, sharpe_interval, sharpe_standard_error
from trading.steps.account import (
    ACCOUNT_SIZE,
    COSTS,
    EXPOSED,
    TRADE_PNL,
    TRADE_QUANTITY,
    TRADE_REASON,
    TRADE_REGIME,
    TRADE_SIZE,
    TURNS,
)

HOUR_MS = 3_600_000
HOURS_PER_YEAR = 8_766.0
PLAIN = [
    "sharpe",
    "sortino",
    "max_drawdown",
    "volatility",
    "total_return",
    "win_rate",
    "profit_factor",
    "max_consecutive_losses",
    "mean_trade",
    "trades",
    "exposure",
    "turnover",
    "cost_share",
    "costs",
]
PNL = np.array([5.0, -2.0, -1.0, 0.5])
COUNT = 24 * 60


def lane() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    equity = 100.0 * np.exp(np.random.default_rng(4).normal(1e-4, 0.01, COUNT).cumsum())
    trades = np.zeros((len(PNL), TRADE_SIZE))
    trades[:, TRADE_PNL], trades[:, TRADE_QUANTITY] = PNL, 1.0
    trades[:, TRADE_REASON], trades[:, TRADE_REGIME] = [1, 2, 3, 3], [1, 2, 2, 0]
    account = np.zeros(ACCOUNT_SIZE)
    account[COSTS], account[EXPOSED], account[TURNS] = 1.8, 360.0, 5.0
    return equity, trades, account


def details() -> Details:
    equity, _, _ = lane()
    return Details(np.arange(COUNT) * HOUR_MS, equity * 0.99, ("bull", "bear"))


def test_a_lane_without_details_has_the_metrics_that_gates_read() -> None:
    equity, trades, account = lane()
    found = backtest_metrics(equity, trades, account, 100.0, HOURS_PER_YEAR)
    assert list(found) == PLAIN
    years = COUNT / HOURS_PER_YEAR
    assert found["total_return"] == equity[-1] / 100.0 - 1.0
    assert found["win_rate"] == 0.5
    assert found["profit_factor"] == pytest.approx(5.5 / 3.0)
    assert found["max_consecutive_losses"] == 2
    assert found["mean_trade"] == 0.625
    assert found["trades"] == 4
    assert found["exposure"] == 0.25
    assert found["turnover"] == pytest.approx(5.0 / years)
    assert found["cost_share"] == pytest.approx(1.8 / 5.5)
    assert found["costs"] == 1.8


def test_gains_that_are_small_are_gains() -> None:
    equity, trades, account = lane()
    found = backtest_metrics(equity, trades[3:], account, 100.0, HOURS_PER_YEAR)
    assert found["cost_share"] == pytest.approx(1.8 / 0.5)
    assert found["win_rate"] == 1.0


@pytest.mark.filterwarnings("error")
def test_a_lane_that_never_won_has_no_share_of_costs_and_one_without_trades_no_figure_of_them() -> None:
    equity, trades, account = lane()
    lost = backtest_metrics(equity, trades[1:3], account, 100.0, HOURS_PER_YEAR)
    assert (lost["win_rate"], lost["profit_factor"], lost["mean_trade"]) == (0.0, 0.0, -1.5)
    assert math.isnan(lost["cost_share"])
    idle = backtest_metrics(equity, trades[:0], account, 100.0, HOURS_PER_YEAR)
    assert (idle["trades"], idle["max_consecutive_losses"]) == (0, 0)
    for name in ("win_rate", "profit_factor", "mean_trade", "cost_share"):
        assert math.isnan(idle[name])


def test_details_add_metrics_and_change_none() -> None:
    equity, trades, account = lane()
    plain = backtest_metrics(equity, trades, account, 100.0, HOURS_PER_YEAR)
    full = backtest_metrics(equity, trades, account, 100.0, HOURS_PER_YEAR, details())
    assert {name: full[name] for name in plain} == plain
    assert full["intrabar_drawdown"] > full["max_drawdown"] >= full["max_drawdown_daily"]
    assert full["days"] == 60
    assert full["long_trades"] == 4
    assert full["regime_bear_pnl"] == -3.0
    assert all(map(math.isfinite, (value for name, value in full.items() if name.endswith("_daily"))))


def test_trades_of_an_engine_without_regimes_name_none() -> None:
    found = backtest_metrics(*lane(), 100.0, HOURS_PER_YEAR, details()._replace(regimes=()))
    assert not [name for name in found if name.startswith("regime_")]


def test_an_equal_lane_has_equal_metrics() -> None:
    first, again = (backtest_metrics(*lane(), 100.0, HOURS_PER_YEAR, details()) for _ in range(2))
    assert first == again


def test_the_daily_ratio_comes_with_its_error() -> None:
    equity, _, _ = lane()
    daily = daily_returns(np.arange(COUNT) * HOUR_MS, equity, 100.0)
    found = daily_metrics(daily)
    assert found["sharpe_daily_se"] == sharpe_standard_error(daily.returns, daily.days_per_year)
    assert (found["sharpe_daily_low"], found["sharpe_daily_high"]) == sharpe_interval(
        daily.returns, daily.days_per_year, seed=0
    )
    assert found["sharpe_daily_low"] < found["sharpe_daily"] < found["sharpe_daily_high"]
    # Two thirds of an interval of nine in ten are about one error to each side.
    width = found["sharpe_daily_high"] - found["sharpe_daily_low"]
    assert width == pytest.approx(2 * 1.645 * found["sharpe_daily_se"], rel=0.3)


def test_too_few_days_have_a_count_and_no_other_figure() -> None:
    returns = np.random.default_rng(1).normal(0.0, 0.01, MIN_RETURNS)
    assert all(map(math.isfinite, daily_metrics(DailyReturns(returns, 365.25)).values()))
    short = daily_metrics(DailyReturns(returns[1:], 365.25))
    assert short.pop("days") == MIN_RETURNS - 1
    assert all(map(math.isnan, short.values()))


def test_an_account_that_was_ruined_has_no_daily_figure_but_its_days() -> None:
    returns = np.r_[np.random.default_rng(1).normal(0.0, 0.01, 30), -1.0, math.nan, math.nan]
    found = daily_metrics(DailyReturns(returns, 365.25))
    assert found.pop("days") == 33
    assert all(map(math.isnan, found.values()))


def test_the_page_describes_every_metric(root: Path) -> None:
    page = (root / "docs/metrics.md").read_text()
    described = set(re.findall(r"^\| `([a-z_A-Z]+)` ", page, re.MULTILINE))
    found = backtest_metrics(*lane(), 100.0, HOURS_PER_YEAR, details())
    names = {re.sub("^regime_(bull|bear|none)_", "regime_NAME_", name) for name in found}
    assert described == names
