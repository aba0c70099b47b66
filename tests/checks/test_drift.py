from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from tests.checks.samples import only
from trading.arrays import Floats
from trading.checks.drift import ks_distance, measure_drift, psi
from trading.codes import ReasonCode
from trading.gates.drift import DRIFT
from trading.gates.gate import ask_gate
from trading.settings.models import DriftSpec, GateSpec
from trading.steps.features import FEATURE_NAMES

NAMES = list(FEATURE_NAMES)
SPEC = DriftSpec()


@pytest.fixture
def samples() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(5)
    return rng.standard_t(4, (4_000, len(NAMES))), rng.standard_t(4, (2_000, len(NAMES)))


def decided(reference: Floats, current: Floats) -> tuple[bool, ReasonCode]:
    evidence = measure_drift(reference, current, NAMES, SPEC)
    result = ask_gate(DRIFT, only(evidence), GateSpec().model_dump())
    return result.passed, result.code


def test_the_same_distribution_is_no_drift(samples: tuple[Floats, Floats]):
    evidence = measure_drift(*samples, NAMES, SPEC)
    assert evidence.expected == FEATURE_NAMES
    assert evidence.critical == ()
    assert evidence.max_psi is not None
    assert evidence.max_psi < 0.02
    assert decided(*samples) == (True, ReasonCode.OK)


@pytest.mark.parametrize(("shift", "scale"), [(1.5, 1.0), (0.0, 4.0), (-2.0, 0.5)])
def test_a_planted_shift_of_one_feature_is_critical_and_fails_the_gate(
    samples: tuple[Floats, Floats], shift: float, scale: float
):
    reference, current = samples
    current[:, 1] = current[:, 1] * scale + shift
    evidence = measure_drift(reference, current, NAMES, SPEC)
    assert evidence.critical == (NAMES[1],)
    assert decided(reference, current) == (False, ReasonCode.DRIFT_CRITICAL)


def test_evidently_reports_the_numbers_of_the_plain_functions(samples: tuple[Floats, Floats]):
    reference, current = samples
    evidence = measure_drift(reference, current, NAMES, SPEC)
    for column, name in enumerate(NAMES):
        assert evidence.psi[name] == psi(reference[:, column], current[:, column], SPEC.bins)
        expected: Any = ks_2samp(reference[:, column], current[:, column])
        assert evidence.ks[name] == pytest.approx(expected.statistic, abs=1e-12)


def test_another_number_of_bins_is_not_remembered_from_an_earlier_call(samples: tuple[Floats, Floats]):
    reference, current = samples
    many = measure_drift(reference, current, NAMES, DriftSpec(bins=50))
    few = measure_drift(reference, current, NAMES, DriftSpec(bins=3))
    assert many.psi[NAMES[1]] == psi(reference[:, 1], current[:, 1], 50)
    assert few.psi[NAMES[1]] == psi(reference[:, 1], current[:, 1], 3)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("side", [0, 1])
def test_a_value_that_is_not_finite_on_either_split_fails_closed_and_names_the_feature(
    samples: tuple[Floats, Floats], side: int, value: float
):
    samples[side][7, 2] = value
    evidence = measure_drift(*samples, NAMES, SPEC)
    assert evidence.unmeasured == (NAMES[2],)
    assert decided(*samples)[0] is False


def test_a_feature_constant_in_training_fails_closed(samples: tuple[Floats, Floats]):
    reference, current = samples
    reference[:, 0] = 1.0
    evidence = measure_drift(reference, current, NAMES, SPEC)
    assert evidence.unmeasured == (NAMES[0],)
    assert decided(reference, current)[0] is False


def test_a_feature_that_stops_moving_is_critical(samples: tuple[Floats, Floats]):
    reference, current = samples
    current[:, 0] = 0.1
    assert measure_drift(reference, current, NAMES, SPEC).critical == (NAMES[0],)


def test_an_empty_test_split_fails_closed(samples: tuple[Floats, Floats]):
    evidence = measure_drift(samples[0], samples[1][:0], NAMES, SPEC)
    assert set(evidence.unmeasured) == set(NAMES)


def test_one_outlier_does_not_hide_a_shift(samples: tuple[Floats, Floats]):
    reference, current = samples
    current[:, 1] += 1.5
    before = psi(reference[:, 1], current[:, 1], 10)
    current[0, 1] = 1e9
    assert psi(reference[:, 1], current[:, 1], 10) == pytest.approx(before, abs=0.01)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=30, max_size=80),
    st.lists(st.floats(-1e6, 1e6), min_size=30, max_size=80),
    st.integers(3, 20),
)
def test_psi_and_distance_are_zero_for_equal_samples_and_never_negative(a: list[float], b: list[float], bins: int):
    first, second = np.array(a), np.array(b)
    assert psi(first, first, bins) == 0.0
    assert psi(first, second, bins) >= 0.0
    assert ks_distance(first, first) == 0.0
    assert 0.0 <= ks_distance(first, second) <= 1.0
