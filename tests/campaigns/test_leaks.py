"""Every planted leak is found and no honest candidate is refused; ``python -m tools.leakage`` writes the same down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.leaks import HONEST, LEAKS, Case, found_in, honest_on_real_bars

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("case", LEAKS, ids=lambda case: case.name)
def test_a_planted_leak_is_found(case: Case) -> None:
    assert found_in(case)


@pytest.mark.parametrize("case", HONEST, ids=lambda case: case.name)
def test_an_honest_candidate_is_not_refused(case: Case) -> None:
    assert found_in(case) == []


def test_no_honest_candidate_on_real_bars_is_refused(market_data: Path) -> None:
    refused = {case.name: found_in(case) for case in honest_on_real_bars(market_data)}
    assert not any(refused.values()), refused
