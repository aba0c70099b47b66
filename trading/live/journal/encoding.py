"""How a journal stores the account and the stream of a runner: JSON by field names, and named arrays in safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from trading.arrays import Floats
from trading.canonical import canonical_json, parse_json
from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.simulation.accounts import SavedAccount

SavedStream = Mapping[str, Floats]
"""What a model's stream remembers between two bars, as named arrays."""


def account_text(account: SavedAccount) -> str:
    """An account as JSON; every number is read back as the very same one.

    Args:
        account: by field names.
    """
    return canonical_json(account).decode()


def account_of(text: str) -> SavedAccount:
    """The account that :func:`account_text` wrote.

    Args:
        text: JSON.

    Raises:
        LiveError: ``JOURNAL_FAILED`` if it is no JSON object.
    """
    try:
        account = parse_json(text)
    except ValueError as error:
        raise damaged(f"account: {error}") from error
    if not isinstance(account, dict):
        raise damaged("account: not a JSON object")
    return cast("SavedAccount", account)


def stream_bytes(stream: SavedStream | None) -> bytes | None:
    """A stream's arrays in safetensors, or None if it cannot save its state.

    Args:
        stream: float64 arrays by name.
    """
    return None if stream is None else save_tensors({name: np.ascontiguousarray(stream[name]) for name in stream})


def stream_of(data: bytes | None) -> SavedStream | None:
    """The arrays that :func:`stream_bytes` wrote.

    Args:
        data: safetensors, or None.

    Raises:
        LiveError: ``JOURNAL_FAILED`` if the bytes are damaged.
    """
    try:
        return None if data is None else load_tensors(data)
    except SafetensorError as error:
        raise damaged(f"stream: {error}") from error


def damaged(what: str) -> LiveError:
    """The error of a snapshot that cannot be read.

    Args:
        what: which part, and what was found.
    """
    return LiveError(
        ReasonCode.JOURNAL_FAILED,
        f"the journal's snapshot is damaged; {what}.",
        remedy="Put the last good copy of the journal back, or begin another with --journal.",
    )
