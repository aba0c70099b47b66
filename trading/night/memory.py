"""Runs a stage once: what is finished for the same inputs and the same code is remembered, not repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from trading.store import Store

T = TypeVar("T")


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


def once(
    store: Store,
    stage: str,
    inputs: Mapping[str, Any],
    output_type: type[T],
    work: Callable[[], T],
    *,
    again: bool = False,
) -> Done[T]:
    """Return a stage's remembered output, or run it and remember what it returned.

    Args:
        store: keeps the memory, and the artifacts that inputs and outputs refer to.
        stage: name of the stage.
        inputs: everything the output depends on: references, specs, seeds, and the digest of the code.
        output_type: what ``work`` returns; references, or models that hold them.
        work: the stage.
        again: run it even if it is remembered.
    """
    begun = time.monotonic()
    adapter = TypeAdapter(output_type)
    key = {name: as_json(value) for name, value in inputs.items()}
    known = None if again else store.recall(stage, key)
    if known is not None:
        return Done(adapter.validate_python(known), False, time.monotonic() - begun)
    output = work()
    store.remember(stage, key, adapter.dump_python(output, mode="json"))
    return Done(output, True, time.monotonic() - begun)


def as_json(value: Any) -> Any:
    """JSON data of a reference, a spec, or plain data of them."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")
