"""Journals of release 0.1 are read as they lie, upgraded by the first runner, and traded on.

They trade what was accepted since (``changes.json``), and with the rules of the release put back, what it traded.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support import release_0_1
from tests.support.release_0_1_now import go_on, go_on_swapped, journal_state, pointer_to, rows
from tests.support.release_0_1_rules import RULES, fill_as_release_0_1
from trading.live.journal.file import reading, schema_version
from trading.live.journal.journal import Journal
from trading.live.journal.schema import SCHEMA_VERSION
from trading.live.record import live_record
from trading.live.status import Status, status_of
from trading.live.watch.pointer import FixedModel

JOURNALS = sorted(release_0_1.expected()["journals"])
END = "SELECT position FROM decisions ORDER BY ts DESC LIMIT 1"


@pytest.fixture(params=JOURNALS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def journal(name: str, folder: Path) -> Path:
    """A copy of a journal that release 0.1 wrote."""
    return Path(shutil.copy(release_0_1.FOLDER / name, folder / name))


@pytest.fixture
def expected(name: str) -> dict[str, Any]:
    """What release 0.1 itself measured of the journal."""
    return release_0_1.expected()["journals"][name]


@pytest.fixture
def accepted(name: str) -> dict[str, Any]:
    """What was accepted of the journal since."""
    return release_0_1.accepted().measured["journals"][name]


def assert_as_release_0_1(path: Path, status: Status, expected: dict[str, Any]) -> None:
    found = journal_state(path, status)
    assert {key: found[key] for key in found if key in expected} == {
        key: expected[key] for key in found if key in expected
    }
    assert found.keys() - expected.keys() == {"ledger_sha256_now"}


def test_status_reads_a_journal_of_release_0_1_and_leaves_every_byte_of_it(
    name: str, journal: Path, expected: dict[str, Any]
) -> None:
    before = hashlib.sha256(journal.read_bytes()).hexdigest()
    assert before == release_0_1.expected()["files"][name]
    status = status_of(journal)
    assert status is not None
    assert (status.venue, status.state, status.swaps) == ("paper", "ACTIVE", 0)
    assert_as_release_0_1(journal, status, expected["stopped"])
    with reading(journal) as db:
        assert schema_version(db, journal) == 1
    assert hashlib.sha256(journal.read_bytes()).hexdigest() == before


def test_the_live_record_of_an_upgraded_journal_is_that_of_release_0_1(journal: Path, expected: dict[str, Any]) -> None:
    before, unread = live_record(journal), status_of(journal)
    assert before is not None
    assert unread is not None
    assert before.bars == expected["stopped"]["traded_bars"]
    Journal(journal).close()
    with reading(journal) as db:
        assert schema_version(db, journal) == SCHEMA_VERSION
    assert live_record(journal) == live_record(journal, digest=expected["stopped"]["bundle"]) == before
    status = status_of(journal)
    assert status is not None
    assert status.ledger_sha256 == unread.ledger_sha256
    assert_as_release_0_1(journal, status, expected["stopped"])


def test_a_runner_of_release_0_1_goes_on_to_what_was_accepted(journal: Path, accepted: dict[str, Any]) -> None:
    status = go_on(journal, FixedModel(pointer_to("bundle-1")))
    assert journal_state(journal, status) == accepted["continued"]
    assert (status.swaps, status.refusals, status.quarantined) == (0, 0, 0)


def test_with_the_rules_of_release_0_1_its_runner_goes_on_to_the_same_trades(
    journal: Path, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_as_release_0_1(monkeypatch, *RULES)
    assert_as_release_0_1(journal, go_on(journal, FixedModel(pointer_to("bundle-1"))), expected["continued"])


def test_a_runner_of_release_0_1_changes_its_model_between_the_same_two_bars(
    journal: Path, accepted: dict[str, Any], expected: dict[str, Any]
) -> None:
    status = go_on_swapped(journal)
    assert journal_state(journal, status) == accepted["swapped"]
    assert (status.swaps, status.version, status.refusals) == (1, 2, 0)
    first = rows(journal, f"SELECT MIN(ts) FROM decisions WHERE bundle = '{status.bundle_digest}'")
    assert first == [(expected["swapped"]["swap_ts"],)]
    assert rows(journal, "SELECT ts FROM swaps") == [(expected["swapped"]["swaps_row_ts"],)]


def test_with_the_rules_of_release_0_1_its_runner_changes_its_model_with_the_same_position(
    journal: Path, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[tuple[Any, ...]] = []
    fill_as_release_0_1(monkeypatch, *RULES)
    status = go_on_swapped(journal, lambda: held.extend(rows(journal, END)))
    assert held == [(float(expected["swapped"]["position_before"]),)]
    assert_as_release_0_1(journal, status, expected["swapped"])
