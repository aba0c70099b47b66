"""A judged candidate in a store, small and quick to make, for the tests of evaluation pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support import random_model, small_bars
from trading.checks.check import Part
from trading.checks.table import CHECKS
from trading.checks.trials import Trials
from trading.engines.choice import EngineChoice
from trading.night import data
from trading.night.artifacts import BARS, FIT_REPORT, FOLDS, MODEL, POLICIES, POLICY_REPORT, SPLITS, TRIALS
from trading.night.evidence import judge_candidate, measuring, parts_of, run_backtest
from trading.night.outcome import Candidate, Measurements
from trading.night.publish import bundle_candidate
from trading.night.workspace import Night, open_night
from trading.settings.models import FeatureSpec, RuntimeSpec, SevengatesSettings, SplitSpec
from trading.splits import make_splits
from trading.store import Ref

SETTINGS = SevengatesSettings(features=FeatureSpec(fast=3, medium=6, slow=24, vwap=12))
REPORT = {
    "chosen": "SIM-1",
    "policies": [
        {
            "name": f"SIM-{seed}",
            "seed": seed,
            "validation_score": 0.01 * seed,
            "curve": [{"decisions": 100 * step, "level": 0, "mean_reward": 0.1 * step + seed} for step in range(3)],
        }
        for seed in range(2)
    ],
    "fits": [],
}


def judged_candidate(home: Path, *, days: int = 240) -> tuple[Night, Candidate]:
    """A model that means nothing, over a small market, measured by every check and judged.

    Args:
        home: folder of run-time state.
        days: of the market.
    """
    runtime = RuntimeSpec(home=str(home))
    night = open_night(SETTINGS.model_copy(update={"runtime": runtime}), "SIM", "2021-09-01")
    bars, store = small_bars(days), night.store
    kept = store.put(BARS, bars)
    splits = store.put(SPLITS, make_splits(len(bars), SplitSpec(), lookback=25, max_holding=30, warmup=25))
    model = store.put(MODEL, random_model(2))
    fit_report = store.put(FIT_REPORT, {"engine": {"starts": 1}, "calibrator": {"informative": True}, "fits": []})
    policy_report = store.put(POLICY_REPORT, REPORT)
    parts: dict[Part, Ref[Any]] = {
        "bars": kept,
        "features": data.compute_features(night, kept),
        "splits": splits,
        "model": model,
        "refitted": model,
        "fit_report": fit_report,
        "policy_report": policy_report,
        "trials": store.put(TRIALS, Trials()),
        "policies": store.put(POLICIES, ()),
        "folds": store.put(FOLDS, ()),
    }
    measured = Measurements(
        engine=EngineChoice(name="regimes", tag="hmm_v1", options={}),
        bars_ref=kept,
        splits_ref=splits,
        model_ref=model,
        backtest_ref=run_backtest(night, kept, splits, model),
        check_refs={name: measuring(name)(night, parts_of(name, parts)) for name in CHECKS},
        live_ref=None,
        fit_report_ref=fit_report,
        policy_report_ref=policy_report,
    )
    return night, bundle_candidate(night, measured, judge_candidate(night, measured), None)
