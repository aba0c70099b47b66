"""A night of the past meets the champion of its own moment, whatever has entered Production since."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.night.hindsight import production_as_of
from trading.registry.entries import Action, Entry, Transition
from trading.registry.ledger import Ledger


def entries(*actions: tuple[Action, int]) -> list[Entry]:
    """A history in which version n was made as of moment n."""
    return [
        Entry(
            model_name="m",
            version=version,
            bundle_digest=f"{version:064x}",
            action=action,
            row=row,
            epoch=row,
            at="2026-01-01T00:00:00+00:00",
            previous="0" * 64,
            hash="0" * 64,
        )
        for row, (action, version) in enumerate(actions, start=1)
    ]


def champion(history: list[Entry], moment: int) -> int | None:
    found = production_as_of(history, moment, lambda entry: entry.version)
    return None if found is None else found.version


def test_a_champion_of_a_later_moment_hides_the_earlier_one_from_nobody() -> None:
    history = entries(("promote", 10), ("reject", 15), ("promote", 20), ("stage", 25))
    assert [champion(history, moment) for moment in (5, 10, 15, 19, 20, 30)] == [None, 10, 10, 10, 20, 20]


def test_a_rollback_counts_for_nights_that_knew_the_version_rolled_back() -> None:
    history = entries(("promote", 10), ("promote", 20), ("rollback", 10))
    assert [champion(history, moment) for moment in (15, 25)] == [10, 10]


def test_what_was_archived_leaves_production_empty_only_for_nights_after_it() -> None:
    history = entries(("promote", 10), ("promote", 20), ("archive", 20))
    assert [champion(history, moment) for moment in (15, 25)] == [10, None]


def test_a_night_that_was_backfilled_between_two_champions_is_passed_over_by_earlier_ones() -> None:
    history = entries(("promote", 30), ("stage", 20), ("promote", 40))
    assert [champion(history, moment) for moment in (20, 30, 35, 40)] == [None, 30, 30, 40]


@given(st.lists(st.integers(1, 9), max_size=8), st.integers(0, 10))
def test_what_came_later_changes_nothing(order: list[int], moment: int) -> None:
    promoted: list[tuple[Action, int]] = [("promote", version) for version in order]
    history = entries(*promoted)
    known = [entry for entry in history if entry.version <= moment]
    assert champion(history, moment) == champion(known, moment)


def test_for_a_night_of_the_present_it_is_what_the_ledger_says(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    for epoch, (action, version) in enumerate([("promote", 1), ("promote", 2), ("rollback", 1), ("archive", 1)]):
        transition = Transition(
            model_name="m",
            version=version,
            bundle_digest=f"{version:064x}",
            action=action,  # pyright: ignore[reportArgumentType]
        )
        ledger.append(transition, expected_epoch=epoch)
        found = production_as_of(ledger.history("m"), 100, lambda entry: entry.version)
        assert found == ledger.current("m")


def test_nothing_was_in_production_before_the_first() -> None:
    assert production_as_of([], 5, lambda _: pytest.fail("there is no entry to ask about")) is None
