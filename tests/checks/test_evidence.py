from __future__ import annotations

import math
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.samples import drift_of, good_evidence, only
from trading.canonical import canonical_json, parse_json
from trading.checks.calibration import CalibrationEvidence
from trading.checks.drift import DriftEvidence
from trading.checks.evidence import CheckEvidence, Evidence, gather, read_evidence
from trading.checks.named import by_name
from trading.checks.scenarios import CostShock, Scenario
from trading.checks.table import CHECKS
from trading.gates.verdict import judge
from trading.results import Number
from trading.settings.models import GateSpec

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(section=st.dictionaries(st.text(max_size=6), JSON, max_size=4), name=st.text(min_size=1, max_size=8))
def test_a_section_of_a_check_of_another_release_survives_a_round_trip(section: dict[str, object], name: str):
    before = {**good_evidence().as_json()}
    before["checks"] = {**before["checks"], f"later_{name}": section}
    after = read_evidence(parse_json(canonical_json(before)))
    assert after.as_json() == before
    assert judge(after, GateSpec().model_dump()).approved


@pytest.mark.parametrize("check", CHECKS)
def test_a_section_that_is_not_there_reads_as_one_that_measured_nothing(check: str):
    kind = CHECKS[check].evidence
    assert Evidence(symbol="SIM").section(kind) == kind()
    assert {value for value in kind().numbers().values() if value is not None} == set()


def test_a_section_reads_back_as_it_was_measured_with_its_numbers_that_are_not_finite():
    measured = drift_of(math.nan, math.inf)
    back = read_evidence(parse_json(canonical_json(only(measured).as_json()))).section(DriftEvidence)
    assert math.isnan(back.psi["trend_slow"] or 0.0)
    assert back.ks == measured.ks
    assert back.expected == measured.expected


def test_a_section_that_its_check_did_not_write_cannot_be_read():
    evidence = Evidence(symbol="SIM", checks={"drift": {"psi": {}, "moon": 1}})
    with pytest.raises(ValueError, match="moon"):
        evidence.section(DriftEvidence)


def test_two_sections_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two sections drift"):
        gather("SIM", inputs={}, metrics={}, checks=[drift_of(0.1, 0.1), drift_of(0.2, 0.1)], live=None)


def test_a_class_of_evidence_whose_missing_section_could_not_be_read_is_refused():
    with pytest.raises(TypeError, match="without a default: tail"):

        class Tails(CheckEvidence):  # pyright: ignore[reportUnusedClass]
            check: ClassVar[str] = "tails"
            tail: Number

    with pytest.raises(TypeError, match="no check name"):

        class Nameless(CheckEvidence):  # pyright: ignore[reportUnusedClass]
            tail: Number = None


def test_numbers_for_the_registry_are_named_once_over_all_checks():
    shown = [name for check in CHECKS.values() for name in good_evidence().section(check.evidence).numbers()]
    assert len(shown) == len(set(shown)) == 100
    assert good_evidence().section(CalibrationEvidence).numbers() == {
        "brier": 0.21,
        "ece": 0.04,
        "bss": 0.06,
        "bss_low": 0.02,
        "n_effective": 120.0,
        "share_at_mode": 0.1,
        "trades_brier": 0.22,
    }


def test_two_rows_of_one_name_are_refused():
    one = Scenario("storm", costs=CostShock(fee=2.0))
    with pytest.raises(ValueError, match="storm"):
        by_name(one, one)
