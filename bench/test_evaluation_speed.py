"""How long one candidate takes to be evaluated completely: backtest, costs, folds, every check, and the verdict.

Nothing is trained here: the folds' models are the candidate itself, traded on each fold's test range.
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import pytest

from bench.model import bench_model
from trading.checks.check import Subject
from trading.checks.evidence import gather
from trading.checks.overfitting import seed_returns
from trading.checks.table import CHECKS
from trading.checks.trials import Trials
from trading.checks.walk_forward import FoldTrack
from trading.engines.series import compute_features
from trading.gates.verdict import judge
from trading.market.bars import Bars
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.model.fits import fit_record, required_parts
from trading.model.model import TradingModel
from trading.settings.models import SevengatesSettings, SplitSpec
from trading.simulation.backtest import run_backtest
from trading.simulation.cost_sensitivity import trade_at_costs
from trading.splits import Splits, make_folds, make_splits
from trading.steps.features import warmup_bars

BARS, FOLDS = 100_000, 4
QUARTER_MS, START_MS = 900_000, 1_262_304_000_000
WANTED_S = 20.0


@pytest.fixture(scope="module")
def bars() -> Bars:
    return simulate(SimulatedMarket(interval="15m", start="2010-01-01"), START_MS + BARS * QUARTER_MS).bars


def evaluate(model: TradingModel, bars: Bars, settings: SevengatesSettings) -> dict[str, float]:
    """Everything that a night measures of a candidate once it is trained; seconds by name."""
    took: dict[str, float] = {}

    def timed(name: str, work: Any) -> Any:
        began = time.perf_counter()
        found = work()
        took[name] = time.perf_counter() - began
        return found

    lookback = warmup_bars(settings.features.windows)
    splits = make_splits(len(bars), settings.splits, lookback=lookback, max_holding=98, warmup=lookback)
    features = timed("features", lambda: compute_features(bars, model.spec.windows.as_step()))
    result = timed("backtest", lambda: run_backtest(model, bars, *splits.test))
    timed("costs", lambda: trade_at_costs(model, bars, *splits.test))
    parts = {
        "bars": bars,
        "features": features,
        "splits": splits,
        "model": model,
        "refitted": model,
        "trials": Trials(),
        "policies": (model.layers, model.layers),
        "folds": timed(
            "folds", lambda: tuple(_fold(model, bars, fold) for fold in make_folds(splits, settings.splits))
        ),
        "fit_report": {"calibrator": {"informative": True}, "fits": _fits(bars, splits)},
        "policy_report": {"fits": []},
    }
    sections = []
    for name, check in CHECKS.items():
        subject = Subject(
            check=name,
            parts={part: parts[part] for part in check.parts},
            settings=tuple(check.tables(settings).values()),
            random_seed=1 if check.seeded else None,
        )
        sections.append(timed(name, lambda check=check, subject=subject: check.measure(subject)))
    evidence = gather(bars.symbol, inputs={}, metrics=result.metrics, checks=sections, live=None)
    timed("verdict", lambda: judge(evidence, settings.gates.model_dump()))
    return took


def _folds(model: TradingModel, bars: Bars, splits: Splits, spec: SplitSpec) -> tuple[FoldTrack, ...]:
    return tuple(_fold(model, bars, fold) for fold in make_folds(splits, spec))


def _fold(model: TradingModel, bars: Bars, splits: Splits) -> FoldTrack:
    result = run_backtest(model, bars, *splits.test)
    assert model.layers is not None
    seeds = seed_returns(model, bars, splits, (model.layers, model.layers))
    initial = model.spec.limits.initial_equity
    return FoldTrack(
        splits=splits, equity=result.equity, initial=initial, trades=int(result.metrics["trades"]), seeds=seeds
    )


def _fits(bars: Bars, splits: Splits) -> list[dict[str, Any]]:
    seen = bars.ts[slice(*splits.train)]
    return [fit_record(part, seen).model_dump() for part in required_parts(trained_policy=True)]


def test_a_candidate_is_evaluated_within_twenty_seconds(bars: Bars, record_property: Any) -> None:
    settings = SevengatesSettings(splits=SplitSpec(folds=FOLDS))
    model, _ = bench_model(QUARTER_MS)
    evaluate(model, bars.slice(0, 12_000), settings)
    took = evaluate(model, bars, settings)
    whole = float(np.sum(list(took.values())))
    print(f"\none candidate on {BARS:,} bars, load {os.getloadavg()[0]:.1f}: {whole:.1f} s, wanted {WANTED_S:g} s")
    for name, seconds in sorted(took.items(), key=lambda item: -item[1]):
        print(f"{name:16} {seconds:8.2f}")
    record_property("seconds", whole)
    assert whole < WANTED_S
