"""The whole check over a model: what it says of an unchanged market, and of one whose newest bars have changed."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from tests.support import random_model, small_path
from tests.support.models import at_depth
from tests.support.null_markets import mirror, volatility, volume
from trading.checks.calibration import brier
from trading.checks.check import Subject
from trading.checks.drift import DRIFT, DriftEvidence
from trading.checks.drift.levels import LEVELS
from trading.checks.drift.outputs import model_outputs
from trading.checks.drift.row import newest_bars, output_drift
from trading.engines.series import compute_features
from trading.engines.stream import compute_signals
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.settings.models import CalibrationSpec, DriftSpec, SplitSpec
from trading.simulation.outcomes import signal_outcomes
from trading.splits import Splits, make_splits

SPEC, CALIBRATION = DriftSpec(recent_bars=240), CalibrationSpec()
MODEL = random_model(2)
OUTPUTS = {"direction", "confidence", "regime", "action_size", "action_duration", "action_stop", "action_target"}


def market() -> Bars:
    return small_path(days=420, seed=7).bars


def splits_of(bars: Bars) -> Splits:
    return make_splits(len(bars), SplitSpec(), lookback=25, max_holding=31, warmup=25)


def measured(bars: Bars, spec: DriftSpec = SPEC, seed: int = 3, model: TradingModel = MODEL) -> DriftEvidence:
    parts = {
        "bars": bars,
        "features": compute_features(bars, MODEL.spec.windows.as_step()),
        "splits": splits_of(bars),
        "model": model,
    }
    found = DRIFT.measure(Subject(check="drift", parts=parts, settings=(spec, CALIBRATION), random_seed=seed))
    assert isinstance(found, DriftEvidence)
    return found


@lru_cache
def unchanged() -> DriftEvidence:
    return measured(market())


def newest(shift: float) -> Bars:
    return volatility(shift)(market(), len(market()) - SPEC.recent_bars)


def test_everything_is_compared_and_nothing_moved():
    found = unchanged()
    assert found.insufficient == found.unmeasured == ()
    assert found.recent is not None
    assert set(found.recent.psi) == {*MODEL.spec.feature_names, *LEVELS}
    assert (found.recent.bars, found.recent.moved, found.recent.unmeasured) == (240, (), ())
    assert {name: set(stretch.psi) for name, stretch in found.outputs.items()} == {"test": OUTPUTS, "recent": OUTPUTS}
    assert found.outputs["test"].bars == splits_of(market()).test.size
    assert found.outputs["recent"].moved == ()
    assert found.conditional is not None


def test_the_same_seed_gives_the_same_evidence_and_another_the_same_measures():
    assert measured(market()).digest() == unchanged().digest()
    other = measured(market(), seed=4)
    assert other.psi == unchanged().psi
    assert other.psi_chance != unchanged().psi_chance


def test_the_scores_of_outcomes_are_those_of_validation_and_of_the_newest_bars():
    bars, found = market(), unchanged().conditional
    assert found is not None
    splits, signals = splits_of(bars), compute_signals(MODEL, bars)
    by_split = {
        name: signal_outcomes(
            bars, signals, splits.part(name), horizon_bars=CALIBRATION.horizon_bars, costs=MODEL.spec.costs
        )
        for name in ("validation", "test")
    }
    validation, test = by_split["validation"], by_split["test"]
    late = test.index >= newest_bars(splits, SPEC).start
    assert found.outcomes == late.sum()
    assert found.brier == pytest.approx(brier(test.effective[late], test.won[late]))
    assert found.reference_brier == pytest.approx(brier(validation.effective, validation.won))
    assert found.frequency == pytest.approx(np.mean(test.won[late]))


def test_a_wild_month_moves_features_and_levels_and_widens_no_limit():
    found = measured(newest(8.0))
    assert found.recent is not None
    assert {"log_volatility_slow", "level_range_per_volume"} <= set(found.recent.moved)
    assert found.psi_chance == unchanged().psi_chance


def test_a_model_that_falls_silent_has_moved():
    hushed = np.arange(len(market())) >= len(market()) - SPEC.recent_bars
    bars = market()
    outputs = model_outputs(MODEL, bars, compute_signals(MODEL, bars))
    for name in OUTPUTS - {"direction", "regime"}:
        outputs[name] = np.where(hushed, np.nan, outputs[name])
    found = output_drift(outputs, splits_of(bars), SPEC, seed=3)["recent"]
    assert found is not None
    assert found.moved == tuple(sorted(OUTPUTS - {"direction", "regime"}))


def test_a_busy_month_moves_volume_and_nothing_that_the_model_sees():
    bars = volume(10.0)(market(), len(market()) - SPEC.recent_bars)
    found = measured(bars)
    assert found.recent is not None
    assert set(found.recent.moved) == {"level_volume", "level_range_per_volume"}
    assert found.outputs["recent"].moved == ()


def test_prices_that_go_the_other_way_change_outcomes():
    bars = mirror(market(), len(market()) - SPEC.recent_bars)
    found, before = measured(bars).conditional, unchanged().conditional
    assert found is not None
    assert before is not None
    assert found.reference_brier == before.reference_brier
    assert found.error == before.error
    assert found.brier != before.brier


def test_too_few_bars_are_named_for_each_comparison():
    found = measured(market(), DriftSpec(recent_bars=2_000))
    assert found.insufficient == ("test", "recent", "outputs_test", "outputs_recent", "conditional")
    assert (found.recent, found.outputs, found.conditional) == (None, {}, None)


def test_a_shallow_training_changes_nothing_of_what_its_probabilities_are_worth():
    full, shallow = unchanged().conditional, measured(market(), model=at_depth(MODEL, 0.7)).conditional
    assert full is not None
    assert shallow is not None
    assert shallow.outcomes == full.outcomes
    assert shallow.brier == pytest.approx(full.brier, abs=1e-5)
    assert shallow.reference_brier == pytest.approx(full.reference_brier, abs=1e-5)
