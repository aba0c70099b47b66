"""What stages keep comes back as it was, numbers that are not finite included."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import StoreError
from trading.model.model import ModelSpec, TradingModel
from trading.night.records import get_model, get_record, metrics_of, numbers, put_model, put_record
from trading.settings.models import CostSpec, FeatureSpec, PolicySpec, RegimeSpec, RiskSpec
from trading.steps.features import FEATURE_NAMES
from trading.store import Store
from trading.training.jobs import zero_layers


def small_model() -> TradingModel:
    features = len(FEATURE_NAMES)
    return TradingModel(
        spec=ModelSpec(
            symbol="SIM",
            interval=3_600_000,
            bars_per_year=8766.0,
            feature_names=FEATURE_NAMES,
            regime_features=RegimeSpec().features,
            direction_threshold=0.5,
            features=FeatureSpec(),
            policy=PolicySpec(hidden=4),
            costs=CostSpec(),
            risk=RiskSpec(),
        ),
        scaler_mean=np.zeros(features),
        scaler_std=np.ones(features),
        startprob=np.full(3, 1 / 3),
        transmat=np.full((3, 3), 1 / 3),
        means=np.arange(9.0).reshape(3, 3),
        covars=np.stack([np.eye(3)] * 3),
        calibrator_x=np.array([0.0, 1.0]),
        calibrator_y=np.array([0.0, 1.0]),
        **zero_layers(4),
    )


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    store, model = Store(tmp_path), small_model()
    ref = put_model(store, model)
    again = get_model(store, ref)
    assert again.spec == model.spec
    assert all(np.array_equal(again.arrays()[name], array) for name, array in model.arrays().items())
    assert put_model(store, again) == ref


def test_a_record_keeps_its_data_and_its_arrays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ref = put_record(store, "kind", {"a": [1, "ü"]}, {"x": np.arange(3)})
    data, arrays = get_record(store, ref)
    assert data == {"a": [1, "ü"]}
    assert list(arrays) == ["x"]
    assert arrays["x"].tolist() == [0, 1, 2]


def test_a_record_with_one_flipped_bit_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ref = put_record(store, "kind", {"a": 1}, {"x": np.arange(3)})
    path = next(tmp_path.glob(f"objects/*/{ref.digest}"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError):
        get_record(store, ref)


@given(st.dictionaries(st.text(max_size=5), st.floats()))
def test_metrics_survive_json_whatever_they_are(metrics: dict[str, float]) -> None:
    again = metrics_of(numbers(metrics))
    assert again.keys() == metrics.keys()
    assert all(
        again[name] == value or (math.isnan(value) and math.isnan(again[name])) for name, value in metrics.items()
    )
