"""The backfill flow: the nights of a period, each as of its own moment, oldest first, one after the other."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flows.defaults import SETTINGS

# isort: split
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.nightly import nightly
from flows.parameters import table_values, takes_settings
from tasks.pages import BackfillProgress
from tasks.stages import find_reports
from trading.night.backfill import BackfilledNight, backfill_moments, backfill_name, backfilled
from trading.night.report import NightReport, failed_report
from trading.settings.models import SevengatesSettings


@flow(name="backfill", persist_result=True, result_serializer="json")
@takes_settings(SETTINGS)
def backfill(
    settings: SevengatesSettings,
    start: datetime,
    stop: datetime,
    every: str = "1d",
    on_failure: Literal["stop", "go-on"] = "stop",
) -> State[Any]:
    """Run the nights of a period that were missed, or that one wants to study.

    Each night sees the bars, the champion and the journals up to its own moment, so it ends with the bundle that it
    would have ended with then. Nights that are finished are not repeated.

    Args:
        settings: each table is a parameter of its own.
        start: moment of the first night.
        stop: no night is later.
        every: from one night to the next, such as 1d or 12h.
        on_failure: whether a night that fails ends the backfill, or the later ones run all the same.
    """
    moments = backfill_moments(start, stop, every)
    progress = BackfillProgress(len(moments))
    nights: list[BackfilledNight] = []
    for moment in moments:
        nights.append(backfilled(moment, find_reports(settings, moment) or _run(settings, moment)))
        progress(nights)
        if nights[-1].failed and on_failure == "stop":
            break
    ended = Failed if any(night.failed for night in nights) else Completed
    return ended(name=backfill_name(nights), message=progress.line, data=nights)


def _run(settings: SevengatesSettings, moment: datetime) -> list[NightReport]:
    state = nightly(**table_values(settings), as_of=moment, return_state=True)
    result = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        return [failed_report(symbol, result) for symbol in settings.market.symbols]
    return result


if __name__ == "__main__":
    backfill()
