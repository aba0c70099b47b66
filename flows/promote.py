"""The promotion flow: an operator puts an approved version into Production."""

from __future__ import annotations

from flows.defaults import RUNTIME, SETTINGS

# isort: split
from prefect import flow

from tasks.stages import promote_version
from trading.settings.models import GateSpec, MarketSpec, RuntimeSpec


@flow(name="promote", persist_result=True, result_serializer="json")
def promote(
    model: str,
    version: int,
    reason: str = "by an operator",
    runtime: RuntimeSpec = RUNTIME,
    market: MarketSpec = SETTINGS.market,
    gates: GateSpec = SETTINGS.gates,
) -> int:
    """Put a version into Production after verifying its bundle and its verdict.

    Args:
        model: registered model, for example sevengates-btcusdt-15m.
        version: an approved version of it.
        reason: for the ledger.
        runtime: where ledger, registry and journals are.
        market: the source of the bars that a study's record has to be of.
        gates: what such a record has to prove.

    Returns:
        The new epoch of the ledger.
    """
    settings = SETTINGS.model_copy(update={"runtime": runtime, "market": market, "gates": gates})
    return promote_version(settings, model, version, reason=reason, actor="flow").epoch
