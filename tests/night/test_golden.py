"""The quick one of the golden nights; all seven are in ``tests/campaigns/test_golden.py``."""

from __future__ import annotations

import math
from pathlib import Path

from tests.support.golden import ARRAYS, differences, golden, leaves


def test_a_small_night_has_the_numbers_of_release_0_1_to_the_last_bit(tmp_path: Path) -> None:
    assert differences("sim-small", tmp_path) == {}


def test_a_golden_night_holds_every_array_of_its_model() -> None:
    assert set(golden("sim-small")["arrays"]) == set(ARRAYS)


def test_a_golden_night_is_compared_to_the_last_bit() -> None:
    assert dict(leaves({"sharpe": [0.1, 2]})) == {
        "/sharpe/length": "2",
        "/sharpe/0": (0.1).hex(),
        "/sharpe/1": (2.0).hex(),
    }
    assert dict(leaves({"sharpe": math.nextafter(0.1, 1.0)})) != dict(leaves({"sharpe": 0.1}))
    assert dict(leaves({"costs": -0.0})) != dict(leaves({"costs": 0.0}))
    assert len(dict(leaves(golden("sim-small")))) > 400
