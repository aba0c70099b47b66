from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run, run  # noqa: F401
from tests.live.support import bundle_of, fixed, trade
from tests.live.test_record import BARS, halted
from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.live.journal.journal import Journal
from trading.live.resume import resume_account
from trading.live.status import status_of
from trading.model.bundle import load_bundle

# ruff: noqa: F811  # pytest hands fixtures over by name


def test_a_resumed_account_trades_again_and_the_journal_says_who_let_it(folder: Path) -> None:
    path = halted(folder)
    before = status_of(path)
    assert before is not None
    assert resume_account(path, operator="Ada", reason="fees were wrong") == pytest.approx(before.equity)
    after = status_of(path)
    assert after is not None
    assert (after.state, after.equity, after.last_ts) == ("ACTIVE", before.equity, before.last_ts)
    with closing(sqlite3.connect(path)) as db:
        ((operator, reason, equity, peak),) = db.execute("SELECT operator, reason, equity, peak FROM resumes")
    assert (operator, reason) == ("Ada", "fees were wrong")
    assert equity == pytest.approx(before.equity)
    assert peak > equity
    on = trade(path, fixed(load_bundle(folder / "b")), BARS, 100)
    assert on.trades > before.trades


@pytest.mark.parametrize(("operator", "reason"), [("", "because"), ("Ada", " ")])
def test_a_resume_without_a_name_or_a_reason_is_refused(folder: Path, operator: str, reason: str) -> None:
    path = halted(folder)
    with pytest.raises(LiveError) as caught:
        resume_account(path, operator=operator, reason=reason)
    assert caught.value.code is ReasonCode.REASON_MISSING
    status = status_of(path)
    assert status is not None
    assert status.state == "HALTED"


def test_an_account_that_is_not_halted_or_not_there_or_in_use_is_not_resumed(folder: Path) -> None:
    path = folder / "j.db"
    with pytest.raises(LiveError) as caught:
        resume_account(path, operator="Ada", reason="because")
    assert caught.value.code is ReasonCode.JOURNAL_FAILED
    assert not path.exists()
    trade(path, fixed(bundle_of(folder, 4)), BARS.slice(0, 200), 100)
    with pytest.raises(LiveError) as caught:
        resume_account(path, operator="Ada", reason="because")
    assert caught.value.code is ReasonCode.NOT_HALTED
    with closing(Journal(path)), pytest.raises(LiveError) as caught:
        resume_account(path, operator="Ada", reason="because")
    assert caught.value.code is ReasonCode.JOURNAL_BUSY


def test_the_command_resumes_a_journal_by_name_and_demands_a_reason(run: Run, folder: Path) -> None:
    path = halted(folder)
    missing = run("live", "resume", "--journal", str(path), "--operator", "Ada", "--json")
    assert missing.code == 2
    assert "--reason" in missing.json["error"]["message"]
    done = run("live", "resume", "--journal", str(path), "--operator", "Ada", "--reason", "fees were wrong", "--json")
    assert done.code == 0
    assert done.json["operator"] == "Ada"
    again = run("live", "resume", "--journal", str(path), "--operator", "Ada", "--reason", "fees were wrong")
    assert again.code == 7
    assert "NOT_HALTED" in again.err
