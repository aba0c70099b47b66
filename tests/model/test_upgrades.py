from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support import random_model, small_bars
from trading.engines.stream import compute_signals
from trading.model.model import model_from
from trading.model.spec import ModelSpec
from trading.model.upgrades import SCHEMA_VERSION, upgraded_bundle
from trading.simulation.parameters import model_parameters
from trading.steps.account import SIZE_FROM, SIZE_FULL
from trading.steps.numbers import quantised
from trading.steps.opinion import CONFIDENCE

X, Y = np.array([0.0, 0.5, 1.0]), np.array([0.3, 0.5, 0.8])


def of_schema_3() -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Head and arrays of a model as they were before each side had a calibrator of its own."""
    model = random_model(2)
    spec = model.spec.model_dump(mode="json")
    del spec["confidence"]
    arrays = model.arrays()
    del arrays["calibrator.weights"]
    return {"schema_version": 3, "model": spec}, arrays | {"calibrator.x": X, "calibrator.y": Y}


def test_a_model_of_schema_3_reads_its_engines_confidence_on_its_one_curve() -> None:
    head, arrays = upgraded_bundle(*of_schema_3())
    assert head["schema_version"] == SCHEMA_VERSION
    model = model_from(ModelSpec.model_validate(head["model"]), arrays)
    signals = compute_signals(model, small_bars(400))
    spoken = np.flatnonzero(signals.direction)
    assert {-1, 1} <= set(signals.direction[spoken].tolist())
    on_the_curve = np.interp(signals.opinions[spoken, CONFIDENCE], X, Y)
    np.testing.assert_array_equal(signals.confidence[spoken], [quantised(value) for value in on_the_curve])


def test_sizes_of_a_model_of_schema_3_do_not_depend_on_confidence() -> None:
    head, arrays = upgraded_bundle(*of_schema_3())
    model = model_from(ModelSpec.model_validate(head["model"]), arrays)
    assert (model.spec.confidence.method, model.spec.confidence.break_even) == ("unknown", None)
    assert (model_parameters(model)[SIZE_FROM], model_parameters(model)[SIZE_FULL]) == (0.0, 0.0)


def test_a_head_of_schema_3_without_features_is_refused() -> None:
    head, arrays = of_schema_3()
    del head["model"]["feature_names"]
    with pytest.raises(ValueError, match="schema 3"):
        upgraded_bundle(head, arrays)


def test_the_confidence_of_a_bundle_that_says_nothing_of_its_depth_counts_in_full() -> None:
    head, _ = upgraded_bundle(*of_schema_3())
    del head["model"]["depth"]
    spec = ModelSpec.model_validate(head["model"])
    assert (spec.depth, spec.modifier) == (None, 1.0)
