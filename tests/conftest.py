"""What every test stands on: a hermetic environment, one home folder for caches, and the market data folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tools.isolation import MARKET_DATA, ROOT, isolate

# This comes before any library is imported. Tests that keep state use tmp_path.
isolate()

# The same examples on every run; `pytest --hypothesis-profile explore` looks at new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1_000)
# A mutant is dead at the first example that fails: the smallest one is not looked for.
settings.register_profile(
    "mutation", deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate], max_examples=50
)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def market_data() -> Path:
    """The market data folder; without it the test is skipped."""
    folder = os.environ.get(MARKET_DATA)
    if not folder:
        pytest.skip(f"{MARKET_DATA} names no market data folder")
    return Path(folder)


@pytest.fixture
def own_environment() -> Iterator[None]:
    """Let a test prepare the process for another home folder, and put the environment back."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A temporary Prefect server for flows; entering costs seconds, so one serves the whole session."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield
