from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support import random_model, small_bars
from trading.checks.check import Subject
from trading.checks.regime_starts import REGIME_STARTS, RegimeStartsEvidence
from trading.engines.stream import compute_signals
from trading.model.model import TradingModel
from trading.splits import Range, Splits

EVERY_BAR = random_model(3)
_ENGINE = EVERY_BAR.spec.engine
MODEL = replace(
    EVERY_BAR,
    spec=EVERY_BAR.spec.changed(engine={**_ENGINE.model_dump(), "options": {**_ENGINE.options, "threshold": 0.97}}),
)
BARS = small_bars(60)
SPLITS = Splits(
    train=Range(0, 600), validation=Range(700, 900), test=Range(1_000, 1_400), bars=1_440, lookback=10, max_holding=10
)


def start_of(model: TradingModel, log_likelihood: float, signs: tuple[int, ...] = (1, -1, 0)) -> dict[str, Any]:
    arrays = {name: array.tolist() for name, array in model.engine.items()}
    return {"seed": 1, "log_likelihood": log_likelihood, "signs": list(signs), **arrays}


def measured(model: TradingModel, others: list[dict[str, Any]]) -> RegimeStartsEvidence:
    starts = [{"problem": ""}, {"problem": "a state holds 0.1%"}]
    parts = {
        "bars": BARS,
        "splits": SPLITS,
        "model": model,
        "fit_report": {"engine": {"log_likelihood": -1.0, "starts": starts, "others": others}},
    }
    found = REGIME_STARTS.measure(Subject(check=REGIME_STARTS.name, parts=parts))
    assert isinstance(found, RegimeStartsEvidence)
    return found


def test_starts_that_ended_at_the_same_model_agree_on_everything() -> None:
    found = measured(MODEL, [start_of(MODEL, -1.0), start_of(MODEL, -1.1)])
    assert found.agreement == 1.0
    assert len({(start.sharpe, start.max_drawdown, start.trades) for start in found.results}) == 1
    assert [start.log_likelihood for start in found.results] == [-1.0, -1.0, -1.1]
    assert found.starts == 2


def test_a_start_that_names_its_states_otherwise_disagrees_where_it_would_trade_otherwise() -> None:
    found = measured(MODEL, [start_of(MODEL, -1.0, signs=(-1, 1, 0)), start_of(MODEL, -1.0, signs=(0, 0, 0))])
    signals = compute_signals(MODEL, BARS.slice(0, SPLITS.test.stop)).slice(*SPLITS.test)
    none = float(np.mean((signals.direction == 0) | (signals.confidence < MODEL.spec.limits.min_confidence)))
    assert 0.0 < none < 1.0
    assert [start.agreement for start in found.results] == [1.0, none, none]
    assert found.agreement == none
    assert found.results[2].trades == 0


def test_sides_that_none_is_sure_of_are_no_disagreement() -> None:
    unsure = replace(
        MODEL,
        spec=MODEL.spec.changed(limits={**MODEL.spec.limits.model_dump(), "min_confidence": 1.0}),
        calibrator=MODEL.calibrator._replace(y=np.minimum(MODEL.calibrator.y, 0.99)),
    )
    assert measured(unsure, [start_of(unsure, -1.0, signs=(-1, 1, 0))]).agreement == 1.0


def test_an_engine_without_starts_has_none_to_compare() -> None:
    average = MODEL.spec.engine.model_copy(update={"name": "moving_average"})
    other = replace(MODEL, spec=MODEL.spec.model_copy(update={"engine": average}))
    assert measured(other, [start_of(MODEL, -1.0)]) == RegimeStartsEvidence(starts=0)


@pytest.mark.parametrize("results", [(), ({"agreement": None}, {"agreement": 1.0})])
def test_what_was_not_measured_is_no_agreement(results: tuple[dict[str, Any], ...]) -> None:
    assert RegimeStartsEvidence.model_validate({"starts": 30, "results": results}).agreement is None
