"""The tables of the settings as parameters of a flow, so that its form shows every one with bounds and defaults."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, get_type_hints

from trading.settings.models import SevengatesSettings, Spec, tables

R = TypeVar("R")

NOT_OF_A_NIGHT = ("live",)
"""Tables that no flow reads."""


def takes_settings(defaults: SevengatesSettings) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Turn a function's first parameter, ``settings``, into one keyword parameter for each of their tables.

    Prefect draws the form of a flow from signature and docstring, so the tables are written into both: in the
    docstring they replace the line of ``settings``. They are listed where the settings are, and nowhere else.

    Args:
        defaults: the values that the form shows.
    """
    taken = {name: model for name, model in tables(type(defaults)).items() if name not in NOT_OF_A_NIGHT}
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=getattr(defaults, name), annotation=model)
        for name, model in taken.items()
    ]
    described = "\n".join(f"    {name}: table [{name}]. {_first_sentence(model)}" for name, model in taken.items())

    def decorate(run: Callable[..., R]) -> Callable[..., R]:
        hints, signature = get_type_hints(run), inspect.signature(run)
        _, *own = [item.replace(annotation=hints[name]) for name, item in signature.parameters.items()]

        @wraps(run)
        def flow(**given: Any) -> R:
            chosen = {name: given.pop(name, getattr(defaults, name)) for name in taken}
            return run(type(defaults)(**chosen), **given)

        written = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        vars(flow)["__signature__"] = signature.replace(parameters=[*parameters, *written])
        flow.__doc__ = _with_tables(run.__doc__ or "", described)
        return flow

    return decorate


def table_values(settings: SevengatesSettings) -> dict[str, Spec]:
    """The values of the tables that a flow takes, by name.

    Args:
        settings: resolved settings.
    """
    return {name: getattr(settings, name) for name in tables(type(settings)) if name not in NOT_OF_A_NIGHT}


def _first_sentence(model: type[Spec]) -> str:
    return " ".join((model.__doc__ or "").partition("\n\n")[0].split())


def _with_tables(docstring: str, described: str) -> str:
    return re.sub(r"^ *settings: .*$", lambda _: described, inspect.cleandoc(docstring), flags=re.MULTILINE)
