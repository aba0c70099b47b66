"""Evidence stages of a night: what is measured about a candidate on the test split, and the verdict over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trading.canonical import parse_json
from trading.checks.evidence import CalibrationEvidence, DriftEvidence, LeakageEvidence, LiveRecord, gather
from trading.gates.verdict import judge
from trading.night.records import get_model, get_record, get_splits, metrics_of, numbers, put_record
from trading.results import CheckResult
from trading.settings.models import (
    CalibrationSpec,
    DriftSpec,
    FeatureSpec,
    GateSpec,
    LeakageSpec,
    Spec,
    StressSpec,
)
from trading.store import Ref, Store


class Judged(Spec):
    """The evidence about a candidate, and the verdict of the seven gates over it."""

    evidence: Ref
    verdict: Ref


def backtest(store: Store, *, bars: Ref, splits: Ref, model: Ref) -> Ref:
    """Trade the test split: metrics, trades and the ledger's digest, with the equity of every bar."""
    from trading.simulation.backtest import run_backtest

    part = get_splits(store, splits).test
    result = run_backtest(get_model(store, model), store.get_bars(bars), part.start, part.stop)
    data = {"metrics": numbers(result.metrics), "trades": result.trades, "ledger_sha256": result.ledger_sha256}
    return put_record(store, "backtest", data, {"ts": result.ts, "equity": result.equity})


def stress(store: Store, *, bars: Ref, splits: Ref, model: Ref, spec: StressSpec, seed: int) -> Ref:
    """The candidate in eight scenarios beside the base path."""
    from trading.checks.stress import run_stress

    part = get_splits(store, splits).test
    base, results = run_stress(get_model(store, model), store.get_bars(bars), part.start, part.stop, spec, seed)
    data = [{"check": _as_json(result.check), "metrics": numbers(result.backtest.metrics)} for result in results]
    equity = {result.name: result.backtest.equity for result in results}
    return put_record(store, "stress", data, {"base": base.equity, **equity})


def leakage(
    store: Store, *, bars: Ref, features: Ref, splits: Ref, feature_spec: FeatureSpec, spec: LeakageSpec, seed: int
) -> Ref:
    """Whether features, splits or targets know the future."""
    from trading.checks.leakage import check_leakage
    from trading.engines.series import compute_features
    from trading.steps.features import FEATURE_NAMES, FeatureWindows

    windows = FeatureWindows(feature_spec.fast, feature_spec.medium, feature_spec.slow, feature_spec.vwap)
    found = check_leakage(
        lambda part: compute_features(part, windows),
        store.get_bars(bars),
        store.get_arrays(features)["values"],
        FEATURE_NAMES,
        get_splits(store, splits),
        spec,
        seed,
    )
    return store.put_json("leakage", found.as_json())


def drift(store: Store, *, features: Ref, splits: Ref, spec: DriftSpec) -> Ref:
    """How far each feature has moved between the training split and the test split."""
    from trading.checks.drift import measure_drift
    from trading.steps.features import FEATURE_NAMES

    values, parts = store.get_arrays(features)["values"], get_splits(store, splits)
    found = measure_drift(values[slice(*parts.train)], values[slice(*parts.test)], FEATURE_NAMES, spec)
    return store.put_json("drift", found.as_json())


def calibration(store: Store, *, bars: Ref, splits: Ref, model: Ref, regime_report: Ref, spec: CalibrationSpec) -> Ref:
    """How true the stated confidence is on the test split."""
    from trading.checks.calibration import measure_calibration
    from trading.engines.stream import compute_signals
    from trading.simulation.outcomes import signal_outcomes

    known, part = store.get_bars(bars), get_splits(store, splits).test
    trained = get_model(store, model)
    outcomes = signal_outcomes(
        known,
        compute_signals(trained, known),
        (part.start, part.stop),
        horizon_bars=spec.horizon_bars,
        costs=trained.spec.costs,
    )
    informative = bool(store.get_json(regime_report)["calibrator"]["informative"])
    found = measure_calibration(outcomes.effective, outcomes.won, spec.bins, informative=informative)
    return store.put_json("calibration", found.as_json())


def verdict(
    store: Store,
    *,
    symbol: str,
    inputs: Mapping[str, str],
    backtest: Ref,
    stress: Ref,
    leakage: Ref,
    drift: Ref,
    calibration: Ref,
    live: Ref | None,
    gates: GateSpec,
) -> Judged:
    """Put all evidence together and ask the seven gates.

    Args:
        store: holds what the references name.
        symbol: the market.
        inputs: digests of what was measured, by name.
        backtest, stress, leakage, drift, calibration: what the other stages found.
        live: record of the champion that trades this symbol, or None.
        gates: thresholds.
    """
    scenarios, _ = get_record(store, stress)
    evidence = gather(
        symbol,
        inputs=inputs,
        metrics=backtest_metrics(store, backtest),
        stress=[CheckResult.model_validate(row["check"]) for row in scenarios],
        calibration=CalibrationEvidence.model_validate(store.get_json(calibration)),
        leakage=LeakageEvidence.model_validate(store.get_json(leakage)),
        drift=DriftEvidence.model_validate(store.get_json(drift)),
        live=None if live is None else LiveRecord.model_validate(store.get_json(live)),
    )
    return Judged(
        evidence=store.put_json("evidence", evidence.as_json()),
        verdict=store.put_json("verdict", judge(evidence, gates).as_json()),
    )


def backtest_metrics(store: Store, backtest: Ref) -> dict[str, float]:
    """Metrics of a stored backtest."""
    data, _ = get_record(store, backtest)
    return metrics_of(data["metrics"])


def backtest_equity(store: Store, backtest: Ref) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Times and equity of a stored backtest."""
    _, arrays = get_record(store, backtest)
    return arrays["ts"], arrays["equity"]


def _as_json(check: CheckResult) -> Any:
    return parse_json(check.model_dump_json())
