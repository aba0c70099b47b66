"""Tasks that measure a candidate on the test split, and the verdict of the seven gates."""

from __future__ import annotations

from tasks.stage import stage
from trading.night import evidence
from trading.night.evidence import Judged
from trading.night.workspace import Workplace
from trading.settings.models import CalibrationSpec, DriftSpec, FeatureSpec, GateSpec, LeakageSpec, StressSpec
from trading.store import Ref


@stage("backtest")
def backtest(place: Workplace, bars: Ref, splits: Ref, model: Ref) -> Ref:
    """The test split, traded once."""
    return evidence.backtest(place.store(), bars=bars, splits=splits, model=model)


@stage("stress")
def stress(place: Workplace, bars: Ref, splits: Ref, model: Ref, spec: StressSpec, seed: int) -> Ref:
    """Eight scenarios."""
    return evidence.stress(place.store(), bars=bars, splits=splits, model=model, spec=spec, seed=seed)


@stage("leakage")
def leakage(
    place: Workplace, bars: Ref, features: Ref, splits: Ref, feature_spec: FeatureSpec, spec: LeakageSpec, seed: int
) -> Ref:
    """Whether anything knows the future."""
    return evidence.leakage(
        place.store(), bars=bars, features=features, splits=splits, feature_spec=feature_spec, spec=spec, seed=seed
    )


@stage("drift")
def drift(place: Workplace, features: Ref, splits: Ref, spec: DriftSpec) -> Ref:
    """How far the features have moved."""
    return evidence.drift(place.store(), features=features, splits=splits, spec=spec)


@stage("calibration")
def calibration(place: Workplace, bars: Ref, splits: Ref, model: Ref, regime_report: Ref, spec: CalibrationSpec) -> Ref:
    """How true the stated confidence is."""
    return evidence.calibration(
        place.store(), bars=bars, splits=splits, model=model, regime_report=regime_report, spec=spec
    )


@stage("verdict")
def verdict(
    place: Workplace,
    symbol: str,
    inputs: dict[str, str],
    backtest: Ref,
    stress: Ref,
    leakage: Ref,
    drift: Ref,
    calibration: Ref,
    live: Ref | None,
    gates: GateSpec,
) -> Judged:
    """The seven gates."""
    return evidence.verdict(
        place.store(),
        symbol=symbol,
        inputs=inputs,
        backtest=backtest,
        stress=stress,
        leakage=leakage,
        drift=drift,
        calibration=calibration,
        live=live,
        gates=gates,
    )
