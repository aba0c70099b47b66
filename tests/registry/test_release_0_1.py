"""The promotion ledger and the bundles of release 0.1: still known, still rolled back to."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from trading.model.bundle import load_bundle
from trading.registry.adapter import MlflowRegistry
from trading.registry.ledger import SCHEMA_VERSION, Ledger
from trading.registry.promotion import return_to_production

RELEASE = Path(__file__).parents[1] / "fixtures" / "release_0_1"


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """What release 0.1 itself says is in the ledger."""
    return json.loads((RELEASE / "expected.json").read_text())["ledger"]


@pytest.fixture
def old_ledger(home: Path) -> Ledger:
    """The ledger where a home folder has it."""
    shutil.copyfile(RELEASE / "ledger.db", home / "ledger.db")
    return Ledger(home / "ledger.db")


def test_every_row_is_read_as_it_was_written_and_the_chain_verifies(
    old_ledger: Ledger, expected: dict[str, Any]
) -> None:
    assert [entry.as_columns() for entry in old_ledger.history()] == expected["entries"]
    assert old_ledger.verify() == len(expected["entries"])
    assert old_ledger.epoch(expected["model"]) == expected["epoch"]
    current = old_ledger.current(expected["model"])
    assert current is not None
    assert current.version == expected["production"]


def test_the_file_is_numbered_when_it_is_opened(old_ledger: Ledger) -> None:
    with closing(sqlite3.connect(RELEASE.joinpath("ledger.db").as_uri() + "?immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 0
    with closing(sqlite3.connect(old_ledger.path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        indexes = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE%INDEX%'")
        }
    assert indexes == {"one_reign_per_epoch", "by_model"}


def test_its_first_champion_is_returned_to_and_loads_with_its_digest(
    old_ledger: Ledger, expected: dict[str, Any], registry: MlflowRegistry
) -> None:
    name = expected["model"]
    versions = [registry.log_night(name, RELEASE / f"bundle-{n}", metrics={}, params={}) for n in (1, 2)]
    assert versions == [expected["rollback_to"], expected["production"]]
    entry = return_to_production(registry, old_ledger, name)
    assert (entry.action, entry.version, entry.epoch) == ("rollback", 1, expected["epoch"] + 1)
    assert old_ledger.verify() == len(expected["entries"]) + 1
    assert {version.version: version.stage for version in registry.versions(name)} == {1: "Production", 2: "Archived"}
    assert [version.version for version in registry.versions(name) if "champion" in version.aliases] == [1]
    digest = load_bundle(RELEASE / "bundle-1").digest
    assert entry.bundle_digest == digest == expected["entries"][0]["bundle"]
    assert registry.bundle(name, 1, expected_digest=digest).digest == digest
