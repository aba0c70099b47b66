from __future__ import annotations

import math

import numpy as np
import pytest

from trading.arrays import Floats
from trading.checks.drift.evidence import Stretch
from trading.checks.drift.stretch import Compared, compare_levels, compare_outputs, holds_enough
from trading.settings.models import DriftSpec
from trading.splits import Range

SPEC = DriftSpec(recent_bars=60)
BARS = Compared(pool=Range(0, 3_000), reference=Range(0, 3_000), current=Range(3_500, 3_560))
NEWEST = slice(3_500, 3_560)


@pytest.fixture
def series() -> dict[str, Floats]:
    rng = np.random.default_rng(3)
    return {"a": rng.normal(size=3_600), "b": rng.standard_t(3, size=3_600)}


def levels(series: dict[str, Floats]) -> Stretch:
    return compare_levels(series, BARS, SPEC, seed=2)


def test_the_newest_bars_of_an_unchanged_series_have_not_moved(series: dict[str, Floats]):
    found = levels(series)
    assert found.moved == found.unmeasured == ()
    assert (found.bars, found.windows) == (60, 50.0)


@pytest.mark.parametrize(("shift", "scale"), [(2.0, 1.0), (-2.0, 1.0), (0.0, 5.0), (0.0, 0.05)])
def test_the_newest_bars_of_a_series_that_moved_have(series: dict[str, Floats], shift: float, scale: float):
    series["a"][NEWEST] = series["a"][NEWEST] * scale + shift
    assert levels(series).moved == ("a",)


def test_values_never_seen_before_are_found_where_the_index_says_little(series: dict[str, Floats]):
    series["a"][3_500:3_512] = 9.0
    found = levels(series)
    assert found.moved == ("a",)
    assert float(found.tails["a"] or 0.0) == pytest.approx(0.2, abs=0.05)


def test_a_shift_before_the_newest_bars_is_not_theirs(series: dict[str, Floats]):
    series["a"][3_000:3_500] += 5.0
    assert levels(series).moved == ()


@pytest.mark.parametrize("minimum", ["minimum_psi", "minimum_tails"])
def test_what_is_beyond_chance_moves_only_if_it_matters(series: dict[str, Floats], minimum: str):
    series["a"][NEWEST] += 2.0
    huge = levels(series).model_copy(update={"minimum_psi": 1_000.0, "minimum_tails": 1.0})
    assert huge.moved == ()
    assert huge.model_copy(update={minimum: 0.1}).moved == ("a",)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("at", [100, 3_520])
def test_a_value_that_is_not_finite_leaves_the_series_unmeasured(series: dict[str, Floats], value: float, at: int):
    series["b"][at] = value
    found = levels(series)
    assert found.unmeasured == ("b",)
    assert found.moved == ()


def test_a_level_that_never_changes_is_unmeasured(series: dict[str, Floats]):
    series["b"][:] = 1.0
    assert levels(series).unmeasured == ("b",)


def test_all_levels_without_a_number_are_unmeasured():
    assert levels({"a": np.full(3_600, math.nan)}).unmeasured == ("a",)


def test_a_stretch_without_chance_or_minimum_is_unmeasured(series: dict[str, Floats]):
    found = levels(series)
    assert found.model_copy(update={"psi_chance": {}}).unmeasured == ("a", "b")
    assert found.model_copy(update={"tails": {}}).unmeasured == ("a", "b")
    assert found.model_copy(update={"minimum_tails": None}).unmeasured == ("a", "b")


def test_an_output_that_stays_at_one_value_is_compared_like_any_other():
    always = {"confidence": np.full(3_600, 0.65)}
    assert compare_outputs(always, BARS, SPEC, seed=2).moved == ()
    always["confidence"][NEWEST] = 0.66
    assert compare_outputs(always, BARS, SPEC, seed=2).moved == ("confidence",)


def test_an_output_that_falls_silent_has_moved():
    rng = np.random.default_rng(4)
    spoken = {"action_size": np.where(rng.random(3_600) < 0.3, math.nan, rng.normal(size=3_600))}
    assert compare_outputs(spoken, BARS, SPEC, seed=2).moved == ()
    spoken["action_size"][NEWEST] = math.nan
    found = compare_outputs(spoken, BARS, SPEC, seed=2)
    assert found.moved == ("action_size",)
    assert found.unmeasured == ()


def test_an_output_that_was_never_given_is_no_shift():
    silent = {"action_size": np.full(3_600, math.nan)}
    found = compare_outputs(silent, BARS, SPEC, seed=2)
    assert found.moved == found.unmeasured == ()


def test_a_pool_holds_enough_when_it_holds_twenty_blocks():
    assert holds_enough(BARS._replace(pool=Range(0, 1_200)), SPEC)
    assert not holds_enough(BARS._replace(pool=Range(0, 1_199)), SPEC)
    # A test split that is shorter than a block is compared whole.
    assert holds_enough(BARS._replace(pool=Range(0, 400), current=Range(3_500, 3_520)), SPEC)
