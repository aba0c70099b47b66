from __future__ import annotations

from typing import Any

import pytest

from tests.support import random_model, small_bars
from trading.checks.calibration import CalibrationEvidence
from trading.checks.drift import DriftEvidence
from trading.checks.evidence import read_evidence
from trading.checks.leakage import LEAKAGE_CHECKS, LeakageEvidence
from trading.checks.scenarios import SCENARIOS
from trading.checks.stress import StressEvidence
from trading.checks.table import CHECKS
from trading.gates.verdict import read_verdict
from trading.night import data
from trading.night.evidence import CheckInputs, backtest_candidate, check_inputs, judge_candidate, measure_candidate
from trading.night.records import put_model
from trading.settings.models import FeatureSpec, GateSpec, SevengatesSettings, SplitSpec, StressSpec
from trading.splits import make_splits
from trading.steps.features import FEATURE_NAMES
from trading.store import Ref, Store

SETTINGS = SevengatesSettings(features=FeatureSpec(fast=3, medium=6, slow=24, vwap=12))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def parts(store: Store) -> dict[Any, Ref]:
    """A small market and a random model over it."""
    bars = small_bars(120)
    splits = make_splits(len(bars), SplitSpec(), lookback=25, max_holding=30, warmup=25)
    kept = store.put_bars(bars)
    return {
        "bars": kept,
        "features": data.features(store, bars=kept, spec=SETTINGS.features),
        "splits": store.put_json("splits", splits.model_dump(mode="json")),
        "model": put_model(store, random_model(2)),
        "fit_report": store.put_json("regime-report", {"calibrator": {"informative": False}}),
    }


@pytest.fixture(scope="module")
def measured(store: Store, parts: dict[Any, Ref]) -> dict[str, Ref]:
    return {name: measure_candidate(store, inputs=asked(name, parts)) for name in CHECKS}


def asked(name: str, parts: dict[Any, Ref], settings: SevengatesSettings = SETTINGS) -> CheckInputs:
    return check_inputs(CHECKS[name], parts=parts, settings=settings, seed_for=len)


def test_every_check_of_a_night_stands_in_the_evidence_that_the_gates_judge(
    store: Store, parts: dict[Any, Ref], measured: dict[str, Ref]
) -> None:
    tested = backtest_candidate(store, bars=parts["bars"], splits=parts["splits"], model=parts["model"])
    judged = judge_candidate(
        store, symbol="SIM", inputs={}, backtest=tested, checks=measured, live=None, gates=GateSpec(min_live_bars=7)
    )
    evidence = read_evidence(store.get_json(judged.evidence))
    assert set(evidence.checks) == set(CHECKS)
    assert [result.name for result in evidence.section(StressEvidence).results] == list(SCENARIOS)
    assert [result.name for result in evidence.section(LeakageEvidence).results] == list(LEAKAGE_CHECKS)
    assert evidence.section(DriftEvidence).features == tuple(sorted(FEATURE_NAMES))
    assert not evidence.section(CalibrationEvidence).informative
    verdict = read_verdict(store.get_json(judged.verdict))
    assert verdict.evidence_digest == evidence.digest() == judged.evidence.digest
    assert verdict.thresholds == GateSpec(min_live_bars=7).model_dump()


def test_a_check_that_was_not_measured_is_not_forgotten_in_silence(
    store: Store, parts: dict[Any, Ref], measured: dict[str, Ref]
) -> None:
    tested = backtest_candidate(store, bars=parts["bars"], splits=parts["splits"], model=parts["model"])
    some = {name: ref for name, ref in measured.items() if name != "leakage"}
    with pytest.raises(ValueError, match="checks leakage were not measured"):
        judge_candidate(store, symbol="SIM", inputs={}, backtest=tested, checks=some, live=None, gates=SETTINGS.gates)


def test_a_check_is_remembered_for_its_own_settings_and_for_no_others(parts: dict[Any, Ref]) -> None:
    changed = SETTINGS.model_copy(update={"stress": StressSpec(max_loss=0.3)})
    differing = [name for name in CHECKS if asked(name, parts, changed) != asked(name, parts)]
    assert differing == ["stress"]


def test_a_check_that_looks_at_no_model_is_remembered_for_every_model(parts: dict[Any, Ref]) -> None:
    other = {**parts, "model": Ref(kind="model", digest="0" * 64)}
    same = [name for name in CHECKS if asked(name, other) == asked(name, parts)]
    assert same == ["leakage", "drift"]


def test_only_a_check_that_draws_random_numbers_gets_a_seed(parts: dict[Any, Ref]) -> None:
    assert {name: asked(name, parts).seed for name in CHECKS} == {
        "leakage": len("leakage"),
        "stress": len("stress"),
        "drift": None,
        "calibration": None,
    }


def test_the_inputs_of_a_check_survive_json(parts: dict[Any, Ref]) -> None:
    for name in CHECKS:
        before = asked(name, parts)
        assert CheckInputs.model_validate_json(before.model_dump_json()) == before
