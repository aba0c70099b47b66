"""Whether a bundle's own verdict lets it into Production: one rule for nights, operators and stages set by hand."""

from __future__ import annotations

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.verdict import Verdict
from trading.registry.bundle import Bundle
from trading.registry.ledger import ENTRY_ACTIONS, Entry, stages


def verdict_of(bundle: Bundle) -> Verdict:
    """The verdict a bundle carries, checked to agree with its own gates.

    Raises:
        RegistryError: with code ``BUNDLE_INVALID`` if it does not.
    """
    try:
        return Verdict.model_validate(bundle.gates)
    except ValueError as error:
        raise RegistryError(
            ReasonCode.BUNDLE_INVALID,
            f"{bundle.folder}: the verdict is not one that the seven gates give: {' '.join(str(error).split())}.",
            remedy="Train the model again; a verdict is never edited.",
        ) from error


def require_admission(bundle: Bundle, model: str, version: int, history: list[Entry]) -> None:
    """Refuse a version that its verdict keeps out of Production, whoever asks for it.

    Seven passed gates are needed always. While another version is in Production they are not enough without a live
    record, except for a version that was in Production before: that is a return, not an entry.

    Args:
        bundle: of the version, with the verdict.
        model: registered model name.
        version: the version that shall enter Production.
        history: the ledger's entries of the model at the epoch that the transition is to follow.

    Raises:
        RegistryError: with code ``MODEL_NOT_APPROVED`` or ``LIVE_RECORD_MISSING``.
    """
    same = (version, bundle.digest)
    reigned = any((entry.version, entry.bundle) == same and entry.action in ENTRY_ACTIONS for entry in history)
    occupied = "Production" in stages(history).values()
    door = verdict_of(bundle).may_enter_production(production_exists=occupied and not reigned)
    if not door.passed:
        raise RegistryError(
            door.code,
            f"{model} version {version} cannot enter Production: {door.message}.",
            remedy=f"See why with `sevengates gates {version}`. {door.remedy}".rstrip(),
            model=model,
            version=version,
        )
