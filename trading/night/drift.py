"""The page of drift of a candidate, made from what its night left in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.night.artifacts import BARS, SPLITS
from trading.night.services import registry_of
from trading.settings.locations import locations
from trading.steps.features import FEATURE_NAMES
from trading.store import Ref, Store

if TYPE_CHECKING:
    from trading.market.bars import Bars
    from trading.model.model import TradingModel
    from trading.settings.models import RuntimeSpec
    from trading.splits import Splits

PAGE = "drift"


def page_of_candidate(
    store: Store, bars_ref: Ref[Bars], splits_ref: Ref[Splits], model: TradingModel, *, bins: int
) -> str:
    """HTML of every feature and level, test split against training split.

    Args:
        store: holds what the references name.
        bars_ref: of the night.
        splits_ref: of these bars.
        model: the candidate, which names the windows of its features.
        bins: of PSI.
    """
    from trading.checks.drift.levels import market_levels
    from trading.engines.series import compute_features
    from trading.reports.drift import drift_page

    bars, splits = store.get(BARS, bars_ref), store.get(SPLITS, splits_ref)
    features = compute_features(bars, model.spec.windows.as_step())
    known = {name: features[:, FEATURE_NAMES.index(name)] for name in model.spec.feature_names}
    series = {**known, **market_levels(bars, splits.train)}
    train, test = (
        {name: values[part.start : part.stop] for name, values in series.items()}
        for part in (splits.train, splits.test)
    )
    return drift_page(train, test, bins=bins)


def page_of_version(runtime: RuntimeSpec, model_name: str, version: int, *, bins: int) -> str:
    """The same of a registered version, from the store of its night.

    Args:
        runtime: where registry and store are.
        model_name: registered model.
        version: of the model.
        bins: of PSI.

    Raises:
        RegistryError: ``MODEL_UNKNOWN`` if there is no such version, ``BUNDLE_INVALID`` if it does not name its bars.
        StoreError: ``STORE_MISSING`` if its bars are not in this store.
    """
    bundle = registry_of(runtime).bundle(model_name, version)
    data = bundle.lineage.data
    if not {BARS.name, SPLITS.name} <= set(data):
        raise RegistryError(
            ReasonCode.BUNDLE_INVALID,
            f"{model_name} version {version} does not name the bars and splits of its night.",
            remedy="Train the model again: its page of drift is made from them.",
        )
    bars_ref: Ref[Bars] = Ref(kind=BARS.name, digest=data[BARS.name])
    splits_ref: Ref[Splits] = Ref(kind=SPLITS.name, digest=data[SPLITS.name])
    return page_of_candidate(Store(locations(runtime).store), bars_ref, splits_ref, bundle.model, bins=bins)


def add_page(runtime: RuntimeSpec, model_name: str, version: int, html: str) -> str:
    """Put the page beside the version in MLflow, in place of an earlier one, and return where it is.

    Args:
        runtime: where the registry is.
        model_name: registered model.
        version: of the model.
        html: of the page.
    """
    return registry_of(runtime).add_page(model_name, version, PAGE, html)
