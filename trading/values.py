"""The two bases of immutable values: plain frozen ones, and measurements whose JSON keeps NaN and infinity."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from trading.canonical import digest_of, parse_json


class Frozen(BaseModel):
    """Immutable data; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Measured(Frozen):
    """Immutable data whose JSON keeps NaN and infinity as text, and reads them back."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    def as_json(self) -> Any:
        """JSON data that :func:`trading.canonical.canonical_json` accepts, and ``model_validate`` reads back."""
        return parse_json(self.model_dump_json())

    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return digest_of(self.as_json())
