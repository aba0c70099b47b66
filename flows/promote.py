"""The promotion flow: an operator puts an approved version into Production."""

from __future__ import annotations

from flows.defaults import RUNTIME

# isort: split
from prefect import flow

from tasks.stages import promote_version
from trading.settings.models import RuntimeSpec


@flow(name="promote", persist_result=True, result_serializer="json")
def promote(model: str, version: int, reason: str = "by an operator", runtime: RuntimeSpec = RUNTIME) -> int:
    """Put a version into Production after verifying its bundle and its verdict.

    Args:
        model: registered model, for example sevengates-btcusdt-15m.
        version: an approved version of it.
        reason: for the ledger.
        runtime: where ledger and registry are.

    Returns:
        The new epoch of the ledger.
    """
    return promote_version(runtime, model, version, reason=reason, actor="flow").epoch
