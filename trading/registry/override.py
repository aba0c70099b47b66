"""An operator's override: a version enters Production although the rule for replacing, or a gate, says no.

It never happens by itself, it needs a name and a reason, the ledger has actions of its own for it, and what it put into
Production trades on paper only.
"""

from __future__ import annotations

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.registry.approval import require_overridable
from trading.registry.entries import Entry, Transition, recorded_digest
from trading.registry.ledger import Ledger
from trading.registry.mirror import Registry
from trading.registry.promotion import record_transition


def override_production(
    registry: Registry,
    ledger: Ledger,
    model_name: str,
    version: int,
    *,
    operator: str,
    reason: str,
    despite_gates: bool = False,
) -> Entry:
    """Put a version into Production against the rule for replacing, or, if that is said, against its verdict.

    The bundle is verified and its verdict judged again, as for every entry. The entry of a version that is in
    Production already is returned as it is.

    Args:
        registry: where the versions are.
        ledger: where the transition is recorded first.
        model_name: registered model.
        version: the version that enters.
        operator: who decides it.
        reason: why.
        despite_gates: whether a version that its gates refuse is meant.

    Raises:
        RegistryError: ``REASON_MISSING``, ``VERSION_QUARANTINED``, ``MODEL_NOT_APPROVED``, ``PROMOTION_CONFLICT``, or
            what is wrong with the bundle.
    """
    if not operator.strip() or not reason.strip():
        raise RegistryError(
            ReasonCode.REASON_MISSING,
            f"an override of the rules for {model_name} version {version} needs a name and a reason.",
            remedy="Give --operator and --reason.",
        )
    epoch, history = ledger.epoch(model_name), ledger.history(model_name)
    bundle = registry.bundle(model_name, version, recorded_digest(history, version))
    verdict = require_overridable(bundle, model_name, version, history, despite_gates=despite_gates)
    transition = Transition(
        model_name=model_name,
        version=version,
        bundle_digest=bundle.digest,
        action="override" if verdict.approved else "override_gates",
        reason=reason.strip(),
        actor=operator.strip(),
    )
    return record_transition(registry, ledger, transition, epoch)
