"""Whether a bundle's own verdict lets it into Production."""

from __future__ import annotations

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.verdict import Verdict
from trading.registry.bundle import Bundle


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


def require_approval(bundle: Bundle, model: str, version: int) -> None:
    """Refuse a version that did not pass all seven gates.

    Raises:
        RegistryError: with code ``MODEL_NOT_APPROVED``.
    """
    verdict = verdict_of(bundle)
    if not verdict.approved:
        raise RegistryError(
            ReasonCode.MODEL_NOT_APPROVED,
            f"{model} version {version} has the verdict {verdict.decision}: "
            f"failed {', '.join(gate.name for gate in verdict.failed)}.",
            remedy=f"See why with `sevengates gates {version}`; only an approved version can be in Production.",
            model=model,
            version=version,
        )
