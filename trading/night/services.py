"""The registry and the promotion ledger of a night, opened in one place, with the secrets of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trading.registry.listing import read_versions
from trading.settings.locations import locations
from trading.settings.models import RuntimeSpec

if TYPE_CHECKING:
    from trading.registry.adapter import MlflowRegistry
    from trading.registry.ledger import Ledger
    from trading.registry.records import Version


def registry_of(runtime: RuntimeSpec) -> MlflowRegistry:
    """The model registry the settings name.

    Args:
        runtime: where it is; a token it does not carry is read from the settings of this process.
    """
    from trading.registry.adapter import open_registry

    return open_registry(_with_secrets(runtime))


def listed_versions(runtime: RuntimeSpec, model_name: str | None = None) -> list[Version]:
    """All versions of a model, or of all models, by name and number; their aliases are left out.

    Args:
        runtime: where the registry is.
        model_name: registered model; None is all of them.
    """
    known = read_versions(locations(runtime).tracking_uri, model_name)
    return registry_of(runtime).listing(model_name) if known is None else known


def ledger_of(runtime: RuntimeSpec) -> Ledger:
    """The promotion ledger the settings name.

    Args:
        runtime: where it is.
    """
    from trading.registry.ledger import Ledger

    return Ledger(locations(runtime).ledger)


def _with_secrets(runtime: RuntimeSpec) -> RuntimeSpec:
    """A flow's parameters are stored and shown on pages, so they carry no secret."""
    from trading.settings.loader import load_settings

    if runtime.tracking_token.get_secret_value():
        return runtime
    return runtime.model_copy(update={"tracking_token": load_settings().runtime.tracking_token})
