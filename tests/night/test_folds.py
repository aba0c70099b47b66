from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.nights import Played, play_night
from trading.checks.walk_forward import WalkForwardEvidence
from trading.codes import ReasonCode
from trading.night import folds
from trading.night.artifacts import BARS, EVIDENCE, FOLDS, SPLITS, VERDICT
from trading.night.workspace import Night, open_night
from trading.settings.models import (
    DepthSpec,
    EngineSpec,
    FeatureSpec,
    MarketSpec,
    PolicySpec,
    RiskSpec,
    RuntimeSpec,
    SevengatesSettings,
    SplitSpec,
)

COUNT = 3


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    settings = SevengatesSettings(
        market=MarketSpec(history_bars=7_000),
        features=FeatureSpec(fast=3, medium=6, slow=24, vwap=12),
        engine=EngineSpec(name="moving_average"),
        policy=PolicySpec(kind="fixed", max_duration=24),
        risk=RiskSpec(min_confidence=0.0),
        depth=DepthSpec(target_bars=500),
        splits=SplitSpec(folds=COUNT),
        runtime=RuntimeSpec(home=str(tmp_path_factory.mktemp("home"))),
    )
    return open_night(settings, "SIM", "2022-03-01")


@pytest.fixture(scope="module")
def played(night: Night) -> Played:
    return play_night(night)


@pytest.fixture(scope="module")
def found(night: Night, played: Played) -> WalkForwardEvidence:
    return night.store.get(EVIDENCE, played.judged.evidence_ref).section(WalkForwardEvidence)


def test_each_fold_is_trained_on_the_bars_before_its_own_test_range(night: Night, found: WalkForwardEvidence) -> None:
    assert found.asked == len(found.folds) == COUNT
    for fold in found.folds:
        assert fold.trained_from < fold.trained_to < fold.first < fold.last
    assert len({fold.trained_from for fold in found.folds}) == 1
    # Nothing lies between the test range of one fold and that of the next.
    interval = 3_600_000
    assert [fold.first for fold in found.folds[1:]] == [fold.last + interval for fold in found.folds[:-1]]


def test_the_last_fold_ends_before_the_test_split_begins(
    night: Night, played: Played, found: WalkForwardEvidence
) -> None:
    splits, bars = night.store.get(SPLITS, played.measured.splits_ref), night.store.get(BARS, played.measured.bars_ref)
    assert found.folds[-1].last < bars.ts[splits.test.start]


def test_the_union_is_all_test_ranges_and_the_test_split(
    night: Night, played: Played, found: WalkForwardEvidence
) -> None:
    splits = night.store.get(SPLITS, played.measured.splits_ref)
    assert found.bars == sum((fold.last - fold.first) // 3_600_000 + 1 for fold in found.folds) + splits.test.size
    assert found.trades is not None
    assert found.trades > sum(fold.trades for fold in found.folds) > 10
    assert found.sharpe is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.sharpe < found.high
    # More bars, a smaller error than that of the test split alone.
    alone = night.store.get(EVIDENCE, played.judged.evidence_ref).checks["significance"]["sharpe_se"]
    assert found.sharpe_se is not None
    assert found.sharpe_se < alone


def test_without_folds_nothing_more_is_trained_and_nothing_is_asked(tmp_path: Path, night: Night) -> None:
    changed = {
        "splits": SplitSpec(),
        "market": MarketSpec(history_bars=4_000),
        "runtime": RuntimeSpec(home=str(tmp_path)),
    }
    plain = open_night(night.settings.model_copy(update=changed), "SIM", "2022-03-01")
    played = play_night(plain)
    evidence = plain.store.get(EVIDENCE, played.judged.evidence_ref)
    assert evidence.section(WalkForwardEvidence) == WalkForwardEvidence(asked=0)
    assert plain.store.get(FOLDS, folds.gather_folds(plain, played.measured.bars_ref, ())) == ()


def test_a_recipe_that_earns_nothing_is_refused_over_its_folds(tmp_path: Path, night: Night) -> None:
    changed = {
        "market": MarketSpec(source="sim:edge=0", history_bars=7_000),
        "runtime": RuntimeSpec(home=str(tmp_path)),
    }
    idle = open_night(night.settings.model_copy(update=changed), "SIM", "2022-03-01")
    verdict = idle.store.get(VERDICT, play_night(idle).judged.verdict_ref)
    rules = {rule.name: rule for gate in verdict.gates for rule in gate.rules}
    assert rules["walk_forward_folds"].passed
    assert (rules["walk_forward_psr0"].passed, rules["walk_forward_psr0"].code) == (False, ReasonCode.NOT_SIGNIFICANT)
