from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.registry.entries import Action, Entry, Transition, entry_hash, previous_production, stages
from trading.registry.ledger import SCHEMA_VERSION, Ledger

NAME = "sevengates-sim-1h"


def transition(action: Action, version: int, model: str = NAME) -> Transition:
    return Transition(
        model_name=model,
        version=version,
        bundle_digest=f"{version:064x}",
        action=action,
        reason="because",
        actor="test",
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.db", clock=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def refused(ledger: Ledger, wanted: Transition, epoch: int) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        ledger.append(wanted, expected_epoch=epoch)
    return caught.value


def test_an_empty_ledger_has_no_production_and_epoch_zero(ledger: Ledger) -> None:
    assert (ledger.current(NAME), ledger.epoch(NAME), ledger.history(NAME), ledger.verify()) == (None, 0, [], 0)


def test_each_change_of_production_raises_the_epoch_of_its_model_alone(ledger: Ledger) -> None:
    first = ledger.append(transition("promote", 1), expected_epoch=0)
    ledger.append(transition("stage", 2))
    ledger.append(transition("reject", 3))
    ledger.append(transition("promote", 1, model="other"), expected_epoch=0)
    second = ledger.append(transition("promote", 4), expected_epoch=1)
    assert [entry.epoch for entry in ledger.history(NAME)] == [1, 1, 1, 2]
    assert (first.epoch, second.epoch, ledger.epoch(NAME), ledger.epoch("other")) == (1, 2, 2, 1)
    assert ledger.current(NAME) == second
    assert second.at == "2026-01-02T03:04:05.000+00:00"
    assert ledger.verify() == 5


def test_a_promotion_decided_before_another_one_took_effect_is_refused(ledger: Ledger) -> None:
    ledger.append(transition("promote", 1), expected_epoch=0)
    ledger.append(transition("promote", 2), expected_epoch=1)
    error = refused(ledger, transition("promote", 3), 1)
    assert error.code == ReasonCode.PROMOTION_CONFLICT
    current = ledger.current(NAME)
    assert current is not None
    assert current.version == 2


def test_repeating_what_holds_already_returns_the_entry_that_made_it_so(ledger: Ledger) -> None:
    promoted = ledger.append(transition("promote", 1), expected_epoch=0)
    staged = ledger.append(transition("stage", 2))
    rejected = ledger.append(transition("reject", 3))
    assert ledger.append(transition("promote", 1), expected_epoch=0) == promoted
    assert ledger.append(transition("external", 1), expected_epoch=1) == promoted
    assert ledger.append(transition("stage", 2)) == staged
    assert ledger.append(transition("reject", 3)) == rejected
    assert ledger.verify() == 3


def test_a_resumed_promotion_does_not_undo_a_rollback_that_came_between(ledger: Ledger) -> None:
    ledger.append(transition("promote", 1), expected_epoch=0)
    ledger.append(transition("promote", 2), expected_epoch=1)
    ledger.append(transition("rollback", 1), expected_epoch=2)
    assert refused(ledger, transition("promote", 2), 1).code == ReasonCode.PROMOTION_CONFLICT


def test_staging_or_rejecting_the_production_version_leaves_it_there(ledger: Ledger) -> None:
    promoted = ledger.append(transition("promote", 1), expected_epoch=0)
    assert ledger.append(transition("stage", 1)) == promoted
    assert ledger.append(transition("reject", 1)) == promoted
    assert stages(ledger.history(NAME)) == {1: "Production"}


def test_only_the_production_version_can_be_archived(ledger: Ledger) -> None:
    assert refused(ledger, transition("archive", 1), 0).code == ReasonCode.PROMOTION_CONFLICT
    ledger.append(transition("promote", 1), expected_epoch=0)
    assert refused(ledger, transition("archive", 2), 1).code == ReasonCode.PROMOTION_CONFLICT
    archived = ledger.append(transition("archive", 1), expected_epoch=1)
    assert (archived.epoch, ledger.current(NAME)) == (2, None)
    assert ledger.append(transition("archive", 1), expected_epoch=1) == archived


def test_a_change_of_production_must_say_which_epoch_it_changes(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="expected_epoch"):
        ledger.append(transition("promote", 1))


@pytest.mark.parametrize("statement", ["UPDATE entries SET version = 9", "DELETE FROM entries"])
def test_the_database_itself_refuses_to_change_or_delete_a_row(ledger: Ledger, statement: str) -> None:
    ledger.append(transition("promote", 1), expected_epoch=0)
    connection = sqlite3.connect(ledger.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


def tamper(ledger: Ledger, *statements: str) -> None:
    """Change rows as somebody who first removes the triggers."""
    connection = sqlite3.connect(ledger.path)
    connection.executescript("DROP TRIGGER entries_are_not_updated; DROP TRIGGER entries_are_not_deleted;")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        *(
            (f"UPDATE entries SET {column} = {value} WHERE row = 2", 2)
            for column, value in {
                "epoch": 7,
                "model": "'x'",
                "version": 9,
                "bundle": "'" + "f" * 64 + "'",
                "action": "'reject'",
                "reason": "'x'",
                "actor": "'x'",
                "at": "'x'",
                "previous": "'" + "f" * 64 + "'",
                "hash": "'" + "f" * 64 + "'",
            }.items()
        ),
        ("DELETE FROM entries WHERE row = 2", 2),
        ("UPDATE entries SET row = 10 WHERE row = 3", 3),
    ],
)
def test_verification_names_the_row_that_was_tampered_with(ledger: Ledger, statement: str, row: int) -> None:
    for version in (1, 2, 3):
        ledger.append(transition("promote", version), expected_epoch=version - 1)
    tamper(ledger, statement)
    with pytest.raises(RegistryError) as caught:
        ledger.verify()
    assert (caught.value.code, caught.value.fields["row"]) == (ReasonCode.LEDGER_BROKEN, row)


def test_a_row_rehashed_after_a_change_breaks_the_next_one(ledger: Ledger) -> None:
    for version in (1, 2):
        ledger.append(transition("promote", version), expected_epoch=version - 1)
    fields = ledger.history()[0].as_columns() | {"version": 9}
    tamper(ledger, f"UPDATE entries SET version = 9, hash = '{entry_hash(fields)}' WHERE row = 1")
    with pytest.raises(RegistryError) as caught:
        ledger.verify()
    assert caught.value.fields["row"] == 2


def test_nothing_is_appended_to_a_row_that_was_altered(ledger: Ledger) -> None:
    ledger.append(transition("promote", 1), expected_epoch=0)
    tamper(ledger, "UPDATE entries SET reason = 'x'")
    assert refused(ledger, transition("promote", 2), 1).code == ReasonCode.LEDGER_BROKEN


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"certainly not a database" * 100)
    with pytest.raises(RegistryError) as caught:
        Ledger(tmp_path / "ledger.db")
    assert caught.value.code == ReasonCode.LEDGER_BROKEN


def test_a_database_of_something_else_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("CREATE TABLE entries (text TEXT)")
    before = (tmp_path / "ledger.db").read_bytes()
    with pytest.raises(RegistryError, match="is no promotion ledger") as caught:
        Ledger(tmp_path / "ledger.db")
    assert caught.value.code == ReasonCode.LEDGER_BROKEN
    assert (tmp_path / "ledger.db").read_bytes() == before


def file_version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def test_a_ledger_carries_the_version_of_its_schema(ledger: Ledger) -> None:
    assert file_version(ledger.path) == SCHEMA_VERSION


def test_a_ledger_of_a_later_release_is_refused_and_left_as_it_was(ledger: Ledger) -> None:
    ledger.append(transition("promote", 1), expected_epoch=0)
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    uses: list[Callable[[], object]] = [
        lambda: Ledger(ledger.path),
        lambda: ledger.current(NAME),
        lambda: ledger.append(transition("promote", 2), expected_epoch=1),
    ]
    for use in uses:
        with pytest.raises(RegistryError, match=f"schema {SCHEMA_VERSION + 1}") as caught:
            use()
        assert caught.value.code == ReasonCode.LEDGER_NEWER
    assert file_version(ledger.path) == SCHEMA_VERSION + 1


def race(path: Path, barrier: object, version: int, rounds: int, answers: object) -> None:
    """Promote once a round at the epoch that every racer expects."""
    ledger = Ledger(path)
    won = 0
    for epoch in range(rounds):
        barrier.wait()  # type: ignore[attr-defined]
        try:
            ledger.append(transition("promote", 10 * epoch + version), expected_epoch=epoch)
            won += 1
        except RegistryError as error:
            if error.code != ReasonCode.PROMOTION_CONFLICT:
                raise
        barrier.wait()  # type: ignore[attr-defined]
    answers.put((version, won))  # type: ignore[attr-defined]


def test_of_several_processes_promoting_at_once_exactly_one_wins_each_round(tmp_path: Path) -> None:
    context, racers, rounds = multiprocessing.get_context("spawn"), 3, 25
    barrier, answers = context.Barrier(racers), context.Queue()
    path = tmp_path / "ledger.db"
    processes = [context.Process(target=race, args=(path, barrier, i, rounds, answers)) for i in range(1, racers + 1)]
    for process in processes:
        process.start()
    wins = dict(answers.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(timeout=60)
    ledger = Ledger(path)
    assert sum(wins.values()) == rounds
    assert ledger.verify() == rounds
    assert ledger.epoch(NAME) == rounds


def test_of_several_threads_promoting_at_once_exactly_one_wins(ledger: Ledger) -> None:
    outcomes: list[str] = []

    def promote(version: int) -> None:
        try:
            ledger.append(transition("promote", version), expected_epoch=0)
            outcomes.append("won")
        except RegistryError as error:
            outcomes.append(str(error.code))

    threads = [threading.Thread(target=promote, args=(version,)) for version in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [str(ReasonCode.PROMOTION_CONFLICT)] * 7 + ["won"]


actions = st.tuples(
    st.sampled_from(["promote", "rollback", "external", "archive", "stage", "reject"]), st.integers(1, 4)
)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(actions, max_size=14))
def test_after_any_history_the_stages_agree_with_the_ledger(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Action, int]]
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("l") / "ledger.db")
    for action, version in steps:
        try:
            ledger.append(transition(action, version), expected_epoch=ledger.epoch(NAME))
        except RegistryError as error:
            # Archiving what is not in Production is refused; nothing else is.
            if (action, error.code) != ("archive", ReasonCode.PROMOTION_CONFLICT):
                raise
    history, current = ledger.history(NAME), ledger.current(NAME)
    due = stages(history)
    assert [v for v, stage in due.items() if stage == "Production"] == ([current.version] if current else [])
    assert list(due.values()).count("Staging") <= 1
    assert ledger.verify() == len(history)
    back = previous_production(history)
    assert back is None or current is None or back.version != current.version


def history_of(ledger: Ledger, *steps: tuple[Action, int]) -> list[Entry]:
    for action, version in steps:
        ledger.append(transition(action, version), expected_epoch=ledger.epoch(NAME))
    return ledger.history(NAME)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], None),
        ([("promote", 1)], None),
        ([("promote", 1), ("promote", 2)], 1),
        ([("promote", 1), ("promote", 2), ("promote", 3), ("rollback", 2)], 1),
        ([("promote", 1), ("promote", 2), ("rollback", 1)], None),
        ([("promote", 1), ("promote", 2), ("rollback", 1), ("promote", 3)], 1),
        ([("promote", 1), ("promote", 2), ("rollback", 1), ("rollback", 2)], 1),
        ([("promote", 1), ("external", 2), ("archive", 2)], 1),
        ([("promote", 1), ("archive", 1)], None),
    ],
)
def test_a_rollback_goes_back_and_never_forward(
    ledger: Ledger, steps: list[tuple[Action, int]], expected: int | None
) -> None:
    back = previous_production(history_of(ledger, *steps))
    assert (back.version if back else None) == expected
