"""The training flow: every symbol from bars to a judged bundle in a folder, without registering anything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flows.defaults import SETTINGS, task_runner

# isort: split
from prefect import flow
from prefect.client.schemas.objects import State

from flows.chain import run_training
from flows.nightly import end_state, wait_for_reports
from flows.parameters import takes_settings
from tasks.stage import as_task
from trading.settings.models import SevengatesSettings

training_task = as_task(run_training, "training", task_run_name="training of {symbol}")


@flow(
    name="train",
    task_runner=task_runner(),
    persist_result=True,
    result_serializer="json",
)
@takes_settings(SETTINGS)
def train(settings: SevengatesSettings, as_of: datetime | None = None) -> State[Any]:
    """Train and judge a candidate for every symbol; each becomes a bundle folder under the home folder.

    Args:
        settings: each table is a parameter of its own.
        as_of: nothing later is seen; empty means the end of a file, or the last midnight UTC of the embedded market.
    """
    symbols = settings.market.symbols
    trainings = {symbol: training_task.submit(settings, symbol, as_of) for symbol in symbols}
    return end_state(wait_for_reports(settings, as_of, trainings))


if __name__ == "__main__":
    train()
