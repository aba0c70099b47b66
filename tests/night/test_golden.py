"""The quick one of the golden nights; all seven are in ``tests/campaigns/test_golden.py``."""

from __future__ import annotations

from pathlib import Path

from tests.support.golden import differences_of_night, golden
from tests.support.models import small_model


def test_a_small_night_has_its_accepted_numbers_to_the_last_bit(tmp_path: Path) -> None:
    assert differences_of_night("sim-small", tmp_path) == {}


def test_a_golden_night_holds_every_array_of_its_model() -> None:
    assert set(golden("sim-small").measured["arrays"]) == set(small_model().arrays())


def test_the_first_numbers_of_a_golden_night_are_those_of_release_0_1() -> None:
    first = golden("sim-small").changes[0]
    assert (first["after_release"], first["reason"]) == ("0.1.0", "Measured by release 0.1.")
