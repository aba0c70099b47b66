"""Runs a stage once: what is finished for the same inputs and the same code is remembered, not repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from trading.canonical import canonical_json, digest_of, parse_json
from trading.store import Store

T = TypeVar("T")


@dataclass(frozen=True)
class Remembered:
    """What a finished stage returned, as JSON data."""

    output: Any


@dataclass(frozen=True)
class Done(Generic[T]):
    """A finished stage.

    Attributes:
        output: what it returned, now or when it ran.
        fresh: whether it ran now.
        seconds: how long that took.
    """

    output: T
    fresh: bool
    seconds: float


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
    output = parse_json(store.storage.read(path))["output"]
    return Remembered(output) if all(map(store.holds, _digests(output))) else None


def remember(store: Store, stage: str, inputs: Any, output: Any) -> None:
    """Write down that a stage finished.

    Args:
        store: keeps the memory.
        stage: name of the stage.
        inputs: JSON data that the output follows from.
        output: JSON data that may hold references.
    """
    store.storage.write(_path(stage, inputs), canonical_json({"inputs": inputs, "output": output}))


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
    begun = time.monotonic()
    adapter = TypeAdapter[T](output_type)
    key = as_json(dict(inputs))
    known = None if force else recall(store, stage, key)
    if known is not None:
        return Done(adapter.validate_python(known.output), False, time.monotonic() - begun)
    output = work()
    remember(store, stage, key, adapter.dump_python(output, mode="json"))
    return Done(output, True, time.monotonic() - begun)


def as_json(value: Any) -> Any:
    """JSON data of a reference, of settings, or of plain data that holds them.

    Args:
        value: what to write down.
    """
    return TypeAdapter[Any](Any).dump_python(value, mode="json")


def _path(stage: str, inputs: Any) -> str:
    return f"stages/{stage}/{digest_of(inputs)}.json"


def _digests(value: Any) -> list[str]:
    if isinstance(value, dict):
        if set(value) == {"kind", "digest"}:
            return [str(value["digest"])]
        return [digest for item in value.values() for digest in _digests(item)]
    if isinstance(value, list):
        return [digest for item in value for digest in _digests(item)]
    return []
