"""A night that waits for a person: approved, refused, or not answered in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest

from trading.codes import ReasonCode
from trading.night.report import NightReport
from trading.registry.ledger import Ledger
from trading.settings.models import PromotionSpec

RunNight = Callable[..., tuple[str, list[NightReport]]]
NAME = "sevengates-sim-1h"


def answering(answer: dict[str, Any]) -> threading.Thread:
    """A person who looks at the page until a run waits, and answers."""

    def watch() -> None:
        from prefect.client.orchestration import get_client
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
        from prefect.client.schemas.objects import StateType

        paused = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED])))
        with get_client(sync_client=True) as client:
            while True:
                time.sleep(0.5)
                for run in client.read_flow_runs(flow_run_filter=paused):
                    client.resume_flow_run(run.id, run_input=answer)
                    return

    # The address of the test's server is part of the context, which a thread does not have by itself.
    thread = threading.Thread(target=copy_context().run, args=(watch,), daemon=True)
    thread.start()
    return thread


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch, prefect_server: None) -> None:
    monkeypatch.setattr("tasks.approval.POLL_SECONDS", 1)


def manual(hours: float = 0.05) -> PromotionSpec:
    return PromotionSpec(mode="manual", approval_hours=hours)


def test_what_may_enter_waits_for_a_named_person_and_enters_with_name_and_reason(
    run_night: RunNight, tmp_path: Path
) -> None:
    # Nobody answers in time: the version stays in Staging, and the run ends all the same.
    name, (report,) = run_night(tmp_path, promotion=manual(2 / 3600))
    ledger = Ledger(tmp_path / "ledger.db")
    assert (name, report.status) == ("Staged", "staged")
    assert report.outcome is not None
    assert report.outcome.code is ReasonCode.PROMOTION_AWAITS_APPROVAL
    assert [entry.action for entry in ledger.history(NAME)] == ["stage"]
    # A no.
    person = answering({"approve": False, "approver": "Ada", "reason": "not today"})
    name, _ = run_night(tmp_path, promotion=manual(), force=True)
    person.join(10)
    assert name == "Staged"
    assert ledger.current(NAME) is None
    # A yes.
    person = answering({"approve": True, "approver": "Ada", "reason": "I looked at it."})
    name, (report,) = run_night(tmp_path, promotion=manual(), force=True)
    person.join(10)
    assert (name, report.status) == ("Promoted", "promoted")
    entry = ledger.current(NAME)
    assert entry is not None
    assert (entry.version, entry.actor) == (1, "Ada")
    assert "I looked at it." in entry.reason
    # The same night again has nothing to ask.
    assert run_night(tmp_path, promotion=manual())[0] == "Nothing to do"
