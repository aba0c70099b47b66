"""The trainers by name. To add one: a file here with a function of the protocol, and one row."""

from __future__ import annotations

from collections.abc import Callable

from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.training.jobs import Trainer


def _sb3() -> Trainer:
    from trading.training.trainers.sb3 import train

    return train


def _population() -> Trainer:
    from trading.training.trainers.population import train

    return train


TRAINERS: dict[str, Callable[[], Trainer]] = {
    "sb3": _sb3,
    "population": _population,
}
"""Name to what imports the trainer; one row each."""


def trainer(name: str) -> Trainer:
    """The trainer of a name.

    Args:
        name: as ``policy.trainer`` writes it, one of :data:`TRAINERS`.

    Raises:
        ConfigError: ``CONFIG_INVALID``, naming the trainers there are.
    """
    if name not in TRAINERS:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"policy.trainer {name!r} is unknown.",
            remedy=f"Name one of {', '.join(TRAINERS)}.",
        )
    return TRAINERS[name]()
