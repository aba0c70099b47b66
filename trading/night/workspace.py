"""Where a night works: its store, its folders and services, and the code it runs. Nothing of it enters a result."""

from __future__ import annotations

from pathlib import Path

from trading.night.plan import code_version
from trading.settings.locations import locations
from trading.settings.models import RuntimeSpec, SevengatesSettings, Spec
from trading.store import Store


class Workplace(Spec):
    """What every stage is given besides its inputs.

    Attributes:
        runtime: store, registry and ledger, and the home folder.
        symbol: whose night it is.
        code: digest of the code, part of every stage's memory.
        workers: training processes at a time.
        again: repeat stages that are finished.
    """

    runtime: RuntimeSpec
    symbol: str
    code: str
    workers: int = 1
    again: bool = False

    @property
    def quarantine(self) -> Path:
        """Folder for files that breach the contract."""
        return locations(self.runtime).quarantine

    @property
    def bundles(self) -> Path:
        """Folder of bundles that are kept without being registered."""
        return locations(self.runtime).home / "bundles"

    @property
    def mlflow_page(self) -> str:
        """Address of MLflow's pages; over SQLite, where `make ui` shows them."""
        uri = locations(self.runtime).tracking_uri
        return uri.rstrip("/") if uri.startswith(("http://", "https://")) else "http://127.0.0.1:5000"

    def store(self) -> Store:
        """The artifact store."""
        return Store(locations(self.runtime).store)


def with_secrets(runtime: RuntimeSpec) -> RuntimeSpec:
    """The runtime with the secrets of this process: a flow's parameters are shown on pages and carry none."""
    from trading.settings.loader import load_settings

    if runtime.tracking_token.get_secret_value():
        return runtime
    return runtime.model_copy(update={"tracking_token": load_settings().runtime.tracking_token})


def workplace(settings: SevengatesSettings, symbol: str, *, again: bool = False) -> Workplace:
    """The place where one symbol's night works."""
    return Workplace(
        runtime=settings.runtime, symbol=symbol, code=code_version(), workers=settings.policy.workers, again=again
    )
