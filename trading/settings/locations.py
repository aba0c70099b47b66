"""Where run-time state lies: the folders and addresses that the settings leave empty, resolved in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trading.settings.models import RuntimeSpec


@dataclass(frozen=True)
class Locations:
    """Where run-time state lies, every path absolute.

    Attributes:
        home: folder of all state that has no place of its own.
        store: folder or fsspec URL of the artifact store.
        ledger: SQLite file of the promotion ledger.
        tracking_uri: MLflow's tracking and registry URI.
        artifacts: folder of MLflow's artifacts, used with SQLite.
        quarantine: folder of inputs that breached their contract, with reports.
        live: folder of the runner's journals.
        logs: folder of what child processes print.
    """

    home: Path
    store: str
    ledger: Path
    tracking_uri: str
    artifacts: Path
    quarantine: Path
    live: Path
    logs: Path


def locations(runtime: RuntimeSpec) -> Locations:
    """Resolve the folders and addresses that settings leave empty.

    Args:
        runtime: the settings of places and services.
    """
    home = Path(runtime.home).resolve()
    return Locations(
        home=home,
        store=runtime.store or str(home / "store"),
        ledger=Path(runtime.ledger).resolve() if runtime.ledger else home / "ledger.db",
        tracking_uri=runtime.tracking_uri or f"sqlite:///{home / 'mlflow' / 'mlflow.db'}",
        artifacts=home / "mlflow" / "artifacts",
        quarantine=home / "quarantine",
        live=home / "live",
        logs=home / "logs",
    )
