"""Defaults of the flows: the settings of this process as parameters, and the task runner they name."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from trading.settings.environment import prepare
from trading.settings.loader import load_settings

_LOADED = load_settings()

RUNTIME = _LOADED.runtime.model_copy(update={"tracking_token": SecretStr("")})
"""Where state lies, without secrets: parameters are stored and shown."""

SETTINGS = _LOADED.model_copy(update={"runtime": RUNTIME})
"""From ``sevengates.toml`` and ``SEVENGATES_*``, as in the folder the flow is loaded in: a form shows these values."""

# Prefect and the libraries under the tasks read their environment when they are imported, so this module comes first.
prepare(RUNTIME.home)


def task_runner() -> Any:
    """What runs the nights of several symbols side by side; tasks pass references, so any machine will do."""
    if RUNTIME.task_runner == "dask":
        import dask.config  # pyright: ignore[reportMissingImports]  # of the extra dask
        from prefect_dask import DaskTaskRunner  # pyright: ignore[reportMissingImports]

        # Training starts processes of its own, which a daemonic worker may not.
        dask.config.set({"distributed.worker.daemon": False})
        return DaskTaskRunner(cluster_kwargs={"n_workers": RUNTIME.symbols_at_a_time, "threads_per_worker": 1})
    if RUNTIME.task_runner == "ray":
        from prefect_ray import RayTaskRunner  # pyright: ignore[reportMissingImports]  # of the extra ray

        return RayTaskRunner(init_kwargs={"num_cpus": RUNTIME.symbols_at_a_time})
    from prefect.task_runners import ThreadPoolTaskRunner

    return ThreadPoolTaskRunner(max_workers=RUNTIME.symbols_at_a_time)
