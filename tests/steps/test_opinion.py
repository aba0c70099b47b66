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
    Calibrator,
    binary_entropy,
    confidence_step,
    is_warm,
    log_odds,
    regime_number,
    side_step,
)

FEATURES = np.array([0.25, 9.0])
RAW_MAP = Calibrator(
    np.array([[0.0, 1.0, 0.0, 0.0, 0.0]] * 2), np.array([[0.0, 0.5, 1.0]] * 2), np.array([[0.25, 0.5, 0.875]] * 2)
)


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
    assert confidence_step(none, FEATURES, RAW_MAP, 1.0) == 0.0


@pytest.mark.parametrize("direction", [1, -1])
def test_confidence_is_the_engines_own_through_the_calibrator(direction: int) -> None:
    assert confidence_step(opinion_of(direction, 0.75), FEATURES, RAW_MAP, 1.0) == pytest.approx(0.6875, abs=1e-12)
    assert confidence_step(opinion_of(direction, 0.1234567), FEATURES, RAW_MAP, 1.0) == pytest.approx(
        0.311728, abs=1e-12
    )


@given(raw=st.floats(0.0, 1.0), modifier=st.floats(0.01, 1.0))
def test_effective_confidence_is_the_calibrated_one_times_the_modifier(raw: float, modifier: float) -> None:
    calibrated = confidence_step(opinion_of(1, raw), FEATURES, RAW_MAP, 1.0)
    effective = confidence_step(opinion_of(1, raw), FEATURES, RAW_MAP, modifier)
    assert effective == pytest.approx(modifier * calibrated, abs=1.01e-6)
    assert effective <= calibrated


def test_confidence_without_a_direction_is_zero() -> None:
    assert confidence_step(opinion_of(0, 0.75), FEATURES, RAW_MAP, 1.0) == 0.0


def test_each_side_has_a_map_of_its_own() -> None:
    # long: -1 + 0.5 x log odds of 0.75 (ln 3) + 2 x 0.25; short: 0.5 + 1 x 0.75 - 1 x (5, where 9 is clipped)
    weights = np.array([[-1.0, 0.0, 0.5, 2.0, 0.0], [0.5, 1.0, 0.0, 0.0, -1.0]])
    sides = Calibrator(weights, np.array([[-1.0, 1.0], [-5.0, 0.0]]), np.array([[0.0, 1.0], [0.5, 0.75]]))
    long = 0.5 * (-1.0 + 0.5 * math.log(3.0) + 0.5 + 1.0)
    assert confidence_step(opinion_of(1, 0.75), FEATURES, sides, 1.0) == pytest.approx(long, abs=1e-6)
    short = 0.5 + 0.25 * (0.5 + 0.75 - 5.0 + 5.0) / 5.0
    assert confidence_step(opinion_of(-1, 0.75), FEATURES, sides, 1.0) == pytest.approx(short, abs=1e-6)


def test_a_number_without_weight_is_not_looked_at_and_one_with_weight_has_to_be_finite() -> None:
    broken = np.array([0.25, math.nan])
    assert confidence_step(opinion_of(1, 0.75), broken, RAW_MAP, 1.0) == pytest.approx(0.6875, abs=1e-12)
    seen = RAW_MAP._replace(weights=np.array([[0.0, 1.0, 0.0, 0.0, 0.5]] * 2))
    assert math.isnan(confidence_step(opinion_of(1, 0.75), broken, seen, 1.0))
    odds = RAW_MAP._replace(weights=np.array([[0.0, 0.0, 1.0, 0.0, 0.0]] * 2))
    assert math.isnan(confidence_step(opinion_of(1, math.nan), FEATURES, odds, 1.0))
    assert math.isnan(confidence_step(opinion_of(1, math.nan), FEATURES, RAW_MAP, 1.0))


@given(p=st.floats(0.0, 1.0))
def test_log_odds_are_finite_and_those_of_a_millionth_at_most(p: float) -> None:
    assert abs(log_odds(p)) <= math.log((1.0 - 1e-6) / 1e-6) * (1 + 1e-9)
    assert log_odds(p) == pytest.approx(-log_odds(1.0 - p), abs=1e-6)
    if 1e-6 <= p <= 1.0 - 1e-6:
        assert 1.0 / (1.0 + math.exp(-log_odds(p))) == pytest.approx(p)


def test_log_odds_of_what_is_no_number_are_none() -> None:
    assert math.isnan(log_odds(math.nan))
    assert math.isnan(log_odds(math.inf))


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
