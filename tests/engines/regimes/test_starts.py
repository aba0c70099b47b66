from __future__ import annotations

import numpy as np
import pytest

from trading.engines.regimes.starts import AVERAGED, start_of


def slow_states(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of three states that last 100 bars, so close to each other that a single row tells little."""
    rng = np.random.default_rng(seed)
    state = np.repeat(rng.integers(0, 3, 60), 100)
    return np.array([-0.7, 0.0, 0.7])[state][:, None] + rng.standard_normal((6_000, 1)), state


def test_every_start_is_a_model_whose_states_mostly_stay() -> None:
    rows, _ = slow_states()
    for number in range(8):
        _, start = start_of(number, rows, 3, seed=number)
        assert start.transmat.sum(axis=1) == pytest.approx(np.ones(3))
        assert np.diagonal(start.transmat).min() >= 0.9
        assert (np.linalg.eigvalsh(start.covars) > 0.0).all()
        assert start.means.shape == (3, 1)


def test_kinds_take_turns_and_random_ones_differ_by_their_seed() -> None:
    rows, _ = slow_states()
    kinds = [start_of(number, rows, 3, seed=1)[0] for number in range(5)]
    assert kinds == [*(f"k-means, {bars} bars" for bars in AVERAGED), "random", f"k-means, {AVERAGED[0]} bars"]
    one, other = (start_of(3, rows, 3, seed=seed)[1].means for seed in (1, 2))
    assert (one != other).any()
    assert (start_of(3, rows, 3, seed=1)[1].means == one).all()


def test_centres_of_averages_lie_nearer_to_lasting_states_than_those_of_bars() -> None:
    rows, _ = slow_states()
    truth = np.array([-0.7, 0.0, 0.7])
    of_bars, of_averages = (
        np.abs(np.sort(start_of(number, rows, 3, seed=1)[1].means[:, 0]) - truth).max() for number in (0, 2)
    )
    assert of_averages < 0.3 < of_bars


def test_an_average_knows_no_later_row() -> None:
    rows, _ = slow_states()
    changed = rows.copy()
    changed[3_000:] += 5.0
    from trading.engines.regimes.starts import _averaged

    assert (_averaged(rows, 48)[:3_000] == _averaged(changed, 48)[:3_000]).all()
    assert _averaged(rows, 48)[100, 0] == pytest.approx(rows[53:101, 0].mean())
    assert _averaged(rows, 48)[3, 0] == pytest.approx(rows[:4, 0].mean())
