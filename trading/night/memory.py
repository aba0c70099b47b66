"""Runs a stage once: what is finished for the same inputs and the same code is remembered, not repeated."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import TypeAdapter

from trading.canonical import canonical_json, digest_of, parse_json
from trading.store import Store
from trading.store.ref import refs_in

T = TypeVar("T")


class Cost(NamedTuple):
    """What the work of a stage took.

    Attributes:
        wall_s: seconds from its beginning to its end.
        cpu_s: seconds of processor time of its thread, and of the processes that it started and waited for.
    """

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Remembered:
    """What a finished stage returned.

    Attributes:
        output: as JSON data.
        cost: of the work; None if a release wrote it down that did not measure it.
    """

    output: Any
    cost: Cost | None = None


@dataclass(frozen=True)
class Done(Generic[T]):
    """A finished stage.

    Attributes:
        output: what it returned, now or when it ran.
        json: the same as JSON data.
        fresh: whether it ran now.
        cost: of the work, now or when it ran; None if nobody measured it then.
    """

    output: T
    json: Any
    fresh: bool
    cost: Cost | None


def recall(store: Store, stage: str, inputs: Any) -> Remembered | None:
    """What a finished stage returned for these inputs, or None if it has to run.

    The memory counts only while every artifact it names is still in the store.

    Args:
        store: keeps the memory and the artifacts.
        stage: name of the stage.
        inputs: JSON data, see :func:`as_json`.
    """
    path = _path(stage, inputs)
    if not store.storage.exists(path):
        return None
    record = parse_json(store.storage.read(path))
    output, cost = record["output"], record.get("cost")
    known = Remembered(output, None if cost is None else Cost(**cost))
    return known if all(store.holds(ref.digest) for ref in refs_in(output)) else None


def remember(store: Store, stage: str, inputs: Any, output: Any, cost: Cost | None = None) -> None:
    """Write down that a stage finished.

    Args:
        store: keeps the memory.
        stage: name of the stage.
        inputs: JSON data that the output follows from.
        output: JSON data that may hold references.
        cost: of the work; None if it was not measured.
    """
    record = {"inputs": inputs, "output": output, "cost": None if cost is None else cost._asdict()}
    store.storage.write(_path(stage, inputs), canonical_json(record))


def once(
    store: Store,
    stage: str,
    inputs: Mapping[str, Any],
    work: Callable[[], T],
    *,
    output_type: Any,
    force: bool = False,
) -> Done[T]:
    """Return a stage's remembered output, or run it and remember what it returned.

    Args:
        store: keeps the memory, and the artifacts that inputs and outputs refer to.
        stage: name of the stage.
        inputs: everything the output depends on: references, settings, seeds, and the digest of the code.
        work: the stage.
        output_type: what ``work`` returns; references, or models that hold them.
        force: run it even if it is remembered.
    """
    adapter = TypeAdapter[T](output_type)
    key = as_json(dict(inputs))
    known = None if force else recall(store, stage, key)
    if known is not None:
        return Done(adapter.validate_python(known.output), known.output, False, known.cost)
    begun, busy = time.monotonic(), _processor_seconds()
    output = work()
    cost = Cost(time.monotonic() - begun, _processor_seconds() - busy)
    written = adapter.dump_python(output, mode="json")
    remember(store, stage, key, written, cost)
    return Done(output, written, True, cost)


def as_json(value: Any) -> Any:
    """JSON data of a reference, of settings, or of plain data that holds them.

    Args:
        value: what to write down.
    """
    return TypeAdapter[Any](Any).dump_python(value, mode="json")


def _processor_seconds() -> float:
    """Of this thread, and of the processes that this one has started and waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.thread_time() + children.ru_utime + children.ru_stime


def _path(stage: str, inputs: Any) -> str:
    return f"stages/{stage}/{digest_of(inputs)}.json"
