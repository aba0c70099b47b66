"""The nightly flow: every symbol from bars to a verdict and a promotion; one's failure never stops another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flows.defaults import RUNTIME, SETTINGS

# isort: split
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.futures import wait
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.chain import run_night
from tasks.pages import show_summary
from tasks.stage import as_task
from trading.config import (
    CalibrationSpec,
    CostSpec,
    DriftSpec,
    FeatureSpec,
    GateSpec,
    LeakageSpec,
    MarketSpec,
    PolicySpec,
    PromotionSpec,
    RegimeSpec,
    RiskSpec,
    RuntimeSpec,
    SevengatesSettings,
    SplitSpec,
    StressSpec,
)
from trading.night.report import NightReport, failed_report, headline, night_name

SYMBOLS_AT_A_TIME = 2
"""Threads; training itself is in processes, and most other stages leave Python's lock while they compute."""


def night_of_symbol(settings: SevengatesSettings, symbol: str, as_of: datetime | None, again: bool) -> NightReport:
    """One symbol's night, a row of its own on the page of the run."""
    return run_night(settings, symbol, as_of, again=again)


night_task = as_task(night_of_symbol, "night", task_run_name="night of {symbol}")


@flow(
    name="nightly",
    task_runner=ThreadPoolTaskRunner(max_workers=SYMBOLS_AT_A_TIME),  # pyright: ignore[reportArgumentType]
    persist_result=True,
    result_serializer="json",
)
def nightly(
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
    promotion: PromotionSpec = SETTINGS.promotion,
    runtime: RuntimeSpec = RUNTIME,
    as_of: datetime | None = None,
    force: bool = False,
) -> State[Any]:
    """Run a night for every symbol.

    A rejected candidate is a result: the run then completes in the state "Rejected". Only an error of a symbol makes
    the run fail, after all other symbols have ended.

    Args:
        market: symbols and their bars.
        splits: shares of train and validation.
        features: look-backs.
        regimes: the hidden Markov model.
        policy: PPO training.
        costs: of trading.
        risk: limits no model can override.
        calibration: of confidence.
        drift: limits.
        leakage: how hard to look.
        stress: limits in the scenarios.
        gates: thresholds of the seven gates.
        promotion: when a candidate replaces the champion.
        runtime: where state lies; secrets come from the settings of the worker.
        as_of: nothing later is seen; empty means the end of a file, or the last midnight UTC of the embedded market.
        force: repeat every stage even if it is finished.
    """
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
        promotion=promotion,
        runtime=runtime,
    )
    nights = {symbol: night_task.submit(settings, symbol, as_of, force) for symbol in market.symbols}
    wait(list(nights.values()))
    reports = [_report(symbol, night.state) for symbol, night in nights.items()]
    name = night_name(reports)
    show_summary(name, reports)
    ended = Failed if name == "Failed" else Completed
    return ended(name=name, message=" ".join(headline(report) for report in reports), data=reports)


def _report(symbol: str, state: State[Any]) -> NightReport:
    result = state.result(raise_on_failure=False)
    return failed_report(symbol, result) if isinstance(result, BaseException) else result


if __name__ == "__main__":
    nightly()
