from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.registry.conftest import NAME, home, ledger, log, make_bundle, migrated, registry  # noqa: F401
from tests.support import small_bars
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.night.artifacts import BARS
from trading.night.promotion import promote_version, roll_back_model, snapshot_champion
from trading.night.workspace import open_night
from trading.registry.adapter import MlflowRegistry
from trading.registry.ledger import Ledger
from trading.settings.models import RuntimeSpec, SevengatesSettings

# ruff: noqa: F811  # pytest hands fixtures over by name
Log = Callable[..., int]


def put_into_production(home: Path, version: int) -> None:
    promote_version(
        SevengatesSettings(runtime=RuntimeSpec(home=str(home))), NAME, version, reason="better", actor="test"
    )


def test_a_champion_archived_by_hand_makes_room_for_an_operators_promotion_on_paper(
    home: Path, registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, second = log(1, live=False), log(2, live=False)
    put_into_production(home, first)
    with pytest.raises(RegistryError, match="LIVE_RECORD_MISSING"):
        put_into_production(home, second)
    registry.set_stage(NAME, first, "Archived")
    put_into_production(home, second)
    assert [(entry.version, entry.action) for entry in ledger.history(NAME)] == [
        (first, "promote"),
        (first, "archive"),
        (second, "promote"),
    ]


def test_a_rollback_goes_back_from_what_was_set_by_hand(home: Path, registry: MlflowRegistry, log: Log) -> None:
    for seed in range(2):
        put_into_production(home, log(seed))
    registry.set_stage(NAME, log(3), "Production")
    entry = roll_back_model(RuntimeSpec(home=str(home)), NAME, None, reason="too wild", actor="test")
    assert (entry.version, entry.epoch) == (2, 4)


def test_an_altered_ledger_stops_operators_and_nights_before_they_read_from_it(
    home: Path, ledger: Ledger, log: Log
) -> None:
    versions = [log(seed) for seed in range(3)]
    for version in versions[:2]:
        put_into_production(home, version)
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as db:
        db.execute("DROP TRIGGER entries_are_not_updated")
        db.execute("UPDATE entries SET reason = 'never mind' WHERE row = 1")
    runtime = RuntimeSpec(home=str(home))
    night = open_night(SevengatesSettings(runtime=runtime), "SIM", "2022-01-01")
    attempts: list[Callable[[], object]] = [
        lambda: put_into_production(home, versions[2]),
        lambda: roll_back_model(runtime, NAME, None, reason="", actor="test"),
        lambda: snapshot_champion(night, night.store.put(BARS, small_bars(3))),
    ]
    for attempt in attempts:
        with pytest.raises(RegistryError, match="row 1") as caught:
            attempt()
        assert caught.value.code == ReasonCode.LEDGER_BROKEN
    assert len(ledger.history(NAME)) == 2
