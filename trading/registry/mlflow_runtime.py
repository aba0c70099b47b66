"""The ground under the MLflow adapter: its environment, its database, its failures and its locks."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trading.codes import ReasonCode
from trading.errors import RegistryError, TransportError
from trading.settings.environment import QUIET, SAFE

# MLflow reads its environment when it is imported: no telemetry, no pickle, no progress bars, no links printed.
for _name, _value in {**QUIET, **SAFE, "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}.items():
    os.environ.setdefault(_name, _value)

import mlflow  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402


def migrate(database: Path) -> None:
    """Bring MLflow's SQLite file to the schema of the installed MLflow, once.

    A new database is migrated aside and moved into place whole, so that neither a kill nor a second process meets half
    of one. An existing one is copied to ``NAME.backup`` first.

    Args:
        database: the SQLite file; a stamp, a lock and a backup lie beside it.
    """
    stamp = database.with_name(f"{database.name}.schema")
    with locked(database.with_name(f"{database.name}.lock")):
        if database.exists() and stamp.exists() and stamp.read_text() == mlflow.__version__:
            return
        if database.exists():
            shutil.copyfile(database, database.with_name(f"{database.name}.backup"))
            _upgrade(database)
        else:
            fresh = database.with_name(f"{database.name}.new")
            fresh.unlink(missing_ok=True)
            _upgrade(fresh)
            fresh.rename(database)
        stamp.write_text(mlflow.__version__)


def _upgrade(database: Path) -> None:
    # Not part of mlflow-skinny's reach: only the full installation opens SQLite.
    import mlflow.db

    with quietly():
        upgrade = mlflow.db.upgrade.callback
        assert upgrade is not None
        upgrade(f"sqlite:///{database}")


@contextmanager
def answers(uri: str) -> Iterator[None]:
    """Turn MLflow's failure to answer into our transport error; other failures of MLflow are our registry errors.

    Args:
        uri: of the MLflow that is asked, for messages.
    """
    try:
        yield
    except MlflowException as error:
        transport = error.error_code in ("TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR") or "API request to" in str(error)
        kind = TransportError if transport else RegistryError
        code = ReasonCode.MODEL_UNKNOWN if error.error_code == "RESOURCE_DOES_NOT_EXIST" else None
        raise kind(
            code or ReasonCode.REGISTRY_UNREACHABLE,
            f"MLflow at {uri}: {str(error).splitlines()[0]}.",
            remedy="See that the server runs and that runtime.tracking_uri is right, then try again.",
        ) from error


@contextmanager
def exists_already() -> Iterator[None]:
    """Let pass that something to be created is there already."""
    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


@contextmanager
def unknown_is_nothing() -> Iterator[None]:
    """Let pass that something to be read is not there."""
    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise


@contextmanager
def quietly() -> Iterator[None]:
    """Hide what MLflow and alembic announce while they do what was asked of them."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "mlflow.store.db.utils", "alembic", "alembic.runtime")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*input example was not provided", category=UserWarning)
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file lock; it excludes threads and processes alike, and a killed holder lets go of it.

    Args:
        path: of the lock file; it is made if it is missing, and stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
