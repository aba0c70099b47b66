"""Runs a flow in this process, for the command line: over the embedded server unless another one is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flows.defaults  # noqa: F401  # prepares the environment

# isort: split
from prefect.client.schemas.objects import State

from flows.nightly import nightly
from flows.train import train
from tasks.server import embedded_server
from trading.settings.models import RuntimeSpec

FLOWS = {flow.name: flow for flow in (nightly, train)}


def run_here(name: str, *, runtime: RuntimeSpec, **parameters: Any) -> State[Any]:
    """Run a flow by its name and return the state it ends in, whatever it is."""
    embedded_server(Path(runtime.home).resolve())
    return FLOWS[name](runtime=runtime, **parameters, return_state=True)
