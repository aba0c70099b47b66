"""Runs a flow in this process, for the command line: over the embedded server unless another one is named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import flows.defaults  # noqa: F401  # prepares the environment

# isort: split
from prefect.client.schemas.objects import State
from pydantic import SecretStr

from flows.backfill import backfill
from flows.nightly import nightly
from flows.parameters import table_values
from flows.train import train
from tasks.server import embedded_server
from trading.settings.models import SevengatesSettings

if TYPE_CHECKING:
    from trading.night.outcome import ChampionSnapshot
    from trading.night.reproduction import RebuiltCandidate
    from trading.night.workspace import Night

FLOWS = {flow.name: flow for flow in (nightly, train, backfill)}


def run_here(name: str, settings: SevengatesSettings, **options: Any) -> State[Any]:
    """Run a flow by its name and return the state it ends in, whatever it is.

    Args:
        name: of the flow.
        settings: its tables are the flow's parameters; they are stored and shown, so the token is left out.
        options: other parameters of the flow.
    """
    embedded_server(Path(settings.runtime.home).resolve())
    runtime = settings.runtime.model_copy(update={"tracking_token": SecretStr("")})
    parameters = table_values(settings.model_copy(update={"runtime": runtime}))
    return FLOWS[name](**parameters, **options, return_state=True)


def repeat_here(home: Path, night: Night, snapshot: ChampionSnapshot) -> list[RebuiltCandidate]:
    """Make the candidates of a night again.

    Args:
        home: of the server that the flow uses.
        night: in a home of its own.
        snapshot: the champion that it met.
    """
    from flows.reproduce import reproduce

    embedded_server(home)
    return reproduce(night, snapshot)
