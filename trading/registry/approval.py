"""Whether a bundle's own verdict lets it into Production: one rule for nights, operators and stages set by hand."""

from __future__ import annotations

from collections.abc import Sequence

from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.verdict import Verdict, judge
from trading.model.bundle import Bundle
from trading.registry.entries import ENTRY_ACTIONS, Entry, stages


def verdict_of(bundle: Bundle) -> Verdict:
    """The verdict a bundle carries, checked to agree with its own gates.

    Args:
        bundle: a verified bundle.

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


def judge_again(bundle: Bundle) -> Verdict:
    """Ask the seven gates over a bundle's own evidence and thresholds.

    Args:
        bundle: a verified bundle.

    Raises:
        RegistryError: ``BUNDLE_INVALID`` if they do not answer as the bundle says.
    """
    stored = verdict_of(bundle)
    again = judge(Evidence.model_validate(bundle.evidence), stored.thresholds)
    if again.as_json() == stored.as_json():
        return stored
    differing = [ours.name for ours, theirs in zip(again.gates, stored.gates, strict=True) if ours != theirs]
    where = f", differing in {', '.join(differing)}" if differing else ""
    raise RegistryError(
        ReasonCode.BUNDLE_INVALID,
        f"bundle {bundle.digest[:12]} says {stored.decision}, the gates say {again.decision} to its evidence{where}.",
        remedy="Train the model again: this verdict is of other evidence, or of the rules of another release.",
    )


def require_admission(bundle: Bundle, model_name: str, version: int, history: Sequence[Entry]) -> None:
    """Refuse a version that its verdict keeps out of Production, whoever asks for it.

    Seven passed gates are needed always. While another version is in Production they are not enough without a live
    record, except for a version that was in Production before: that is a return, not an entry.

    Args:
        bundle: of the version, with the verdict.
        model_name: registered model.
        version: the version that shall enter Production.
        history: the ledger's entries of the model at the epoch that the transition is to follow.

    Raises:
        RegistryError: ``MODEL_NOT_APPROVED``, ``LIVE_RECORD_MISSING``, or ``BUNDLE_INVALID`` if the gates do not say of
            the bundle's evidence what its verdict says.
    """
    same = (version, bundle.digest)
    # A returning version is what the ledger recorded; rules that changed since must not bar the way back.
    returning = any((entry.version, entry.bundle_digest) == same and entry.action in ENTRY_ACTIONS for entry in history)
    occupied = "Production" in stages(history).values()
    verdict = verdict_of(bundle) if returning else judge_again(bundle)
    admission = verdict.may_enter_production(production_exists=occupied and not returning)
    if not admission.passed:
        raise RegistryError(
            admission.code,
            f"{model_name} version {version} cannot enter Production: {admission.message}.",
            remedy=f"See why with `sevengates gates {version}`. {admission.remedy}".rstrip(),
            model=model_name,
            version=version,
        )
