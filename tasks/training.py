"""Tasks that train: regimes and calibrator, then the policies, with their progress on the page of the run."""

from __future__ import annotations

from envs.vectorised import LaneVecEnv
from tasks.pages import TrainingProgress
from tasks.stage import stage
from trading.night import fit
from trading.night.fit import Fitted
from trading.night.workspace import Workplace
from trading.settings.models import CalibrationSpec, CostSpec, FeatureSpec, PolicySpec, RegimeSpec, RiskSpec
from trading.store import Ref


@stage("regimes")
def regimes(
    place: Workplace,
    bars: Ref,
    features: Ref,
    splits: Ref,
    feature_spec: FeatureSpec,
    regimes: RegimeSpec,
    policy: PolicySpec,
    costs: CostSpec,
    risk: RiskSpec,
    calibration: CalibrationSpec,
    seed: int,
) -> Fitted:
    """Scaler, regimes and calibrator."""
    return fit.fit_regimes(
        place.store(),
        bars=bars,
        features=features,
        splits=splits,
        feature_spec=feature_spec,
        regimes=regimes,
        policy=policy,
        costs=costs,
        risk=risk,
        calibration=calibration,
        seed=seed,
    )


@stage("policy")
def policy(place: Workplace, bars: Ref, splits: Ref, model: Ref, spec: PolicySpec, symbol: str, seed: int) -> Fitted:
    """The best of several policies."""
    return fit.train_policy(
        place.store(),
        bars=bars,
        splits=splits,
        model=model,
        spec=spec,
        symbol=symbol,
        seed=seed,
        make_environment=LaneVecEnv,
        workers=place.workers,
        progress=TrainingProgress(symbol, spec.seeds),
    )
