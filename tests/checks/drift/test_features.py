from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import ks_2samp

from trading.arrays import Floats
from trading.checks.drift import DriftEvidence
from trading.checks.drift.features import measure_drift
from trading.settings.models import DriftSpec
from trading.statistics.distances import psi
from trading.steps.features import FEATURE_NAMES

NAMES = list(FEATURE_NAMES)
SPEC = DriftSpec(recent_bars=60)
LIMIT = 0.2


@pytest.fixture
def samples() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(5)
    return rng.standard_t(4, (4_000, len(NAMES))), rng.standard_t(4, (2_000, len(NAMES)))


def measured(reference: Floats, current: Floats, spec: DriftSpec = SPEC) -> DriftEvidence:
    return measure_drift(reference, current, NAMES, spec, seed=1)


def test_the_same_distribution_is_no_drift(samples: tuple[Floats, Floats]):
    evidence = measured(*samples)
    assert evidence.expected == FEATURE_NAMES
    assert evidence.critical == evidence.unmeasured == evidence.untold(LIMIT) == ()
    assert evidence.max_psi is not None
    assert evidence.max_psi < 0.02
    largest = evidence.largest_excess(NAMES)
    assert largest is not None
    assert abs(largest) < 0.02


@pytest.mark.parametrize(("shift", "scale"), [(1.5, 1.0), (0.0, 4.0), (-2.0, 0.5)])
def test_a_planted_shift_of_one_feature_is_critical(samples: tuple[Floats, Floats], shift: float, scale: float):
    reference, current = samples
    current[:, 1] = current[:, 1] * scale + shift
    evidence = measured(reference, current)
    assert evidence.critical == (NAMES[1],)
    assert evidence.largest_excess(NAMES) == evidence.excess_psi(NAMES[1])


def test_psi_and_distance_are_those_of_the_plain_functions(samples: tuple[Floats, Floats]):
    reference, current = samples
    evidence = measured(reference, current)
    for column, name in enumerate(NAMES):
        assert evidence.psi[name] == psi(reference[:, column], current[:, column], SPEC.bins)
        expected = ks_2samp(reference[:, column], current[:, column]).statistic  # pyright: ignore[reportAttributeAccessIssue]
        assert evidence.ks[name] == pytest.approx(expected, abs=1e-12)


def test_bins_are_those_of_the_settings(samples: tuple[Floats, Floats]):
    many, few = (measured(*samples, DriftSpec(bins=bins, recent_bars=60)) for bins in (50, 3))
    assert many.psi[NAMES[1]] == psi(samples[0][:, 1], samples[1][:, 1], 50)
    assert few.psi[NAMES[1]] == psi(samples[0][:, 1], samples[1][:, 1], 3)


def test_a_shift_on_the_test_split_widens_no_limit(samples: tuple[Floats, Floats]):
    calm, moved = measured(*samples), measured(samples[0], 5.0 * samples[1])
    assert moved.psi_chance == calm.psi_chance
    assert moved.ks_chance == calm.ks_chance


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("side", [0, 1])
def test_a_value_that_is_not_finite_on_either_split_is_unmeasured_and_critical(
    samples: tuple[Floats, Floats], side: int, value: float
):
    samples[side][7, 2] = value
    evidence = measured(*samples)
    assert evidence.unmeasured == evidence.critical == (NAMES[2],)
    assert evidence.largest_excess(NAMES) is not None
    assert math.isnan(float(evidence.max_psi or 0.0))


def test_a_feature_constant_in_training_is_unmeasured(samples: tuple[Floats, Floats]):
    samples[0][:, 0] = 1.0
    assert measured(*samples).unmeasured == (NAMES[0],)


def test_a_feature_that_stops_moving_is_critical(samples: tuple[Floats, Floats]):
    samples[1][:, 0] = 0.1
    assert measured(*samples).critical == (NAMES[0],)


def test_an_empty_test_split_is_unmeasured(samples: tuple[Floats, Floats]):
    assert set(measured(samples[0], samples[1][:0]).unmeasured) == set(NAMES)


def test_few_dependent_bars_are_told_apart_from_drift():
    rng = np.random.default_rng(9)
    walk = np.cumsum(rng.normal(size=(1_500, len(NAMES))), axis=0)
    slow = walk - np.array([np.convolve(column, np.ones(300) / 300, mode="same") for column in walk.T]).T
    evidence = measured(slow[:1_100], slow[1_100:], DriftSpec(recent_bars=110))
    assert evidence.untold(LIMIT)
    for name in evidence.untold(LIMIT):
        assert float(evidence.psi_chance[name].expected or 0.0) > LIMIT
        assert name not in evidence.critical
    assert evidence.untold(1_000.0) == ()


def test_a_shift_beyond_chance_is_drift_although_chance_alone_is_over_the_limit():
    rng = np.random.default_rng(10)
    slow = np.repeat(rng.normal(size=(60, len(NAMES))), 25, axis=0) + 0.1 * rng.normal(size=(1_500, len(NAMES)))
    far = slow[1_100:] + 100.0
    evidence = measured(slow[:1_100], far, DriftSpec(recent_bars=110))
    assert float(evidence.psi_chance[NAMES[0]].expected or 0.0) > LIMIT
    assert evidence.untold(LIMIT) == ()
    assert evidence.critical == tuple(sorted(NAMES))


def test_a_training_split_of_few_blocks_tells_nothing_of_any_feature(samples: tuple[Floats, Floats]):
    few = measured(samples[0], samples[1] + 9.0, DriftSpec(recent_bars=401))
    assert few.insufficient == ("test",)
    assert few.untold(1_000.0) == tuple(sorted(NAMES))
    assert few.critical == ()
    enough = measured(samples[0], samples[1] + 9.0, DriftSpec(recent_bars=400))
    assert enough.insufficient == enough.untold(1_000.0) == ()
    assert enough.critical == tuple(sorted(NAMES))
