"""The rollback flow: an operator puts an earlier Production version back."""

from __future__ import annotations

from flows.defaults import RUNTIME

# isort: split
from prefect import flow

from tasks.stages import roll_back_model
from trading.settings.models import RuntimeSpec


@flow(name="rollback", persist_result=True, result_serializer="json")
def rollback(model: str, to: int | None = None, reason: str = "", runtime: RuntimeSpec = RUNTIME) -> int:
    """Put the Production version before the current one back, or a named one that was in Production before.

    Args:
        model: registered model, for example sevengates-btcusdt-15m.
        to: a former Production version; empty means the last one.
        reason: for the ledger.
        runtime: where ledger and registry are.

    Returns:
        The new epoch of the ledger.
    """
    return roll_back_model(runtime, model, to, reason=reason, actor="flow").epoch
