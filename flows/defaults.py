"""Defaults of the flows' parameters: the settings of this process, so that a form shows what a night would use."""

from __future__ import annotations

from pydantic import SecretStr

from trading.environment import prepare
from trading.settings import load_settings

SETTINGS = load_settings()
"""From ``sevengates.toml`` and ``SEVENGATES_*``, as in the folder the flow is loaded in."""

RUNTIME = SETTINGS.runtime.model_copy(update={"tracking_token": SecretStr("")})
"""Where state lies, without secrets: parameters are stored and shown."""

# Prefect and the libraries under the tasks read their environment when they are imported, so this module comes first.
prepare(RUNTIME.home)
