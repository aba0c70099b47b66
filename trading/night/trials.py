"""The candidates of earlier nights: each was a trial, and the best of many trials looks better than it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trading.checks.evidence import read_evidence
from trading.checks.significance import SignificanceEvidence
from trading.checks.trials import MOST_KEPT, DailySeries, Trials
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.moments import iso_ms
from trading.night.artifacts import TRIALS
from trading.night.memory import recall, remember
from trading.night.outcome import ChampionSnapshot
from trading.night.reads import reads
from trading.night.services import ledger_of, registry_of
from trading.night.workspace import Night
from trading.store import Ref, Store

if TYPE_CHECKING:
    from trading.registry.adapter import MlflowRegistry
    from trading.registry.records import Version

STAGE = "trial"
"""Under which name the days of one registered bundle are remembered; a bundle never changes."""

_MINUTE_MS = 60_000
_UNREADABLE = (
    ReasonCode.BUNDLE_MISSING,
    ReasonCode.BUNDLE_CORRUPT,
    ReasonCode.BUNDLE_INVALID,
    ReasonCode.MODEL_UNKNOWN,
)


@reads()
def trials_of(night: Night, snapshot: ChampionSnapshot) -> Ref[Trials]:
    """The candidates of earlier nights that a night met when it began.

    Args:
        night: whose store holds them.
        snapshot: what it met.
    """
    return snapshot.trials_ref or night.store.put(TRIALS, Trials())


def collect_trials(night: Night) -> Ref[Trials]:
    """Candidates of earlier moments under the same model name, as a night met them when it began.

    Those of the same moment do not count: a night that is run again would be a trial against itself. Of the newest, the
    returns of their days are read from the evidence in their bundles; a bundle that has none, or cannot be read any
    more, is a trial of which nothing is known, which the check takes as independent of every other.

    Args:
        night: which model, and as of when.
    """
    plan, store = night.plan, night.store
    if not ledger_of(night.runtime).history(plan.model_name):
        return store.put(TRIALS, Trials())
    registry = registry_of(night.runtime)
    # The tag of a version holds its moment to the minute.
    before = plan.as_of_ms // _MINUTE_MS * _MINUTE_MS
    dated = [(_moment_ms(version), version) for version in registry.versions(plan.model_name)]
    earlier = sorted(
        ((moment, version) for moment, version in dated if moment is not None and moment < before),
        key=lambda one: (one[0], one[1].version),
    )
    days = tuple(_days(store, registry, version) for _, version in earlier[-MOST_KEPT:])
    return store.put(TRIALS, Trials(earlier=len(earlier), days=days))


def _moment_ms(version: Version) -> int | None:
    """Moment of the night of a version; None if it is not of a night."""
    moment = version.tags.get("as_of", "")
    return iso_ms(moment) if moment else None


def _days(store: Store, registry: MlflowRegistry, version: Version) -> DailySeries:
    inputs = {"bundle": version.bundle_digest}
    known = recall(store, STAGE, inputs)
    if known is not None:
        return DailySeries.model_validate(known.output)
    try:
        bundle = registry.bundle(version.model_name, version.version, expected_digest=version.bundle_digest)
    except RegistryError as error:
        if error.code not in _UNREADABLE:
            raise
        return DailySeries()
    days = read_evidence(bundle.evidence).section(SignificanceEvidence).days
    remember(store, STAGE, inputs, days.as_json())
    return days
