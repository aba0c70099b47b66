"""The exceptions of the platform: one root, a stable code, and what the user can do."""

from __future__ import annotations

from collections.abc import Callable

from trading.codes import ReasonCode


class SevengatesError(Exception):
    """Something that cannot be done, why, and the remedy.

    Args:
        code: stable reason, see :class:`trading.codes.ReasonCode`.
        message: what was expected and what was found, naming file, row, key or limit.
        remedy: what the user can do next, as an imperative sentence.
        fields: the values behind the message, for machines.
    """

    exit_code = 1
    retryable = False

    def __init__(self, code: ReasonCode, message: str, *, remedy: str, **fields: object) -> None:
        super().__init__(code, message, remedy)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.fields = fields

    def __reduce__(self) -> tuple[Callable[..., SevengatesError], tuple[object, ...]]:
        # Keyword-only arguments need help to travel from a training process to the one that waits for it.
        return _again, (type(self), self.code, self.message, self.remedy, self.fields)

    def __str__(self) -> str:
        return f"{self.code}: {self.message} {self.remedy}"

    def as_json(self) -> dict[str, object]:
        return {"code": str(self.code), "message": self.message, "remedy": self.remedy, "fields": self.fields}


def _again(
    kind: type[SevengatesError], code: ReasonCode, message: str, remedy: str, fields: dict[str, object]
) -> SevengatesError:
    return kind(code, message, remedy=remedy, **fields)


class ConfigError(SevengatesError):
    """A setting is unknown or out of bounds."""

    exit_code = 2


class DataError(SevengatesError):
    """A source cannot be read, or its bars breach the contract."""

    exit_code = 3


class StoreError(SevengatesError):
    """An artifact is missing or its bytes are not what its digest says."""

    exit_code = 4


class TrainingError(SevengatesError):
    """A model cannot be fitted, or must not be used."""

    exit_code = 5


class EngineError(SevengatesError):
    """An engine cannot be used, or says what is no opinion."""

    exit_code = 9


class RegistryError(SevengatesError):
    """A model, bundle, promotion or ledger operation is refused."""

    exit_code = 6


class LiveError(SevengatesError):
    """The live runner cannot start or go on."""

    exit_code = 7


class TransportError(SevengatesError):
    """A network peer did not answer; the only error that a retry can help."""

    exit_code = 8
    retryable = True
