"""The one wrapper that makes a stage of a night a Prefect task: remembered, logged, retried where that can help."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast, get_type_hints

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed
from prefect.tasks import Task, exponential_backoff

from trading.errors import SevengatesError
from trading.night.memory import once
from trading.night.workspace import Workplace

P = ParamSpec("P")
R = TypeVar("R")

RETRIES = 3
FIRST_DELAY_SECONDS = 2.0


def stage(
    name: str, *, remembered: bool = True, repeatable: bool = True, forget: tuple[str, ...] = ()
) -> Callable[[Callable[Concatenate[Workplace, P], R]], Callable[Concatenate[Workplace, P], R]]:
    """Make a function of references and specs a task named after the stage.

    The store's memory is the cache: it knows code and bytes, outlives any server, and is the same for every worker, so
    Prefect's own cache stays off. A remembered stage ends in the state "Unchanged".

    Args:
        name: of the stage in memory, logs and pages.
        remembered: whether the stage is run once for the same inputs; False for what changes the world outside the
            store, which has to be safe to repeat.
        repeatable: whether a forced night runs it again; False for what a night met when it began.
        forget: parameters that cannot change the output, such as the number of workers.
    """

    def decorate(work: Callable[Concatenate[Workplace, P], R]) -> Callable[Concatenate[Workplace, P], R]:
        output_type = get_type_hints(work)["return"]
        signature = inspect.signature(work)

        @wraps(work)
        def run(place: Workplace, *args: P.args, **kwargs: P.kwargs) -> Any:
            arguments = signature.bind(place, *args, **kwargs).arguments
            symbol, begun = place.symbol, time.monotonic()
            logger = get_run_logger()
            try:
                if not remembered:
                    output = work(place, *args, **kwargs)
                    logger.info("%s: %s done in %.1f s", symbol, name, time.monotonic() - begun)
                    return output
                done = once(
                    place.store(),
                    name,
                    _inputs(place, arguments, forget),
                    output_type,
                    lambda: work(place, *args, **kwargs),
                    again=place.again and repeatable,
                )
            except SevengatesError:
                raise
            except Exception:
                logger.exception("%s: %s failed in a way nobody foresaw", symbol, name)
                raise
            if done.fresh:
                logger.info("%s: %s done in %.1f s", symbol, name, done.seconds)
                return done.output
            logger.info("%s: %s unchanged", symbol, name)
            return Completed(name="Unchanged", message="finished before for the same inputs", data=done.output)

        made = as_task(run, name, task_run_name="{place.symbol} " + name)

        @wraps(work)
        def call(place: Workplace, *args: P.args, **kwargs: P.kwargs) -> R:
            outcome = made(place, *args, **kwargs)
            return cast("R", outcome.result() if isinstance(outcome, State) else outcome)

        return call

    return decorate


def as_task(work: Callable[..., Any], name: str, **options: Any) -> Task[..., Any]:
    """A Prefect task whose result is kept as JSON, and which is tried again only where that can help."""
    return task(
        name=name,
        persist_result=True,
        result_serializer="json",
        cache_policy=NO_CACHE,
        retries=RETRIES,
        retry_delay_seconds=exponential_backoff(FIRST_DELAY_SECONDS),
        retry_jitter_factor=0.5,
        retry_condition_fn=worth_a_retry,
        **options,
    )(work)


def worth_a_retry(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Only a peer that did not answer may answer the next time; a breach or a failed fit stays what it is."""
    error = state.data
    return isinstance(error, SevengatesError) and error.retryable


def _inputs(place: Workplace, arguments: Mapping[str, Any], forget: tuple[str, ...]) -> dict[str, Any]:
    """Everything the output depends on."""
    kept = {name: value for name, value in list(arguments.items())[1:] if name not in forget}
    return {"code": place.code, **kept}
