"""The whole ``sevengates`` command: the commands that run flows, and all those of ``trading.cli``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from trading.cli import main as cli


def _nightly() -> cli.Target:
    from flows.commands import nightly_command

    return nightly_command


def _train() -> cli.Target:
    from flows.commands import train_command

    return train_command


def _backfill() -> cli.Target:
    from flows.commands import backfill_command

    return backfill_command


def _reproduce() -> cli.Target:
    from flows.commands import reproduce_command

    return reproduce_command


COMMANDS: Mapping[str, cli.Loader] = MappingProxyType(
    {"nightly": _nightly, "train": _train, "backfill": _backfill, "reproduce": _reproduce, **cli.COMMANDS}
)
"""Every command by its name, in the order in which a newcomer needs them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave the process with its documented exit code.

    Args:
        arguments: what follows the command's name; None is what this process was called with.
    """
    cli.main(arguments, COMMANDS)


if __name__ == "__main__":
    main()
