"""What a stage reads of its night: it declares it, it is handed nothing else, and its memory is kept under it.

So a changed ``[drift]`` table measures drift again and retrains nothing, and a stage that begins to read another table
without saying so fails instead of returning what it remembers of the old one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from types import SimpleNamespace
from typing import Any, Concatenate, ParamSpec, TypeVar

from trading.night.plan import NightPlan
from trading.night.workspace import Night
from trading.settings.models import tables

P = ParamSpec("P")
R = TypeVar("R")

FACTS = (
    *("symbol", "interval", "as_of_ms", "source", "funding", "holidays", "history_bars"),
    *("source_label", "model_name", "key", "seeds"),
)
"""What a stage can declare besides tables of settings: attributes of the plan."""

_MARK = "reads"


@dataclass(frozen=True)
class Reads:
    """What a stage declared.

    Attributes:
        tables: of the settings.
        facts: of :data:`FACTS`.
        seed: the use whose seed it draws from, or None.
    """

    tables: tuple[str, ...]
    facts: tuple[str, ...]
    seed: str | None

    def values(self, plan: NightPlan) -> dict[str, Any]:
        """What it reads, by name.

        Args:
            plan: of the night.
        """
        values = {name: getattr(plan.settings, name) for name in self.tables}
        values |= {name: getattr(plan, name) for name in self.facts}
        return values if self.seed is None else {**values, "seed": plan.seeds[self.seed]}


def reads(
    *names: str, seed: str | None = None
) -> Callable[[Callable[Concatenate[Night, P], R]], Callable[Concatenate[Night, P], R]]:
    """Declare what a stage reads of its night; it is handed a night that has nothing else.

    Args:
        names: tables of the settings, and facts of the plan.
        seed: the use whose seed it draws from.
    """
    unknown = set(names) - set(tables()) - set(FACTS)
    if unknown:
        raise TypeError(f"{', '.join(sorted(unknown))}: neither a table of the settings nor a fact of the plan")
    declared = Reads(
        tables=tuple(name for name in names if name in tables()),
        facts=tuple(name for name in names if name in FACTS),
        seed=seed,
    )

    def declare(stage: Callable[Concatenate[Night, P], R]) -> Callable[Concatenate[Night, P], R]:
        @wraps(stage)
        def narrowed(night: Night, *args: P.args, **kwargs: P.kwargs) -> R:
            return stage(_narrowed(night, declared), *args, **kwargs)

        vars(narrowed)[_MARK] = declared
        return narrowed

    return declare


def declared_reads(stage: Callable[..., Any]) -> Reads:
    """What a stage declared.

    Args:
        stage: a function under :func:`reads`, or such a function with some arguments bound.

    Raises:
        TypeError: if it declares nothing: what it returns could not be remembered.
    """
    declared = vars(unbound(stage)).get(_MARK)
    if declared is None:
        raise TypeError(f"{unbound(stage).__name__} is to be remembered, but does not declare what it @reads")
    return declared


def unbound(stage: Callable[..., Any]) -> Any:
    """A stage's own function.

    Args:
        stage: the function, or the function with some arguments bound.
    """
    return stage.func if isinstance(stage, partial) else stage


def inputs_of(stage: Callable[..., Any], night: Night, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Everything that a stage's output follows from: the code, what it reads, and its arguments by name.

    Arguments that were bound to the function beforehand do not count: they say how the stage works, not on what.

    Args:
        stage: the function, or the function with some arguments bound.
        night: its first argument.
        args: the others, by position.
        kwargs: the others, by name.
    """
    arguments = inspect.signature(stage).bind(night, *args, **kwargs).arguments
    _, *given = arguments.items()
    return {"code": night.plan.code, "reads": declared_reads(stage).values(night.plan), "given": dict(given)}


def _narrowed(night: Night, declared: Reads) -> Night:
    plan, facts = night.plan, {name: getattr(night.plan, name) for name in declared.facts}
    if declared.seed is not None:
        facts["seeds"] = {declared.seed: plan.seeds[declared.seed]}
    settings = _Declared(**{name: getattr(plan.settings, name) for name in declared.tables})
    return night.model_copy(update={"plan": _Declared(code=plan.code, settings=settings, **facts)})


class _Declared(SimpleNamespace):
    """A plan, or its settings, with what a stage declared and nothing else."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"this stage reads {name} and does not declare it: add it to its @reads")
