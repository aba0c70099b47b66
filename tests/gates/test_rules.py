"""The kinds of rule that the gates are made of."""

from __future__ import annotations

import math
from typing import Any

import pytest

from trading.codes import ReasonCode
from trading.gates.rules import all_present, at_least, at_most, over
from trading.results import CheckResult

NEXT = "Run it."


@pytest.mark.parametrize("kind", [at_most, at_least, over])
@pytest.mark.parametrize("observed", [None, math.nan, math.inf, -math.inf])
def test_a_number_that_proves_nothing_fails_and_its_limit_is_still_shown(kind: Any, observed: float | None) -> None:
    found = kind("height", observed, 2.5, remedy=NEXT)
    assert (found.name, found.passed, found.threshold) == ("height", False, 2.5)
    assert found.code is (ReasonCode.EVIDENCE_MISSING if observed is None else ReasonCode.EVIDENCE_NOT_FINITE)


@pytest.mark.parametrize(
    ("kind", "observed", "code", "says"),
    [
        (at_most, 3, ReasonCode.ABOVE_MAXIMUM, "height 3 is over 2.5"),
        (at_most, 3.14159265, ReasonCode.ABOVE_MAXIMUM, "height 3.14159 is over 2.5"),
        (at_least, 1_234_567, ReasonCode.BELOW_MINIMUM, "height 1234567 is under 1.23457e+07"),
        (over, 2.5, ReasonCode.BELOW_MINIMUM, "height 2.5 is not over 2.5"),
    ],
)
def test_counts_are_written_whole_and_other_numbers_with_six_digits(
    kind: Any, observed: float, code: ReasonCode, says: str
) -> None:
    limit = 12_345_678.0 if kind is at_least else 2.5
    found = kind("height", observed, limit, remedy=NEXT)
    assert (found.passed, found.code, found.message, found.remedy) == (False, code, says, NEXT)


def test_a_sentence_of_its_own_and_a_code_of_its_own_replace_the_ordinary_ones() -> None:
    found = at_least("height", 1, 2, remedy=NEXT, code=ReasonCode.NO_TRADES, message="too low")
    assert (found.message, found.code) == ("too low", ReasonCode.NO_TRADES)
    assert at_most("height", 2, 1, remedy=NEXT, code=ReasonCode.OVERFITTED).code is ReasonCode.OVERFITTED


@pytest.mark.parametrize(
    ("observed", "code", "shown"),
    [
        (0.1, ReasonCode.OK, 0.1),
        ("0.1", ReasonCode.OK, "0.1"),
        ("none found", ReasonCode.OK, "none found"),
        (None, ReasonCode.EVIDENCE_MISSING, None),
        (math.nan, ReasonCode.EVIDENCE_NOT_FINITE, "nan"),
        ("NaN", ReasonCode.EVIDENCE_NOT_FINITE, "nan"),
        ("-Infinity", ReasonCode.EVIDENCE_NOT_FINITE, "-inf"),
    ],
)
def test_a_check_that_says_it_passed_has_to_have_measured_something(
    observed: float | str | None, code: ReasonCode, shown: object
) -> None:
    claims = CheckResult(name="storm", passed=True, severity="warn", observed=observed, threshold=0.25)
    (found,) = all_present(["storm"], [claims], remedy=NEXT)
    assert (found.name, found.severity, found.threshold) == ("storm", "block", 0.25)
    assert (found.passed, found.code, found.observed) == (code is ReasonCode.OK, code, shown)


def test_a_check_that_failed_keeps_its_own_words_although_it_has_no_number() -> None:
    failed = CheckResult(name="storm", passed=False, severity="warn", code=ReasonCode.STRESS_FAILED, message="sank")
    (found,) = all_present(["storm"], [failed], remedy=NEXT)
    assert found == failed.model_copy(update={"severity": "block"})


def test_required_checks_come_first_and_in_their_order_then_all_others() -> None:
    extra, calm = (CheckResult(name=name, passed=True, observed=0.0) for name in ("extra", "calm"))
    found = all_present(["storm", "calm"], [extra, calm, calm], remedy=NEXT)
    assert [(rule.name, rule.passed) for rule in found] == [
        ("storm", False),
        ("calm", True),
        ("calm", True),
        ("extra", True),
    ]
    assert (found[0].code, found[0].threshold, found[0].remedy) == (ReasonCode.EVIDENCE_MISSING, None, NEXT)
