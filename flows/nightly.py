"""The nightly flow: every symbol from bars to a verdict and a promotion; one's failure never stops another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flows.defaults import SETTINGS, task_runner

# isort: split
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, wait
from prefect.states import Completed, Failed

from flows.chain import run_night
from flows.parameters import takes_settings
from tasks.approval import ask_approval
from tasks.pages import show_summary
from tasks.stage import as_task
from tasks.stages import note_failures
from trading.night.report import TITLES, NightReport, failed_report, headline, night_name
from trading.settings.models import SevengatesSettings

night_task = as_task(run_night, "night", task_run_name="night of {symbol}")


@flow(
    name="nightly",
    task_runner=task_runner(),
    persist_result=True,
    result_serializer="json",
)
@takes_settings(SETTINGS)
def nightly(settings: SevengatesSettings, as_of: datetime | None = None, force: bool = False) -> State[Any]:
    """Run a night for every symbol.

    A rejected candidate is a result: the run then completes in the state "Rejected". Only an error of a symbol makes
    the run fail, after all other symbols have ended.

    Args:
        settings: each table is a parameter of its own.
        as_of: nothing later is seen; empty means the end of a file, or the last midnight UTC of the embedded market.
        force: repeat every stage even if it is finished.
    """
    symbols = settings.market.symbols
    nights = {symbol: night_task.submit(settings, symbol, as_of, force=force) for symbol in symbols}
    reports = wait_for_reports(settings, as_of, nights)
    return end_state([ask_approval(settings, report) for report in reports])


def wait_for_reports(
    settings: SevengatesSettings, as_of: datetime | None, nights: dict[str, PrefectFuture[NightReport]]
) -> list[NightReport]:
    """Wait for every symbol and keep what failed; one that failed has the report of its failure.

    Args:
        settings: of the run.
        as_of: its moment.
        nights: by symbol.
    """
    wait(list(nights.values()))
    reports = [_report(symbol, night.state) for symbol, night in nights.items()]
    note_failures(settings.runtime, reports, as_of)
    return reports


def end_state(reports: list[NightReport]) -> State[Any]:
    """Show the summary, and name the state the run ends in.

    Args:
        reports: of every symbol.
    """
    name = night_name(reports)
    show_summary(name, reports)
    ended = Failed if name == TITLES["failed"] else Completed
    return ended(name=name, message=" ".join(headline(report) for report in reports), data=reports)


def _report(symbol: str, state: State[Any]) -> NightReport:
    result = state.result(raise_on_failure=False)
    return failed_report(symbol, result) if isinstance(result, BaseException) else result


if __name__ == "__main__":
    nightly()
