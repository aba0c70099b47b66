from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.support import random_model
from trading.engines.regimes.transitions import transitions


def test_transitions_are_the_rows_of_the_matrix_by_name_and_survive_json() -> None:
    model = random_model(3)
    found = transitions(model)
    assert found is not None
    assert [list(row.values()) for row in found.values()] == model.engine["transmat"].tolist()
    assert all(sum(row.values()) == pytest.approx(1.0) for row in found.values())
    assert json.loads(json.dumps(found)) == found


def test_states_of_one_regime_are_told_apart() -> None:
    model = random_model(3)
    options = {**model.spec.engine.options, "signs": [1, 1, 0]}
    spec = model.spec.changed(engine={**model.spec.engine.model_dump(), "options": options})
    found = transitions(replace(model, spec=spec))
    assert found is not None
    assert list(found) == ["bull 1", "bull 2", "chop"]


def test_an_engine_without_regimes_has_none() -> None:
    model = random_model(3)
    spec = model.spec.changed(engine={**model.spec.engine.model_dump(), "name": "moving_average"})
    assert transitions(replace(model, spec=spec)) is None
