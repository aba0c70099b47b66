"""Evidence stages of a night: what is measured about a candidate on the test split, and the verdict over it."""

from __future__ import annotations

from typing import Any

from trading.canonical import parse_json
from trading.checks.evidence import CalibrationEvidence, DriftEvidence, LeakageEvidence, gather
from trading.gates.verdict import judge
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.night.artifacts import (
    BACKTEST,
    BARS,
    CALIBRATION,
    DRIFT,
    EVIDENCE,
    FEATURES,
    LEAKAGE,
    LIVE_RECORD,
    MODEL,
    REGIME_REPORT,
    SPLITS,
    STRESS,
    VERDICT,
    BacktestRecord,
    Features,
    Report,
    StressRecord,
    numbers,
)
from trading.night.outcome import JudgedEvidence, Measurements
from trading.night.reads import reads
from trading.night.workspace import Night
from trading.results import CheckResult
from trading.splits import Splits
from trading.store import Ref


@reads()
def run_backtest(
    night: Night, bars_ref: Ref[Bars], splits_ref: Ref[Splits], model_ref: Ref[TradingModel]
) -> Ref[BacktestRecord]:
    """Trade the test split: metrics, trades and the ledger's digest, with the equity of every bar.

    Args:
        night: whose store holds the references.
        bars_ref: of the night.
        splits_ref: of these bars.
        model_ref: the candidate.
    """
    from trading.simulation import backtest

    store = night.store
    part = store.get(SPLITS, splits_ref).test
    result = backtest.run_backtest(store.get(MODEL, model_ref), store.get(BARS, bars_ref), part.start, part.stop)
    record = BacktestRecord(
        metrics=dict(result.metrics),
        trades=result.trades,
        ledger_sha256=result.ledger_sha256,
        ts=result.ts,
        equity=result.equity,
    )
    return store.put(BACKTEST, record)


@reads("stress", seed="stress")
def run_stress(
    night: Night, bars_ref: Ref[Bars], splits_ref: Ref[Splits], model_ref: Ref[TradingModel]
) -> Ref[StressRecord]:
    """The candidate in eight scenarios beside the base path.

    Args:
        night: limits and seed of the scenarios.
        bars_ref: of the night.
        splits_ref: of these bars.
        model_ref: the candidate.
    """
    from trading.checks import stress

    store = night.store
    part = store.get(SPLITS, splits_ref).test
    base, results = stress.run_stress(
        store.get(MODEL, model_ref),
        store.get(BARS, bars_ref),
        part.start,
        part.stop,
        night.settings.stress,
        night.plan.seeds["stress"],
    )
    rows = [{"check": _as_json(result.check), "metrics": numbers(result.backtest.metrics)} for result in results]
    equity = {result.name: result.backtest.equity for result in results}
    return store.put(STRESS, StressRecord(rows, {"base": base.equity, **equity}))


@reads("features", "leakage", seed="leakage")
def check_leakage(
    night: Night, bars_ref: Ref[Bars], features_ref: Ref[Features], splits_ref: Ref[Splits]
) -> Ref[LeakageEvidence]:
    """Whether features, splits or targets know the future.

    Args:
        night: how hard to look.
        bars_ref: of the night.
        features_ref: of these bars.
        splits_ref: of these bars.
    """
    from trading.checks import leakage
    from trading.simulation.features import compute_features
    from trading.steps.features import FEATURE_NAMES

    store, settings = night.store, night.settings
    found = leakage.check_leakage(
        lambda part: compute_features(part, settings.features),
        store.get(BARS, bars_ref),
        store.get(FEATURES, features_ref),
        FEATURE_NAMES,
        store.get(SPLITS, splits_ref),
        settings.leakage,
        night.plan.seeds["leakage"],
    )
    return store.put(LEAKAGE, found)


@reads("drift")
def measure_drift(night: Night, features_ref: Ref[Features], splits_ref: Ref[Splits]) -> Ref[DriftEvidence]:
    """How far each feature has moved between the training split and the test split.

    Args:
        night: how drift is measured.
        features_ref: of the night's bars.
        splits_ref: of the night's bars.
    """
    from trading.checks import drift
    from trading.steps.features import FEATURE_NAMES

    store = night.store
    values, parts = store.get(FEATURES, features_ref), store.get(SPLITS, splits_ref)
    train, test = values[slice(*parts.train)], values[slice(*parts.test)]
    return store.put(DRIFT, drift.measure_drift(train, test, FEATURE_NAMES, night.settings.drift))


@reads("calibration", "costs")
def measure_calibration(
    night: Night,
    bars_ref: Ref[Bars],
    splits_ref: Ref[Splits],
    model_ref: Ref[TradingModel],
    regime_report_ref: Ref[Report],
) -> Ref[CalibrationEvidence]:
    """How true the stated confidence is on the test split.

    Args:
        night: when a signal counts as right.
        bars_ref: of the night.
        splits_ref: of these bars.
        model_ref: the candidate.
        regime_report_ref: how its regimes and its calibrator were fitted.
    """
    from trading.checks import calibration
    from trading.simulation.outcomes import signal_outcomes
    from trading.simulation.signals import compute_signals

    store, spec = night.store, night.settings.calibration
    bars, part = store.get(BARS, bars_ref), store.get(SPLITS, splits_ref).test
    signals = compute_signals(store.get(MODEL, model_ref), bars)
    outcomes = signal_outcomes(
        bars,
        signals.beliefs,
        signals.direction,
        signals.confidence,
        part.start,
        part.stop,
        spec.horizon_bars,
        night.settings.costs,
    )
    informative = bool(store.get(REGIME_REPORT, regime_report_ref)["calibrator"]["informative"])
    return store.put(
        CALIBRATION,
        calibration.measure_calibration(outcomes.effective, outcomes.won, spec.bins, informative=informative),
    )


@reads("gates", "symbol")
def judge_candidate(night: Night, measured: Measurements) -> JudgedEvidence:
    """Put all evidence together and ask the seven gates.

    Args:
        night: the thresholds.
        measured: the candidate, and what the other stages found.
    """
    store = night.store
    evidence = gather(
        night.symbol,
        inputs={
            "bars": measured.bars_ref.digest,
            "splits": measured.splits_ref.digest,
            "model": measured.model_ref.digest,
        },
        metrics=store.get(BACKTEST, measured.backtest_ref).metrics,
        stress=[CheckResult.model_validate(row["check"]) for row in store.get(STRESS, measured.stress_ref).rows],
        calibration=store.get(CALIBRATION, measured.calibration_ref),
        leakage=store.get(LEAKAGE, measured.leakage_ref),
        drift=store.get(DRIFT, measured.drift_ref),
        live=None if measured.live_ref is None else store.get(LIVE_RECORD, measured.live_ref),
    )
    return JudgedEvidence(
        evidence_ref=store.put(EVIDENCE, evidence),
        verdict_ref=store.put(VERDICT, judge(evidence, night.settings.gates)),
    )


def _as_json(check: CheckResult) -> Any:
    return parse_json(check.model_dump_json())
