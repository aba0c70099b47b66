from __future__ import annotations

import math

import numpy as np
import pytest

from trading.arrays import Floats
from trading.statistics.paired import PairedDifference, paired_sharpe_difference

YEAR = 8_766.0


def compared(one: Floats, other: Floats, *, draws: int = 400, seed: int = 0) -> PairedDifference:
    return paired_sharpe_difference(one, other, periods_per_year=YEAR, mean_block=96.0, draws=draws, seed=seed)


def test_the_difference_is_of_the_two_ratios_and_what_is_shared_cancels_in_its_error() -> None:
    rng = np.random.default_rng(0)
    common, own = rng.normal(2e-4, 0.01, 6_000), rng.normal(0.0, 0.003, (2, 6_000))
    one, other = common + own[0] + 1e-4, common + own[1]
    found = compared(one, other)
    ratios = [values.mean() / values.std(ddof=1) * math.sqrt(YEAR) for values in (one, other)]
    assert found.difference == pytest.approx(ratios[0] - ratios[1])
    assert found.correlation == pytest.approx(np.corrcoef(one, other)[0, 1])
    assert found.low < found.difference < found.high
    assert found.se < 0.5 * compared(one, other[rng.permutation(6_000)]).se


def test_equal_series_do_not_differ() -> None:
    returns = np.random.default_rng(1).normal(2e-4, 0.01, 2_000)
    assert compared(returns, returns)[:5] == (0.0, 0.0, 0.0, 0.0, 1.0)


def test_equal_candidates_are_called_different_about_one_time_in_twenty() -> None:
    found = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        common, own = rng.normal(2e-4, 0.01, 4_000), rng.normal(0.0, 0.005, (2, 4_000))
        found += compared(common + own[0], common + own[1], seed=seed).p <= 0.05
    assert 0.02 <= found / 300 <= 0.09


@pytest.mark.parametrize("spoiled", [np.zeros(500), np.r_[np.nan, np.ones(499)]], ids=["still", "nan"])
def test_a_series_that_never_moves_or_is_not_finite_cannot_be_compared(spoiled: Floats) -> None:
    returns = np.random.default_rng(2).normal(0.0, 0.01, 500)
    assert all(math.isnan(number) for number in compared(returns, spoiled))


def test_series_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="3 returns and 4 of the other"):
        compared(np.zeros(3), np.zeros(4))
