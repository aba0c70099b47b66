from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.registry.adapter import MlflowRegistry
from trading.registry.entries import describe_override, overrides
from trading.registry.ledger import SCHEMA_VERSION, Ledger
from trading.registry.mirror import mirror, reconcile
from trading.registry.override import override_production
from trading.registry.promotion import Basis, enter_production, release_version, return_to_production

from .conftest import NAME

Log = Callable[..., int]


def override(registry: MlflowRegistry, ledger: Ledger, version: int, *, despite_gates: bool = False) -> str:
    """The action that Ada's override was entered with."""
    return override_production(
        registry, ledger, NAME, version, operator="Ada", reason="the feed was wrong", despite_gates=despite_gates
    ).action


def stages_of(registry: MlflowRegistry) -> dict[int, str]:
    return {version.version: version.stage for version in registry.versions(NAME)}


def test_an_override_puts_an_approved_version_there_without_a_live_record_and_every_mirror_says_so(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, second = log(1, live=False), log(2, live=False)
    enter_production(registry, ledger, NAME, first, reason="nothing is there", actor="operator")
    with pytest.raises(RegistryError, match="LIVE_RECORD_MISSING"):
        enter_production(registry, ledger, NAME, second, reason="I like it", actor="operator")

    assert override(registry, ledger, second) == "override"
    entry = ledger.current(NAME)
    assert entry is not None
    assert (entry.version, entry.actor, entry.reason, entry.epoch) == (second, "Ada", "the feed was wrong", 2)
    assert stages_of(registry) == {1: "Archived", 2: "Production"}
    tags = registry.version(NAME, second).tags
    assert tags["override"] == "overridden against the rule for replacing by Ada: the feed was wrong"
    assert tags["override_action"] == "override"
    assert "override" not in registry.version(NAME, first).tags
    assert mirror(registry, ledger, NAME) == ()
    assert ledger.verify() == 2
    # The same command again changes nothing.
    assert override(registry, ledger, second) == "override"
    assert ledger.epoch(NAME) == 2


@pytest.mark.parametrize(("operator", "reason"), [("", "why"), ("  ", "why"), ("Ada", ""), ("Ada", " \n")])
def test_an_override_needs_a_name_and_a_reason(
    registry: MlflowRegistry, ledger: Ledger, log: Log, operator: str, reason: str
) -> None:
    version = log(1)
    with pytest.raises(RegistryError) as caught:
        override_production(registry, ledger, NAME, version, operator=operator, reason=reason)
    assert caught.value.code is ReasonCode.REASON_MISSING
    assert ledger.history(NAME) == []


def test_a_failed_gate_holds_unless_the_operator_says_that_it_is_meant(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    version = log(1, sharpe=0.5)
    with pytest.raises(RegistryError, match="leaves the gates") as caught:
        override(registry, ledger, version)
    assert caught.value.code is ReasonCode.MODEL_NOT_APPROVED
    assert "--despite-gates" in caught.value.remedy
    assert ledger.history(NAME) == []

    assert override(registry, ledger, version, despite_gates=True) == "override_gates"
    tags = registry.version(NAME, version).tags
    assert (tags["verdict"], tags["override_action"]) == ("REJECTED", "override_gates")
    assert "against its gates by Ada" in tags["override"]


def test_what_the_gates_approved_is_no_override_of_gates(registry: MlflowRegistry, ledger: Ledger, log: Log) -> None:
    assert override(registry, ledger, log(1), despite_gates=True) == "override"


def test_quarantine_holds_against_an_override_until_it_is_released(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, second = log(1), log(2)
    for version in (first, second):
        enter_production(registry, ledger, NAME, version, reason="better", actor="operator")
    return_to_production(registry, ledger, NAME)
    with pytest.raises(RegistryError, match="models release") as caught:
        override(registry, ledger, second, despite_gates=True)
    assert caught.value.code is ReasonCode.VERSION_QUARANTINED
    release_version(registry, ledger, NAME, second, reason="the feed was wrong", actor="operator")
    assert override(registry, ledger, second) == "override"


def test_a_rollback_never_brings_back_what_an_override_put_there(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, forced, third = log(1), log(2, sharpe=0.5), log(3)
    enter_production(registry, ledger, NAME, first, reason="better", actor="operator")
    override(registry, ledger, forced, despite_gates=True)
    enter_production(registry, ledger, NAME, third, reason="better", actor="operator")
    with pytest.raises(RegistryError, match="MODEL_NOT_APPROVED"):
        return_to_production(registry, ledger, NAME, forced)
    with pytest.raises(RegistryError, match="MODEL_NOT_APPROVED"):
        enter_production(registry, ledger, NAME, forced, reason="it was there", actor="operator")
    assert return_to_production(registry, ledger, NAME).version == first


def test_a_rollback_from_an_overridden_version_goes_to_the_one_before_and_quarantines_it(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, forced = log(1), log(2, live=False)
    enter_production(registry, ledger, NAME, first, reason="better", actor="operator")
    override(registry, ledger, forced)
    assert return_to_production(registry, ledger, NAME).version == first
    assert registry.version(NAME, forced).tags["quarantine"].startswith("rollback")
    release_version(registry, ledger, NAME, forced, reason="looked at", actor="operator")
    # Having been there by an override is no admission: it enters as for the first time.
    with pytest.raises(RegistryError, match="LIVE_RECORD_MISSING"):
        enter_production(registry, ledger, NAME, forced, reason="it was there", actor="operator")


def test_a_version_that_enters_by_the_rules_later_is_overridden_no_more(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    version = log(1)
    override(registry, ledger, version)
    assert describe_override(overrides(ledger.history(NAME))[version]) == registry.version(NAME, 1).tags["override"]
    registry.set_stage(NAME, version, "Archived")
    reconcile(registry, ledger, NAME)
    assert registry.version(NAME, version).tags["override"]
    enter_production(registry, ledger, NAME, version, reason="proven since", actor="operator")
    assert overrides(ledger.history(NAME)) == {}
    tags = registry.version(NAME, version).tags
    assert (tags["override"], tags["override_action"]) == ("", "")


def test_an_override_and_a_night_at_the_same_epoch_cannot_both_win(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, second = log(1), log(2)
    basis = Basis(ledger.epoch(NAME))
    override(registry, ledger, first)
    with pytest.raises(RegistryError, match="PROMOTION_CONFLICT"):
        enter_production(registry, ledger, NAME, second, reason="better", actor="nightly", basis=basis)


def test_a_ledger_from_before_overrides_holds_them_to_one_an_epoch(ledger: Ledger) -> None:
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.executescript(
            "DROP INDEX one_reign_per_epoch; PRAGMA user_version = 2;"
            "CREATE UNIQUE INDEX one_reign_per_epoch ON entries (model, epoch) WHERE action IN ('promote');"
        )
    Ledger(ledger.path)
    with closing(sqlite3.connect(ledger.path)) as connection:
        (index,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'one_reign_per_epoch'").fetchone()
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert "'override'" in index
    assert "'override_gates'" in index
