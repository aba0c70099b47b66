from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.statistics.runs import losing_run_probability


@given(longest=st.integers(0, 12), trades=st.integers(0, 11), win_rate=st.floats(0.0, 1.0))
def test_it_is_the_sum_over_every_sequence_of_wins_and_losses(longest: int, trades: int, win_rate: float) -> None:
    expected = sum(
        math.prod(win_rate if won == "1" else 1.0 - win_rate for won in outcomes)
        for outcomes in product("10", repeat=trades)
        if max(map(len, "".join(outcomes).split("1"))) > longest
    )
    assert losing_run_probability(longest, trades=trades, win_rate=win_rate) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("trades", "kept"), [(50, 0.89), (100, 0.79), (200, 0.61), (400, 0.37), (1_000, 0.08)])
def test_longer_records_break_a_limit_of_five_more_often(trades: int, kept: float) -> None:
    assert 1.0 - losing_run_probability(5, trades=trades, win_rate=0.6) == pytest.approx(kept, abs=0.015)


def test_it_is_how_often_simulated_trades_do_it() -> None:
    lost = np.random.default_rng(0).random((20_000, 150)) > 0.55
    run, longest = np.zeros(20_000), np.zeros(20_000)
    for column in lost.T:
        run = np.where(column, run + 1, 0)
        longest = np.maximum(longest, run)
    found = losing_run_probability(5, trades=150, win_rate=0.55)
    assert found == pytest.approx(np.mean(longest > 5), abs=0.012)


@pytest.mark.parametrize("win_rate", [math.nan, -0.1, 1.1])
def test_a_win_rate_that_is_no_share_has_no_probability(win_rate: float) -> None:
    assert math.isnan(losing_run_probability(5, trades=100, win_rate=win_rate))


@pytest.mark.parametrize(("longest", "trades"), [(-1, 10), (5, -1)])
def test_counts_under_zero_are_refused(longest: int, trades: int) -> None:
    with pytest.raises(ValueError, match="counts"):
        losing_run_probability(longest, trades=trades, win_rate=0.5)
