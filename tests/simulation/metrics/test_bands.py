from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.support import HOUR_MS, START_MS
from trading.arrays import Floats
from trading.simulation.metrics.bands import EquityBands, equity_bands, trade_bands
from trading.simulation.metrics.ratios import sharpe
from trading.simulation.metrics.trades import TradeColumns, trade_metrics

YEAR = 8_766.0


def bands_of(returns: Floats, **changes: Any) -> EquityBands:
    ts = START_MS + HOUR_MS * np.arange(len(returns), dtype=np.int64)
    equity = 1_000.0 * np.multiply.accumulate(1.0 + returns)
    points = np.array([0, len(returns) - 1])
    return equity_bands(ts, equity, 1_000.0, YEAR, **{"block": 24, "points": points, "seed": 3, **changes})


def independent(n: int = 4_000, mean: float = 1e-4) -> Floats:
    return np.random.default_rng(5).normal(mean, 0.01, n)


def test_the_band_of_a_sharpe_ratio_of_independent_returns_is_as_wide_as_theory_says() -> None:
    returns = independent()
    band = bands_of(returns).metrics["sharpe"]
    width = 2.0 * 1.645 * math.sqrt(YEAR / len(returns))
    assert band.high - band.low == pytest.approx(width, rel=0.2)
    assert band.low < sharpe(returns, YEAR) < band.high


def test_dependence_within_blocks_widens_the_band() -> None:
    # Each return lasts for ten bars, so there are a tenth as many that are independent.
    returns = np.repeat(independent(400), 10)
    wide, narrow = (bands_of(returns, block=block).metrics["total_return"] for block in (96, 1))
    assert wide.high - wide.low > 2.0 * (narrow.high - narrow.low)


def test_the_equity_band_widens_from_the_start_to_the_end_around_the_growth() -> None:
    found = bands_of(independent())
    assert found.high[0] - found.low[0] < 0.1 * (found.high[1] - found.low[1])
    assert found.low[1] < np.prod(1.0 + independent()) < found.high[1]


def test_equal_seeds_give_equal_bands() -> None:
    assert repr(bands_of(independent())) == repr(bands_of(independent()))
    assert repr(bands_of(independent())) != repr(bands_of(independent(), seed=4))


def test_an_account_that_lost_everything_has_no_band_and_one_that_never_moved_no_sharpe() -> None:
    lost = bands_of(np.r_[independent(100), -1.0, np.zeros(20)])
    assert not lost.metrics
    assert np.isnan(lost.high).all()
    flat = bands_of(np.zeros(2_000)).metrics
    assert math.isnan(flat["sharpe"].low)
    assert flat["max_drawdown"] == (0.0, 0.0)


def test_a_few_days_have_no_daily_bands() -> None:
    assert "sharpe_daily" not in bands_of(independent(10 * 24)).metrics
    assert "sharpe_daily" in bands_of(independent(30 * 24)).metrics


def trades(pnl: Floats) -> TradeColumns:
    n, ones = len(pnl), np.ones(len(pnl))
    return TradeColumns(
        quantity=np.where(np.arange(n) % 3 == 0, -1.0, 1.0),
        fees=ones,
        spread=ones,
        slippage=ones,
        funding=ones,
        pnl=pnl,
        reason=np.zeros(n, dtype=np.int64) + 1,
        held=np.full(n, 5),
        regime=np.full(n, -1),
        mae=ones,
        mfe=ones,
    )


def test_every_metric_of_trades_has_a_band_around_it() -> None:
    columns = trades(np.random.default_rng(1).normal(1.0, 5.0, 200))
    bands, metrics = trade_bands(columns, (), bars=2_000, seed=1), trade_metrics(columns)
    assert set(metrics) <= set(bands)
    for name in ("long_pnl", "short_win_rate", "cost_fees"):
        assert bands[name].low <= metrics[name] <= bands[name].high, name
    won = float(np.mean(columns.pnl > 0.0))
    error = 1.645 * math.sqrt(won * (1.0 - won) / 200)
    assert bands["win_rate"].high - bands["win_rate"].low == pytest.approx(2.0 * error, rel=0.3)
    # Every trade was held for five bars: there is nothing to be unsure of.
    assert bands["exposure"] == (0.5, 0.5)


def test_one_trade_has_no_bands_and_trades_without_a_loss_no_profit_factor() -> None:
    assert trade_bands(trades(np.ones(1)), (), bars=10, seed=1) == {}
    assert math.isnan(trade_bands(trades(np.ones(20)), (), bars=100, seed=1)["profit_factor"].low)
