"""A candidate that passes every gate, for tests to spoil in one place."""

from __future__ import annotations

import pytest

from tests.checks.samples import good_evidence
from trading.checks.evidence import Evidence


@pytest.fixture(scope="session")
def good() -> Evidence:
    return good_evidence()
