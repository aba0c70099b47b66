"""The training flow: every symbol from bars to a judged bundle in a folder, without registering anything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flows.defaults import RUNTIME, SETTINGS, task_runner

# isort: split
from prefect import flow
from prefect.client.schemas.objects import State

from flows.chain import run_training
from flows.nightly import end_of
from tasks.stage import as_task
from trading.settings.models import (
    CalibrationSpec,
    CostSpec,
    DriftSpec,
    FeatureSpec,
    GateSpec,
    LeakageSpec,
    MarketSpec,
    PolicySpec,
    RegimeSpec,
    RiskSpec,
    RuntimeSpec,
    SevengatesSettings,
    SplitSpec,
    StressSpec,
)

training_task = as_task(run_training, "training", task_run_name="training of {symbol}")


@flow(
    name="train",
    task_runner=task_runner(),
    persist_result=True,
    result_serializer="json",
)
def train(
    market: MarketSpec = SETTINGS.market,
    splits: SplitSpec = SETTINGS.splits,
    features: FeatureSpec = SETTINGS.features,
    regimes: RegimeSpec = SETTINGS.regimes,
    policy: PolicySpec = SETTINGS.policy,
    costs: CostSpec = SETTINGS.costs,
    risk: RiskSpec = SETTINGS.risk,
    calibration: CalibrationSpec = SETTINGS.calibration,
    drift: DriftSpec = SETTINGS.drift,
    leakage: LeakageSpec = SETTINGS.leakage,
    stress: StressSpec = SETTINGS.stress,
    gates: GateSpec = SETTINGS.gates,
    runtime: RuntimeSpec = RUNTIME,
    as_of: datetime | None = None,
) -> State[Any]:
    """Train and judge a candidate for every symbol; the parameters are those of the nightly flow."""
    settings = SevengatesSettings(
        market=market,
        splits=splits,
        features=features,
        regimes=regimes,
        policy=policy,
        costs=costs,
        risk=risk,
        calibration=calibration,
        drift=drift,
        leakage=leakage,
        stress=stress,
        gates=gates,
        runtime=runtime,
    )
    return end_of({symbol: training_task.submit(settings, symbol, as_of) for symbol in market.symbols})


if __name__ == "__main__":
    train()
