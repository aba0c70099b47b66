from __future__ import annotations

import math

import numpy as np
import pytest

from trading.arrays import Floats
from trading.checks.drift import ConditionalShift
from trading.checks.drift.conditional import MINIMUM_OUTCOMES, compare_outcomes, newest_outcomes
from trading.settings.models import DriftSpec

SPEC = DriftSpec()
CONFIDENCE = 0.7
OVERLAP = 24


def overlapping(rng: np.random.Generator, count: int, share: float = CONFIDENCE) -> Floats:
    """Outcomes that share most of their bars with their neighbours, and are right as often as is said."""
    noise = np.convolve(rng.normal(size=count + OVERLAP - 1), np.ones(OVERLAP) / np.sqrt(OVERLAP), mode="valid")
    edge = {0.7: -0.5244, 0.3: 0.5244, 0.5: 0.0}[share]
    return (noise > edge).astype(np.float64)


def losses(rng: np.random.Generator) -> dict[str, Floats]:
    return {
        name: (CONFIDENCE - overlapping(rng, count)) ** 2 for name, count in (("train", 12_000), ("validation", 4_000))
    }


def compared(won: Floats, seed: int = 1) -> ConditionalShift:
    stated = np.full(len(won), CONFIDENCE)
    found = compare_outcomes(losses(np.random.default_rng(seed)), (stated, won), SPEC)
    assert found is not None
    return found


def fails(found: ConditionalShift) -> bool:
    assert found.difference is not None
    assert found.allowed is not None
    return found.difference > found.allowed


def test_a_confidence_that_still_holds_is_no_shift_although_outcomes_overlap():
    alarms = [fails(compared(overlapping(np.random.default_rng(100 + k), 400), seed=k)) for k in range(40)]
    assert sum(alarms) <= 2


def test_a_confidence_that_holds_no_longer_is_found():
    won = overlapping(np.random.default_rng(7), 400, 0.3)
    found = compared(won)
    assert fails(found)
    assert found.confidence == pytest.approx(CONFIDENCE)
    assert found.frequency == pytest.approx(won.mean())


def test_the_error_is_several_times_that_of_independent_outcomes():
    found = compared(overlapping(np.random.default_rng(8), 400))
    independent = np.sqrt(0.7 * 0.3) * 0.4 / np.sqrt(400)
    assert 3.0 < float(found.error or 0.0) / independent < 7.0


def test_a_split_that_is_better_than_another_is_no_part_of_the_error():
    rng = np.random.default_rng(9)
    alike, apart = losses(rng), losses(rng)
    apart["train"] = apart["train"] * 0.2
    newest = np.full(400, CONFIDENCE), overlapping(rng, 400)
    found, other = (compare_outcomes(each, newest, SPEC) for each in (alike, apart))
    assert found is not None
    assert other is not None
    assert float(other.error or 0.0) < float(found.error or 0.0)


@pytest.mark.parametrize("count", [MINIMUM_OUTCOMES - 1, 900])
def test_too_few_outcomes_or_too_few_stretches_of_them_tell_nothing(count: int):
    won = overlapping(np.random.default_rng(10), count)
    assert compare_outcomes(losses(np.random.default_rng(1)), (np.full(count, CONFIDENCE), won), SPEC) is None


def test_a_validation_split_with_fewer_outcomes_than_the_newest_tells_nothing():
    few = {**losses(np.random.default_rng(1)), "validation": np.full(399, 0.2)}
    won = overlapping(np.random.default_rng(2), 400)
    assert compare_outcomes(few, (np.full(400, CONFIDENCE), won), SPEC) is None


def test_newest_outcomes_are_those_of_the_newest_bars_and_some_more_if_these_are_few():
    index = np.arange(0, 1_000, 5)
    assert newest_outcomes(index, 700) == slice(140, 200)
    assert newest_outcomes(index, 990) == slice(200 - MINIMUM_OUTCOMES, 200)
    assert newest_outcomes(index[:10], 0) == slice(0, 10)


def test_a_shift_whose_numbers_are_missing_or_not_finite_allows_nothing():
    assert ConditionalShift().difference is None
    assert ConditionalShift(brier=0.2).allowed is None
    assert math.isnan(float(ConditionalShift(limit=math.nan, minimum=0.02).allowed or 0.0))
