from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.arrays import Floats
from trading.steps.opinion import (
    CONFIDENCE,
    DIRECTION,
    DOUBT,
    EXTRAS,
    OPINION_FIELDS,
    OPINION_SIZE,
    binary_entropy,
    confidence_step,
    is_warm,
    regime_number,
    side_step,
)

KNOTS = np.array([0.0, 0.5, 1.0]), np.array([0.25, 0.5, 0.875])


def opinion_of(direction: float, confidence: float = 0.5, extras: tuple[float, ...] = (0.25, 0.5, 0.25)) -> Floats:
    return np.array([direction, confidence, *extras, 0.5])


def test_every_number_of_an_opinion_stands_at_its_place() -> None:
    assert OPINION_FIELDS == ("direction", "confidence", "extra_1", "extra_2", "extra_3", "doubt")
    assert [OPINION_FIELDS[place] for place in (DIRECTION, CONFIDENCE, EXTRAS, DOUBT)] == [
        "direction",
        "confidence",
        "extra_1",
        "doubt",
    ]


@pytest.mark.parametrize("direction", [1, 0, -1])
def test_an_opinion_has_its_side_and_is_warm(direction: int) -> None:
    assert is_warm(opinion_of(direction)) == 1
    assert side_step(opinion_of(direction)) == direction


def test_without_an_opinion_there_is_no_side() -> None:
    none = np.full(OPINION_SIZE, math.nan)
    assert is_warm(none) == 0
    assert side_step(none) == 0
    assert confidence_step(none, *KNOTS) == 0.0


@pytest.mark.parametrize("direction", [1, -1])
def test_confidence_is_the_engines_own_through_the_calibrator(direction: int) -> None:
    assert confidence_step(opinion_of(direction, 0.75), *KNOTS) == pytest.approx(0.6875, abs=1e-12)
    assert confidence_step(opinion_of(direction, 0.1234567), *KNOTS) == pytest.approx(0.311728, abs=1e-12)


def test_confidence_without_a_direction_is_zero() -> None:
    assert confidence_step(opinion_of(0, 0.75), *KNOTS) == 0.0


@given(p=st.floats(0.01, 0.99))
def test_doubt_is_the_entropy_in_bits(p: float) -> None:
    assert binary_entropy(p) == pytest.approx(-p * math.log2(p) - (1.0 - p) * math.log2(1.0 - p), rel=1e-9)


@pytest.mark.parametrize("p", [0.0, 1.0, -0.5, 1.5, math.nan])
def test_there_is_no_doubt_where_there_is_no_question(p: float) -> None:
    assert binary_entropy(p) == 0.0


@pytest.mark.parametrize(
    ("extras", "number"),
    [
        ((0.5, 0.3, 0.2), 1),
        ((0.2, 0.5, 0.3), 2),
        ((0.2, 0.3, 0.5), 3),
        ((0.4, 0.2, 0.4), 1),
        ((0.0, 0.0, 0.0), 1),
        ((-0.4, -0.2, -0.3), 2),
        ((0.2, 0.5, math.nan), 0),
        ((math.nan, 0.5, 0.3), 0),
        ((0.2, math.inf, 0.3), 0),
    ],
)
def test_the_regime_is_the_first_of_the_largest_numbers(extras: tuple[float, ...], number: int) -> None:
    assert regime_number(opinion_of(1, extras=extras)) == number
