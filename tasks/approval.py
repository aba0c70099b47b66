"""A person's approval: the run of a night waits for typed input on its page, for as long as the settings say."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from uuid import UUID

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from pydantic import Field

from tasks.pages import artifact_key
from tasks.stages import approve_candidate, finish_night, open_night, show_night
from trading.errors import SevengatesError
from trading.night.report import NightReport, failed_report, headline
from trading.settings.models import SevengatesSettings

POLL_SECONDS = 5
GRACE_SECONDS = 120
"""How much longer Prefect waits than we do: a run whose pause has run out cannot end in any state but failed."""


class Approval(RunInput):
    """What a person answers on the page of the run."""

    approve: bool = Field(default=False, description="Let the version enter Production.")
    approver: str = Field(min_length=1, description="Who answers; it is written to the ledger.")
    reason: str = Field(min_length=1, description="Why; it is written to the ledger.")


def ask_approval(settings: SevengatesSettings, report: NightReport) -> NightReport:
    """Wait for a person's answer if a version needs it, and carry it out.

    Without an answer in time, or with a no, the version stays in Staging. So it does if Production changed meanwhile:
    an approval is of what was compared.

    Args:
        settings: of the night.
        report: of one symbol; one that awaits nothing is returned as it is.
    """
    outcome = report.outcome
    if outcome is None or not outcome.awaits_approval or report.repeated:
        return report
    logger = get_run_logger()
    asked = Approval.with_initial_data(description=headline(report))
    seconds = settings.promotion.approval_hours * 3600.0
    with _no_after(seconds):
        answer = pause_flow_run(
            wait_for_input=asked,
            timeout=round(seconds) + GRACE_SECONDS,
            poll_interval=POLL_SECONDS,
            key=artifact_key("approve", report.symbol),
        )
    if not answer.approve:
        logger.info("%s: %s does not approve: %s; %s", report.symbol, answer.approver, answer.reason, WAITS)
        return report
    moment = datetime.fromtimestamp(outcome.as_of_ms / 1000.0, tz=UTC)
    night = open_night(settings, report.symbol, moment)
    try:
        approved = approve_candidate(night, outcome, approver=answer.approver, reason=answer.reason)
    except SevengatesError as error:
        return failed_report(report.symbol, error)
    shown = finish_night(night, approved)
    show_night(night, shown)
    return shown


WAITS = "the version stays in Staging, and `sevengates models promote` may still promote it"


@contextmanager
def _no_after(seconds: float) -> Generator[None]:
    """Answer the paused run of this flow with a no once the time is over; a person's answer comes first, or counts."""
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    # The address of the server is part of the context, which a thread does not have by itself.
    timer = threading.Timer(seconds, copy_context().run, args=(_say_no, context.flow_run.id, seconds))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _say_no(run_id: UUID, seconds: float) -> None:
    reason = f"there was no answer in {seconds / 3600.0:.3g} hours"
    with get_client(sync_client=True) as client:
        client.resume_flow_run(run_id, run_input={"approve": False, "approver": "nobody", "reason": reason})
