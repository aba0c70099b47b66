from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.simulation.metrics.trades import (
    NO_REGIME,
    TradeColumns,
    longest_losing_streak,
    profit_factor,
    trade_columns,
    trade_metrics,
    win_rate,
)
from trading.steps.account import REASON_STOP, REASON_TARGET, REASON_TIME, REASONS, TRADE_FIELDS

FIVE = TradeColumns(
    quantity=np.array([2.0, -1.0, 3.0, -1.0, 1.0]),
    fees=np.array([1.0, 1.0, 2.0, 1.0, 1.0]),
    spread=np.array([0.5, 0.5, 1.0, 0.5, 0.5]),
    slippage=np.array([0.1, 0.2, 0.3, 0.4, 0.5]),
    funding=np.array([0.0, -2.0, 1.0, 0.0, 0.0]),
    pnl=np.array([30.0, -10.0, -20.0, 5.0, 0.0]),
    reason=np.array([REASON_TARGET, REASON_STOP, REASON_STOP, REASON_TIME, REASON_TIME]),
    held=np.array([3, 1, 2, 10, 4]),
    regime=np.array([0, 1, 0, 1, NO_REGIME]),
    mae=np.array([0.01, 0.05, 0.08, 0.02, 0.03]),
    mfe=np.array([0.06, 0.01, 0.00, 0.04, 0.01]),
)


def none() -> TradeColumns:
    return TradeColumns._make(column[:0] for column in FIVE)


def test_records_become_columns_and_regimes_count_from_zero() -> None:
    records = np.arange(2.0 * len(TRADE_FIELDS)).reshape(2, -1)
    columns = trade_columns(records, ("bull", "bear"))
    for name in TradeColumns._fields:
        less = 1.0 if name == "regime" else 0.0
        assert getattr(columns, name).tolist() == (records[:, TRADE_FIELDS.index(name)] - less).tolist()
    assert {column.dtype.kind for column in (columns.reason, columns.held, columns.regime)} == {"i"}
    assert trade_columns(records).regime.tolist() == [NO_REGIME, NO_REGIME]


def test_small_trades_count_like_large_ones() -> None:
    small = FIVE._replace(quantity=FIVE.quantity / 100.0, pnl=FIVE.pnl / 100.0)
    found, large = (trade_metrics(trades, ("bull", "bear")) for trades in (small, FIVE))
    for name in ("long_trades", "short_trades", "long_profit_factor", "short_profit_factor", "mae_mean_winners"):
        assert found[name] == pytest.approx(large[name])


def test_a_trade_of_nothing_is_of_neither_side() -> None:
    found = trade_metrics(FIVE._replace(quantity=np.zeros(5)), ("bull", "bear"))
    assert (found["long_trades"], found["short_trades"]) == (0, 0)


def test_sides_stand_apart() -> None:
    found = trade_metrics(FIVE, ("bull", "bear"))
    assert {name: found[name] for name in found if name.startswith("long_")} == {
        "long_trades": 3,
        "long_pnl": 10.0,
        "long_win_rate": pytest.approx(1 / 3),
        "long_profit_factor": 1.5,
    }
    assert {name: found[name] for name in found if name.startswith("short_")} == {
        "short_trades": 2,
        "short_pnl": -5.0,
        "short_win_rate": 0.5,
        "short_profit_factor": 0.5,
    }


def test_every_regime_has_its_figures_even_where_nothing_was_traded() -> None:
    found = trade_metrics(FIVE, ("bull", "bear", "chop"))
    assert [found[f"regime_{name}_trades"] for name in ("bull", "bear", "chop", "none")] == [2, 2, 0, 1]
    assert found["regime_bull_profit_factor"] == 1.5
    assert found["regime_bear_pnl"] == -5.0
    assert found["regime_chop_pnl"] == 0.0
    assert math.isnan(found["regime_chop_win_rate"])
    assert math.isnan(found["regime_chop_profit_factor"])
    assert found["regime_none_win_rate"] == 0.0


def test_without_regimes_there_are_no_figures_of_regimes() -> None:
    found = trade_metrics(FIVE._replace(regime=np.full(5, NO_REGIME)))
    assert not [name for name in found if name.startswith("regime_")]


def test_reasons_are_counted_and_cost_parts_summed() -> None:
    found = trade_metrics(FIVE, ("bull", "bear"))
    assert [found[f"exits_{name}"] for name in ("stop", "target", "time")] == [2, 1, 2]
    parts = [found[f"cost_{name}"] for name in ("fees", "spread", "slippage", "funding")]
    assert parts == pytest.approx([6.0, 3.0, 1.5, -1.0])
    assert found["mean_bars_held"] == 4.0


def test_excursions_of_winners_and_losers() -> None:
    found = trade_metrics(FIVE, ("bull", "bear"))
    assert found["mae_mean"] == pytest.approx(0.038)
    assert found["mae_median"] == 0.03
    assert found["mae_mean_winners"] == pytest.approx(0.015)
    assert found["mae_median_winners"] == pytest.approx(0.015)
    assert found["mae_mean_losers"] == pytest.approx(0.16 / 3)
    assert found["mae_median_losers"] == 0.05
    assert found["mfe_mean"] == pytest.approx(0.024)
    assert found["mfe_median"] == 0.01
    assert found["mfe_mean_winners"] == pytest.approx(0.05)
    assert found["mfe_mean_losers"] == pytest.approx(0.02 / 3)


@pytest.mark.filterwarnings("error")
def test_no_trades_have_counts_and_sums_of_zero_and_no_other_figure() -> None:
    for name, value in trade_metrics(none(), ("bull", "bear")).items():
        counted = name.endswith(("_trades", "_pnl")) or name.startswith(("exits_", "cost_"))
        assert value == 0 if counted else math.isnan(value), name


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        trade_metrics(FIVE._replace(pnl=np.zeros(4)))


@pytest.mark.parametrize(
    ("trades", "regimes", "message"),
    [
        (FIVE, ("bull",), r"regimes \[1\]"),
        (FIVE._replace(reason=np.zeros(5, dtype=np.int64)), ("bull", "bear"), r"reasons \[0\]"),
        (FIVE, ("bull", "none"), "two regimes of one name"),
    ],
)
def test_a_label_without_a_name_of_its_own_is_refused(
    trades: TradeColumns, regimes: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        trade_metrics(trades, regimes)


GAINS = st.lists(st.floats(-100.0, 100.0) | st.just(0.0), max_size=60)


@given(gains=GAINS, sides=st.lists(st.booleans(), min_size=60, max_size=60))
def test_parts_add_up_to_the_whole(gains: list[float], sides: list[bool]) -> None:
    count = len(gains)
    rng = np.random.default_rng(count)
    trades = TradeColumns._make(rng.random(count) for _ in TradeColumns._fields)._replace(
        quantity=np.where(sides[:count], 1.0, -1.0),
        pnl=np.array(gains),
        reason=rng.choice(list(REASONS), count),
        regime=rng.integers(-1, 2, count),
    )
    found = trade_metrics(trades, ("up", "down"))
    for parts in (("long", "short"), ("regime_up", "regime_down", "regime_none")):
        assert sum(found[f"{part}_trades"] for part in parts) == count
        assert sum(found[f"{part}_pnl"] for part in parts) == pytest.approx(sum(gains), abs=1e-9)
    assert sum(found[f"exits_{name}"] for name in REASONS.values()) == count


@given(gains=GAINS)
def test_a_losing_streak_is_the_longest_row_without_a_gain(gains: list[float]) -> None:
    longest = run = 0
    for gain in gains:
        run = 0 if gain > 0.0 else run + 1
        longest = max(longest, run)
    assert longest_losing_streak(np.array(gains)) == longest


def test_a_trade_that_gained_nothing_goes_on_with_a_losing_streak() -> None:
    assert longest_losing_streak(np.array([1.0, -1.0, -1.0, 0.0, 2.0, -1.0])) == 3
    assert longest_losing_streak(np.array([-1.0, -1.0])) == 2
    assert longest_losing_streak(np.array([1.0])) == 0
    assert longest_losing_streak(np.empty(0)) == 0


def test_a_gain_that_is_no_number_leaves_no_figure() -> None:
    gains = np.array([1.0, math.nan, -1.0])
    assert math.isnan(win_rate(gains))
    assert math.isnan(profit_factor(gains))
    assert math.isnan(profit_factor(np.array([1.0, 2.0])))
    assert longest_losing_streak(gains) == 2
