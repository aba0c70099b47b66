from __future__ import annotations

from typing import Any, ClassVar

import pytest

from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.checks.table import CHECKS
from trading.settings.models import DriftSpec, SevengatesSettings, Spec, StressSpec


class NothingMeasured(CheckEvidence):
    check: ClassVar[str] = "nothing"


class Foreign(Spec):
    """A table that no settings hold."""


def row(**changes: Any) -> Check:
    return Check(**{"evidence": NothingMeasured, "measure": lambda _: NothingMeasured(), "parts": ("bars",), **changes})


def test_a_check_sees_only_the_parts_tables_and_seed_that_its_row_names():
    subject = Subject(check="nothing", parts={"features": [1.0]}, settings=(StressSpec(max_loss=0.3),))
    assert subject.features == [1.0]
    assert subject.spec(StressSpec).max_loss == 0.3
    with pytest.raises(LookupError, match="check nothing looks at model: name it under parts"):
        _ = subject.model
    with pytest.raises(LookupError, match="DriftSpec"):
        subject.spec(DriftSpec)
    with pytest.raises(LookupError, match="seeded=True"):
        _ = subject.seed


@pytest.mark.parametrize("changes", [{"parts": ("bars", "moon")}, {"settings": (Foreign,)}], ids=str)
def test_a_row_that_names_what_no_night_has_is_refused(changes: dict[str, Any]):
    with pytest.raises(ValueError, match=r"check nothing names (moon|Foreign), which no night has"):
        row(**changes)


def test_a_check_depends_on_the_tables_that_its_row_names_and_no_others():
    settings = SevengatesSettings(drift=DriftSpec(bins=7))
    assert {name: tuple(check.tables(settings)) for name, check in CHECKS.items()} == {
        "leakage": ("leakage", "features"),
        "stress": ("stress",),
        "drift": ("drift", "calibration"),
        "calibration": ("calibration",),
        "significance": (),
        "benchmark": (),
        "baselines": (),
        "overfitting": (),
        "regime_starts": (),
        "walk_forward": ("splits",),
    }
    assert CHECKS["drift"].tables(settings)["drift"] == DriftSpec(bins=7)
