from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import DAY_MS, HOUR_MS, START_MS, small_path
from trading.market.sources.simulated import SimulatedMarket, simulate, true_filter


@settings(max_examples=20, deadline=None)
@given(hours=st.integers(24, 20 * 24), seed=st.integers(0, 5))
def test_a_longer_path_goes_on_where_the_shorter_ended(hours: int, seed: int) -> None:
    market = SimulatedMarket(seed=seed)
    short = simulate(market, START_MS + hours * HOUR_MS)
    longer = simulate(market, START_MS + 25 * DAY_MS)
    assert len(short.bars) == hours
    assert short.bars.digest() == longer.bars.slice(0, hours).digest()
    assert (short.regime == longer.regime[:hours]).all()


def test_no_bar_closes_after_the_moment_asked_for() -> None:
    path = simulate(SimulatedMarket(), START_MS + 5 * DAY_MS + HOUR_MS // 2)
    assert path.bars.ts[-1] + path.bars.interval <= START_MS + 5 * DAY_MS + HOUR_MS // 2
    assert len(path.bars) == 5 * 24


def test_every_bar_contains_its_open_and_close_and_trades_something() -> None:
    bars = small_path(200).bars
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.volume > 0).all()
    assert (bars.low > 0).all()


def test_symbols_share_the_model_but_not_the_path() -> None:
    market = SimulatedMarket()
    one, other = (simulate(market, START_MS + 5 * DAY_MS, symbol) for symbol in ("A", "B"))
    assert not np.allclose(one.bars.close, other.bars.close)


def test_without_edge_regimes_differ_in_volatility_but_not_in_drift() -> None:
    path = small_path(1500, 3, 0.0)
    returns = np.diff(np.log(path.bars.close))
    regime = path.regime[1:]
    means = [
        returns[regime == k].mean() / (returns[regime == k].std() / np.sqrt((regime == k).sum())) for k in range(3)
    ]
    assert max(abs(mean) for mean in means) < 3.5
    assert returns[regime == 1].std() > 2 * returns[regime == 2].std()


def test_the_true_filter_names_the_regime_of_nine_bars_in_ten() -> None:
    path = small_path(400)
    assert (true_filter(SimulatedMarket(), path).argmax(axis=1) == path.regime).mean() > 0.9
