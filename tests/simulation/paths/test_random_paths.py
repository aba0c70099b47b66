from __future__ import annotations

import numpy as np

from tests.support.decimal_simulator import play_in_decimals
from tests.support.path_properties import broken_properties
from tests.support.random_paths import random_path


def test_the_page_in_decimals_keeps_the_properties_of_every_path() -> None:
    rng = np.random.default_rng(3)
    for number in range(300):
        path = random_path(rng)
        played = play_in_decimals(path.given, path.bars, path.orders)
        assert not broken_properties(path.given, path.bars, path.orders, played), f"path {number}: {path}"
