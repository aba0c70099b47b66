"""The environment of a process: telemetry off, one thread a library, every library's state under one home folder.

Standard library only. The libraries read these variables when they are imported, so :func:`prepare` comes first.
"""

from __future__ import annotations

import os
from pathlib import Path

HOME = "SEVENGATES_HOME"

QUIET = {
    # MLflow accepts only the word; the other libraries accept it too.
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "ITERATIVE_DO_NOT_TRACK": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""Telemetry of every library, off."""

THREADS = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
"""One thread a library: sums in another order give other bits, and a second core does more with another seed."""

SAFE = {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",
    "MLFLOW_LOG_UV_FILES": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MPLBACKEND": "Agg",
}
"""No pickle, nothing fetched, no window, no search for tools that need not be there."""


def prepare(home: str | Path, *, create: bool = True) -> Path:
    """Set the environment for this process and its children, and return the absolute home folder.

    What the user has set already is kept, except ``SEVENGATES_HOME``: it names the home folder that the settings
    resolved to, so that child processes and compiled code find the same one from any working directory.

    Args:
        home: folder of run-time state.
        create: make the folder; Prefect warns if it is not there when it is imported.
    """
    folder = Path(home).resolve()
    if create:
        folder.mkdir(parents=True, exist_ok=True)
    before = os.environ.get(HOME)
    # A value that a parent process set for another home folder was never the user's.
    inherited = defaults(Path(before)) if before else {}
    os.environ[HOME] = str(folder)
    for name, value in defaults(folder).items():
        if os.environ.get(name, inherited.get(name)) == inherited.get(name):
            os.environ[name] = value
    return folder


def defaults(home: Path) -> dict[str, str]:
    """Every variable that :func:`prepare` sets when the user has not.

    Args:
        home: folder of run-time state.
    """
    return {
        **QUIET,
        **THREADS,
        **SAFE,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(home / "prefect" / "results"),
        "MPLCONFIGDIR": str(home / "cache" / "matplotlib"),
    }
