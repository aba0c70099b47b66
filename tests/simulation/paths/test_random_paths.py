from __future__ import annotations

import numpy as np
import pytest

from tests.support.decimal_player import play_in_decimals
from tests.support.path_differences import differences
from tests.support.path_properties import broken_properties
from tests.support.paths import simulate
from tests.support.random_paths import RandomPath, random_path


def require_sound(path: RandomPath, number: int) -> None:
    """The simulator plays a path as the page in decimals does, and what must always hold does."""
    played = simulate(path.given, path.bars, path.orders)
    broken = broken_properties(path.given, path.bars, path.orders, played)
    broken += differences(played, play_in_decimals(path.given, path.bars, path.orders))
    assert not broken, f"path {number}: {path}: " + "; ".join(broken)


def test_the_simulator_plays_random_paths_by_the_page() -> None:
    rng = np.random.default_rng(1)
    for number in range(2_000):
        require_sound(random_path(rng), number)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(10))
def test_the_simulator_plays_ten_thousand_random_paths_by_the_page(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    for number in range(10_000):
        require_sound(random_path(rng), number)


def test_the_page_in_decimals_keeps_the_properties_of_every_path() -> None:
    rng = np.random.default_rng(2)
    for number in range(500):
        path = random_path(rng)
        played = play_in_decimals(path.given, path.bars, path.orders)
        assert not broken_properties(path.given, path.bars, path.orders, played), f"path {number}: {path}"
