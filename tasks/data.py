"""Tasks of the first stages: the plan, the champion a night meets, bars, features and splits."""

from __future__ import annotations

from datetime import datetime

from tasks.stage import stage
from trading.night import data, plan, promotion
from trading.night.data import Loaded
from trading.night.plan import NightPlan, Pin
from trading.night.report import NightReport, report_of
from trading.night.workspace import Workplace, with_secrets
from trading.settings.locations import locations
from trading.settings.models import (
    CalibrationSpec,
    CostSpec,
    FeatureSpec,
    MarketSpec,
    PolicySpec,
    SevengatesSettings,
    Spec,
    SplitSpec,
)
from trading.store import Ref


class OpenedNight(Spec):
    """The plan of a night, and its report if it was finished before."""

    plan: NightPlan
    report: NightReport | None = None


@stage("plan", remembered=False)
def open_night(place: Workplace, settings: SevengatesSettings, as_of: datetime | None) -> OpenedNight:
    """What the night depends on; a night that was finished with the same is not run again."""
    made = plan.plan_night(settings, place.symbol, as_of)
    outcome = None if place.again else plan.finished(place.store(), made, locations(place.runtime).ledger)
    report = None if outcome is None else report_of(place.store(), outcome, repeated=True)
    return OpenedNight(plan=made, report=report)


@stage("pin", repeatable=False)
def pin(place: Workplace, night: str, model: str, as_of_ms: int) -> Pin:
    """Remember the champion that the night began with, so that a resumed night meets the same."""
    return promotion.pin(place.store(), with_secrets(place.runtime), model, as_of_ms)


@stage("load")
def load(place: Workplace, market: MarketSpec, source: str, as_of_ms: int) -> Loaded:
    """Bars as of a moment; ``source`` is the digest of what is read."""
    return data.load(place.store(), market=market, symbol=place.symbol, as_of_ms=as_of_ms, quarantine=place.quarantine)


@stage("features")
def features(place: Workplace, bars: Ref, spec: FeatureSpec) -> Ref:
    """Feature vectors of every bar."""
    return data.features(place.store(), bars=bars, spec=spec)


@stage("splits")
def splits(
    place: Workplace,
    bars: Ref,
    shares: SplitSpec,
    features: FeatureSpec,
    policy: PolicySpec,
    costs: CostSpec,
    calibration: CalibrationSpec,
) -> Ref:
    """Train, validation and test ranges."""
    return data.splits(
        place.store(),
        bars=bars,
        shares=shares,
        features=features,
        policy=policy,
        costs=costs,
        calibration=calibration,
    )
