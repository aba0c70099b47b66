"""Every check of the table is measured, remembered for what it reads, and judged."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import random_model, small_bars
from tests.support.models import KNOWN, ruled
from trading.checks.calibration import CalibrationEvidence
from trading.checks.check import Part
from trading.checks.drift import DriftEvidence
from trading.checks.leakage import LEAKAGE_CHECKS, LeakageEvidence
from trading.checks.scenarios import SCENARIOS
from trading.checks.stress import StressEvidence
from trading.checks.table import CHECKS
from trading.checks.trials import Trials
from trading.engines.choice import EngineChoice
from trading.model.spec import Condition, MarketRule
from trading.night import data
from trading.night.artifacts import (
    BARS,
    EVIDENCE,
    FIT_REPORT,
    FOLDS,
    MODEL,
    POLICIES,
    POLICY_REPORT,
    SPLITS,
    TRIALS,
    VERDICT,
)
from trading.night.evidence import judge_candidate, measuring, parts_of, run_backtest
from trading.night.outcome import Measurements
from trading.night.reads import inputs_of
from trading.night.workspace import Night, open_night
from trading.settings.models import FeatureSpec, GateSpec, RuntimeSpec, SevengatesSettings, SplitSpec, StressSpec
from trading.splits import make_splits
from trading.store import Ref

Parts = dict[Part, Ref[Any]]

GATES = GateSpec(min_live_bars=7)
SETTINGS = SevengatesSettings(features=FeatureSpec(fast=3, medium=6, slow=24, vwap=12), gates=GATES)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    runtime = RuntimeSpec(home=str(tmp_path_factory.mktemp("home")))
    return open_night(SETTINGS.model_copy(update={"runtime": runtime}), "SIM", "2021-05-01")


@pytest.fixture(scope="module")
def parts(night: Night) -> Parts:
    """A small market and a random model over it, whose rules ask for what no other engine has."""
    bars, store = small_bars(120), night.store
    rule = MarketRule(regime="bull_momentum", when=(Condition(input="p_bull", at_least=0.5),), reason="rising")
    model = ruled(random_model(2), rule)
    kept = store.put(BARS, bars)
    splits = make_splits(len(bars), SplitSpec(), lookback=25, max_holding=30, warmup=25)
    return {
        "bars": kept,
        "features": data.compute_features(night, kept),
        "splits": store.put(SPLITS, splits),
        "model": store.put(MODEL, model),
        "refitted": store.put(MODEL, model),
        "fit_report": store.put(FIT_REPORT, {"calibrator": {"informative": False}, "fits": []}),
        "policy_report": store.put(POLICY_REPORT, {"fits": []}),
        "policies": store.put(POLICIES, ()),
        "folds": store.put(FOLDS, ()),
        "trials": store.put(TRIALS, Trials()),
    }


@pytest.fixture(scope="module")
def measured(night: Night, parts: Parts) -> Measurements:
    bars, splits, model = parts["bars"], parts["splits"], parts["model"]
    return Measurements(
        engine=EngineChoice(name="regimes", tag="hmm_v1", options={}),
        bars_ref=bars,
        splits_ref=splits,
        model_ref=model,
        backtest_ref=run_backtest(night, bars, splits, model),
        check_refs={name: measuring(name)(night, parts_of(name, parts)) for name in CHECKS},
        live_ref=None,
    )


def inputs(name: str, night: Night, parts: Parts) -> Any:
    """What the memory of a check is kept under."""
    return inputs_of(measuring(name), night, (parts_of(name, parts),), {})


def test_every_check_of_a_night_stands_in_the_evidence_that_the_gates_judge(
    night: Night, measured: Measurements
) -> None:
    judged = judge_candidate(night, measured)
    evidence = night.store.get(EVIDENCE, judged.evidence_ref)
    assert set(evidence.checks) == set(CHECKS)
    assert [result.name for result in evidence.section(StressEvidence).results] == list(SCENARIOS)
    assert [result.name for result in evidence.section(LeakageEvidence).results] == list(LEAKAGE_CHECKS)
    assert evidence.section(DriftEvidence).features == tuple(sorted(KNOWN))
    assert not evidence.section(CalibrationEvidence).informative
    verdict = night.store.get(VERDICT, judged.verdict_ref)
    assert verdict.evidence_digest == evidence.digest() == judged.evidence_ref.digest
    assert verdict.thresholds == GATES.model_dump()


def test_a_check_that_was_not_measured_is_not_forgotten_in_silence(night: Night, measured: Measurements) -> None:
    some = {name: ref for name, ref in measured.check_refs.items() if name != "leakage"}
    with pytest.raises(ValueError, match="checks leakage were not measured"):
        judge_candidate(night, measured.model_copy(update={"check_refs": some}))


def test_a_check_is_remembered_for_its_own_settings_and_for_no_others(night: Night, parts: Parts) -> None:
    settings = night.settings.model_copy(update={"stress": StressSpec(max_loss=0.3)})
    changed = night.model_copy(update={"plan": night.plan.model_copy(update={"settings": settings})})
    differing = [name for name in CHECKS if inputs(name, changed, parts) != inputs(name, night, parts)]
    assert differing == ["stress"]


def test_a_check_that_looks_at_no_model_is_remembered_for_every_model(night: Night, parts: Parts) -> None:
    other: Parts = {**parts, "model": Ref(kind="model", digest="0" * 64)}
    same = [name for name in CHECKS if inputs(name, night, other) == inputs(name, night, parts)]
    assert same == []


def test_only_a_check_that_draws_random_numbers_gets_a_seed(night: Night, parts: Parts) -> None:
    seeds = {name: inputs(name, night, parts)["reads"].get("seed") for name in CHECKS}
    drawn = night.plan.seeds
    seeded = ("leakage", "stress", "drift", "calibration", "significance", "baselines", "walk_forward")
    assert seeds == {name: drawn[name] if name in seeded else None for name in CHECKS}
