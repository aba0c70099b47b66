"""A night as its stages see it: the plan that its outcome follows from, and the place where it works."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from trading.moments import Moment
from trading.night.plan import NightPlan, plan_night
from trading.settings.locations import Locations, locations
from trading.settings.models import RuntimeSpec, SevengatesSettings
from trading.store import Store
from trading.values import Frozen


class Night(Frozen):
    """The first argument of every stage; small, frozen, and sent as it is to a worker on another machine.

    A stage that is remembered declares what it reads of the plan, see :mod:`trading.night.reads`, and is handed a
    night that has nothing else of it. The rest of this value changes no result.

    Attributes:
        plan: everything that the outcome follows from, except the champion the night meets.
        runtime: where store, registry and ledger are.
        workers: training processes at a time.
        force: repeat stages that are finished.
    """

    plan: NightPlan
    runtime: RuntimeSpec
    workers: int = 1
    force: bool = False

    @property
    def symbol(self) -> str:
        """Whose night it is."""
        return self.plan.symbol

    @property
    def settings(self) -> SevengatesSettings:
        """The settings that the outcome follows from."""
        return self.plan.settings

    @property
    def store(self) -> Store:
        """The artifact store."""
        return _open_store(self.places.store)

    @property
    def places(self) -> Locations:
        """Every folder and address of run-time state."""
        return locations(self.runtime)

    @property
    def bundles(self) -> Path:
        """Folder of bundles that are kept without being registered."""
        return self.places.home / "bundles"

    @property
    def mlflow_page(self) -> str:
        """Address of MLflow's pages; over SQLite, where `make ui` shows them."""
        uri = self.places.tracking_uri
        return uri.rstrip("/") if uri.startswith(("http://", "https://")) else "http://127.0.0.1:5000"


def open_night(settings: SevengatesSettings, symbol: str, as_of: Moment = None, *, force: bool = False) -> Night:
    """One symbol's night.

    Args:
        settings: resolved settings.
        symbol: one of their symbols.
        as_of: nothing later is seen; None is the source's own end.
        force: repeat stages that are finished.

    Raises:
        DataError: if the source is missing or unknown.
        ConfigError: if the moment cannot be read.
    """
    return Night(
        plan=plan_night(settings, symbol, as_of),
        runtime=settings.runtime,
        workers=settings.policy.workers,
        force=force,
    )


@lru_cache(maxsize=16)
def _open_store(root: str) -> Store:
    return Store(root)
