from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.engines.regimes.hmm import fit_regimes, learned_rows
from trading.engines.regimes.recency import drawn_blocks, kish
from trading.settings.models import RegimeSpec
from trading.statistics.bootstrap import SHORTEST_BLOCK


def numbered(n: int) -> np.ndarray:
    """Rows that say where they stood."""
    return np.arange(n, dtype=np.float64)[:, None]


@given(n=st.integers(1, 5_000), half_life=st.integers(1, 10_000), seed=st.integers(0, 2**32 - 1))
def test_every_sequence_is_a_stretch_of_the_rows_and_sequences_follow_in_time(
    n: int, half_life: int, seed: int
) -> None:
    drawn = drawn_blocks(numbered(n), half_life, seed)
    ends = np.cumsum(drawn.lengths)
    assert ends[-1] == len(drawn.rows)
    stretches = [drawn.rows[end - length : end, 0] for end, length in zip(ends, drawn.lengths, strict=True)]
    for stretch in stretches:
        np.testing.assert_array_equal(np.diff(stretch), 1.0)
        assert 0 < len(stretch) <= SHORTEST_BLOCK
    assert all(one[0] <= other[0] for one, other in pairwise(stretches))
    assert 0.0 < drawn.effective <= n + 1e-9


@given(n=st.integers(1, 5_000), half_life=st.integers(240, 10_000), seed=st.integers(0, 2**32 - 1))
def test_a_block_comes_as_often_as_its_weight_says_rounded_up_or_down(n: int, half_life: int, seed: int) -> None:
    rows = numbered(n)
    drawn = drawn_blocks(rows, half_life, seed)
    weights = 0.5 ** ((n - 1 - rows[:, 0]) / half_life)
    newest = slice(max(0, n - SHORTEST_BLOCK), n)
    expected = len(drawn.lengths) * weights[newest].sum() / weights.sum()
    came = int((drawn.rows == n - 1).sum())
    assert np.floor(expected - 1e-9) <= came <= np.ceil(expected + 1e-9)


def test_the_same_seed_draws_the_same_and_without_a_half_life_nothing_is_drawn() -> None:
    rows = numbered(3_000)
    one, two, other = (drawn_blocks(rows, 500, seed).rows for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)
    learned = learned_rows(rows, RegimeSpec(), seed=3)
    assert learned.rows is rows
    assert (learned.lengths, learned.report) == (None, {})


def test_a_very_long_half_life_draws_every_row_once_and_all_count() -> None:
    drawn = drawn_blocks(numbered(40 * SHORTEST_BLOCK), 10**9, seed=1)
    np.testing.assert_array_equal(drawn.rows, numbered(40 * SHORTEST_BLOCK))
    assert drawn.effective == pytest.approx(40 * SHORTEST_BLOCK)


def test_the_effective_number_of_a_long_history_is_that_of_an_exponential_weight() -> None:
    # (1 + w) / (1 - w) for a weight w from one row to the next: 2 / ln 2 half-lives, that is 2.885 of them.
    drawn = drawn_blocks(numbered(40_000), 1_440, seed=1)
    assert drawn.effective == pytest.approx(2.885 * 1_440, rel=0.03)


@given(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=50))
def test_kish_counts_equal_weights_whole_and_unequal_ones_less(weights: list[float]) -> None:
    held = np.array(weights)
    assert kish(np.full(len(held), held[0])) == pytest.approx(len(held))
    assert 1.0 - 1e-9 <= kish(held) <= len(held) + 1e-9
    assert kish(3.0 * held) == pytest.approx(kish(held))


def shifted() -> tuple[np.ndarray, np.ndarray]:
    """Two states that last 100 rows; in the last quarter both lie two deviations higher."""
    rng = np.random.default_rng(5)
    state = np.repeat(np.tile([0, 1], 60), 100)
    rows = np.where(state == 1, 1.0, -1.0) + 0.4 * rng.standard_normal(12_000)
    rows[9_000:] += 2.0
    return rows[:, None], 0.001 * rng.standard_normal(12_000)


def test_a_fit_with_a_half_life_knows_the_newer_market_and_the_same_seed_gives_the_same() -> None:
    rows, returns = shifted()
    spec = RegimeSpec(seeds=8, states=2, features=("close_location",), alternatives=(), half_life_bars=600)
    usual = fit_regimes(rows, returns, spec.model_copy(update={"half_life_bars": 0}), seed=2)
    one, two = (fit_regimes(rows, returns, spec, seed=2) for _ in range(2))
    assert sorted(one.parameters.means[:, 0]) == pytest.approx([1.0, 3.0], abs=0.1)
    assert sorted(usual.parameters.means[:, 0])[0] < 0.5
    assert one.report == two.report
    assert one.parameters.transmat.tobytes() == two.parameters.transmat.tobytes()
    recency = one.report["recency"]
    assert (recency["half_life_bars"], recency["bars"]) == (600, 12_000)
    assert 1_500.0 < recency["effective_bars"] < 2_000.0
    assert "recency" not in usual.report
    # A border between two blocks is no transition: states last as long as they do.
    assert [state["bars"] for state in one.report["states"]] == pytest.approx([100.0, 100.0], rel=0.25)


def test_a_half_life_that_leaves_too_little_is_refused() -> None:
    with pytest.raises(ValueError, match="half_life_bars 60 leaves too few bars that count: give 0, or 240 and more"):
        RegimeSpec(half_life_bars=60)
