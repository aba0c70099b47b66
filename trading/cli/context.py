"""What a command knows about how it was called, and the settings that follow from it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trading.codes import ReasonCode
from trading.errors import ConfigError

if TYPE_CHECKING:
    import typer

    from trading.settings.models import SevengatesSettings


@dataclass(frozen=True)
class Invocation:
    """The options before the command: a settings file and ``table.key`` overrides."""

    config: Path | None = None
    overrides: Mapping[str, str] = field(default_factory=dict[str, str])


@contextmanager
def without_collection() -> Iterator[None]:
    """Look for no garbage meanwhile.

    What a large library and a long list make is all alive until a short command ends; looking through it for garbage
    again and again takes a third of that command's time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def settings_of(
    ctx: typer.Context, overrides: Mapping[str, Any] | None = None, *, create_home: bool = True
) -> SevengatesSettings:
    """Load the settings of a command and prepare the process for the libraries it will import.

    Every command calls this first: the libraries read their environment when they are imported.

    Args:
        ctx: the command's context.
        overrides: the command's own options by ``table.key``; a value of None means that the option was not given.
        create_home: make the folder of run-time state; False for commands that only look.

    Raises:
        ConfigError: if a setting is unknown or out of bounds, or the home folder cannot be made.
    """
    from trading.settings.environment import prepare
    from trading.settings.loader import load_settings

    invocation: Invocation = ctx.obj
    own = {key: value for key, value in (overrides or {}).items() if value is not None}
    settings = load_settings(invocation.config, overrides={**invocation.overrides, **own})
    try:
        prepare(settings.runtime.home, create=create_home)
    except OSError as error:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"runtime.home = {settings.runtime.home!r}: {error.strerror}.",
            remedy="Set SEVENGATES_HOME to a folder that can be written.",
        ) from error
    if create_home and not os.access(settings.runtime.home, os.W_OK):
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"runtime.home = {settings.runtime.home!r} cannot be written.",
            remedy="Set SEVENGATES_HOME to a folder that can be written.",
        )
    return settings
