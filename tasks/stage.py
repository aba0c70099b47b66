"""The one wrapper that makes a stage of a night a Prefect task: remembered, logged, retried where that can help."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, get_type_hints

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed
from prefect.tasks import Task, exponential_backoff

from trading.errors import SevengatesError
from trading.night.manifest import StageRun, stage_run
from trading.night.memory import once
from trading.night.reads import declared_reads, inputs_of, unbound
from trading.night.workspace import Night

P = ParamSpec("P")
R = TypeVar("R")

_PASSED: ContextVar[list[StageRun] | None] = ContextVar("stages that were passed", default=None)

RETRIES = 3
FIRST_DELAY_SECONDS = 2.0


@contextmanager
def recording() -> Iterator[list[StageRun]]:
    """Write down every remembered stage that is called inside, in order, with what it gave and what it took."""
    passed: list[StageRun] = []
    token = _PASSED.set(passed)
    try:
        yield passed
    finally:
        _PASSED.reset(token)


def as_stage(
    function: Callable[Concatenate[Night, P], R], name: str, *, remembered: bool = True, repeatable: bool = True
) -> Stage[P, R]:
    """Make a plain function of a night and references a task named after the stage.

    The store's memory is the cache: it knows code and bytes, outlives any server, and is the same for every worker, so
    Prefect's own cache stays off. Its key is what the function declares to read, and its arguments; arguments that are
    bound beforehand (``functools.partial``) say how the stage works and are forgotten.

    Args:
        function: the stage.
        name: of the stage in memory, logs and pages.
        remembered: whether the stage is run once for the same inputs; False for what changes the world outside the
            store, which has to be safe to repeat.
        repeatable: whether a forced night runs it again; False for what a night met when it began.

    Raises:
        TypeError: if it is to be remembered and does not declare what it reads.
    """
    if remembered:
        declared_reads(function)
    return Stage(name, function, remembered, repeatable)


@dataclass(frozen=True)
class Stage(Generic[P, R]):
    """A stage that runs as a task of the flow that calls it, see :func:`as_stage`."""

    name: str
    function: Callable[Concatenate[Night, P], R]
    remembered: bool
    repeatable: bool

    def __call__(self, night: Night, *args: P.args, **kwargs: P.kwargs) -> R:
        outcome = self._task(night, *args, **kwargs)
        return cast("R", outcome.result() if isinstance(outcome, State) else outcome)

    def run(self, night: Night, *args: Any, **kwargs: Any) -> Any:
        """What the task does: the output, or the state "Unchanged" with the output that was remembered.

        Args:
            night: the stage's first argument.
            args: the others, by position.
            kwargs: the others, by name.
        """
        logger, what, begun = get_run_logger(), f"{night.symbol}: {self.name}", time.monotonic()
        try:
            if not self.remembered:
                output = self.work(night, *args, **kwargs)
                logger.info("%s done in %.1f s", what, time.monotonic() - begun)
                return output
            done = once(
                night.store,
                self.name,
                inputs_of(self.function, night, args, kwargs),
                lambda: self.work(night, *args, **kwargs),
                output_type=_output_type(self.function),
                force=night.force and self.repeatable,
            )
        except SevengatesError:
            raise
        except Exception as error:
            logger.exception("%s stopped with %s. This is a mistake in Sevengates itself.", what, type(error).__name__)
            raise
        wall_s, cpu_s = (None, None) if done.cost is None else done.cost
        passed = _PASSED.get()
        if passed is not None:
            passed.append(stage_run(self.name, done.json, wall_s=wall_s, cpu_s=cpu_s, reused=not done.fresh))
        if done.fresh:
            logger.info("%s done in %.1f s", what, wall_s)
            return done.output
        logger.info("%s unchanged", what)
        return Completed(name="Unchanged", message="finished before for the same inputs", data=done.output)

    def work(self, night: Night, *args: Any, **kwargs: Any) -> Any:
        """The stage itself, without memory.

        Args:
            night: its first argument.
            args: the others, by position.
            kwargs: the others, by name.
        """
        return self.function(night, *args, **kwargs)

    @cached_property
    def _task(self) -> Task[..., Any]:
        meaning = (unbound(self.function).__doc__ or "").partition("\n")[0]
        return as_task(self.run, self.name, task_run_name=f"{{night.symbol}} {self.name}", description=meaning)


def as_task(work: Callable[P, R], name: str, **options: Any) -> Task[P, R]:
    """A Prefect task whose result is kept as JSON, and which is tried again only where that can help.

    Args:
        work: what it does.
        name: on the pages.
        options: of Prefect's ``task``.
    """
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
    """Only a peer that did not answer may answer the next time; a breach or a failed fit stays what it is.

    Args:
        _task: not used.
        _run: not used.
        state: what the last try ended in.
    """
    error = state.data
    return isinstance(error, SevengatesError) and error.retryable


def _output_type(function: Callable[..., Any]) -> Any:
    """What a stage returns; its parameters may have types that only the type checker imports."""
    stage = inspect.unwrap(unbound(function))
    annotation = type("Output", (), {"__annotations__": {"output": stage.__annotations__["return"]}})
    return get_type_hints(annotation, globalns=stage.__globals__)["output"]
