"""The flow that builds a night again: every stage up to the bundle, in a store of its own; nothing is registered."""

from __future__ import annotations

from flows.defaults import SETTINGS  # noqa: F401  # prepares the environment

# isort: split
from prefect import flow

from flows.chain import load_night, make_candidates
from trading.night.outcome import ChampionSnapshot
from trading.night.reproduction import RebuiltCandidate
from trading.night.workspace import Night


@flow(name="reproduce", persist_result=False)
def reproduce(night: Night, snapshot: ChampionSnapshot) -> list[RebuiltCandidate]:
    """Make the candidates of a night again.

    Args:
        night: in a home of its own.
        snapshot: the champion that it met.
    """
    return [
        RebuiltCandidate(
            engine=made.candidate.engine, bundle_digest=made.candidate.bundle_digest, stages=tuple(made.stages)
        )
        for made in make_candidates(night, load_night(night), snapshot)
    ]
