from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.statistics.bootstrap import block_sums, covering_block, stationary_blocks


@given(
    count=st.integers(1, 200),
    mean_block=st.floats(1.0, 40.0),
    seed=st.integers(0, 99),
)
def test_every_draw_is_as_long_as_the_series(count: int, mean_block: float, seed: int) -> None:
    starts, lengths = stationary_blocks(np.random.default_rng(seed), count, 30, mean_block)
    assert (lengths.sum(axis=1) == count).all()
    assert (lengths >= 0).all()
    assert (starts >= 0).all()
    assert (starts < count).all()


class Ones(np.random.Generator):
    """Draws the shortest of blocks, and remembers with which chance of an end."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))
        self.asked: list[float] = []

    def geometric(self, p: float, size: tuple[int, ...]) -> np.ndarray:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.asked.append(p)
        return np.ones(size, dtype=np.int64)


def test_draws_that_are_too_short_get_further_blocks_of_the_same_kind() -> None:
    rng = Ones()
    starts, lengths = stationary_blocks(rng, 45, 3, 22.5)
    # Two blocks are expected, so nine are drawn at a time: five times nine of length one.
    assert rng.asked == [1.0 / 22.5] * 5
    assert starts.shape == lengths.shape == (3, 45)
    assert (lengths == 1).all()


def test_blocks_have_the_mean_length_and_start_everywhere() -> None:
    starts, lengths = stationary_blocks(np.random.default_rng(0), 2_000, 500, 12.0)
    # Room for four deviations more than the 167 that are expected.
    assert starts.shape == lengths.shape == (500, 220)
    whole = lengths[:, :100]
    assert whole.mean() == pytest.approx(12.0, rel=0.02)
    assert np.mean(whole == 1) == pytest.approx(1.0 / 12.0, rel=0.05)
    assert np.bincount(starts.ravel(), minlength=2_000).min() > 0


def test_sums_of_blocks_are_those_of_the_series_written_out() -> None:
    values = np.random.default_rng(4).normal(size=90)
    starts, lengths = stationary_blocks(np.random.default_rng(5), 90, 40, 6.0)
    written = [
        sum(values[(start + np.arange(length)) % 90].sum() for start, length in zip(*row, strict=True))
        for row in zip(starts, lengths, strict=True)
    ]
    assert block_sums(np.tile(values, 2), starts, lengths) == pytest.approx(written)


@pytest.mark.parametrize(
    ("count", "regime", "held", "block"),
    [
        (10_000, 200.0, [30, 50], 200.0),
        (10_000, 200.0, [120, 140], 260.0),
        (10_000, 120.0, [], 120.0),
        (10_000, 3_000.0, [10], 1_000.0),
        (10_000, 20.0, [10], 96),
        (500, 300.0, [10], 96),
        (10_000, 0.5, [], 96),
    ],
)
def test_a_block_covers_a_regime_and_two_trades_and_leaves_enough_of_them(
    count: int, regime: float, held: list[int], block: float
) -> None:
    assert covering_block(count, regime, np.array(held)) == block
