"""How the results of stages lie in the store: JSON and arrays together under one reference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.canonical import canonical_json, parse_json
from trading.model.model import ModelSpec, TradingModel, model_from
from trading.splits import Splits
from trading.store import Arrays, Ref, Store

_JSON = "json"


def put_record(store: Store, kind: str, data: Any, arrays: Mapping[str, NDArray[Any]]) -> Ref:
    """Keep JSON data and named arrays as one artifact."""
    text = np.frombuffer(canonical_json(data), dtype=np.uint8)
    return store.put_arrays(kind, {_JSON: text, **arrays})


def get_record(store: Store, ref: Ref) -> tuple[Any, Arrays]:
    """What :func:`put_record` kept."""
    arrays = store.get_arrays(ref)
    return parse_json(arrays.pop(_JSON).tobytes()), arrays


def put_model(store: Store, model: TradingModel) -> Ref:
    """Keep a model."""
    return put_record(store, "model", model.spec.model_dump(mode="json"), model.arrays())


def get_model(store: Store, ref: Ref) -> TradingModel:
    """A model from the store, checked."""
    spec, arrays = get_record(store, ref)
    return model_from(ModelSpec.model_validate(spec), arrays)


def get_splits(store: Store, ref: Ref) -> Splits:
    """The splits of a night."""
    return Splits.model_validate(store.get_json(ref))


def numbers(metrics: Mapping[str, float]) -> dict[str, float | str]:
    """Metrics as JSON: NaN and infinity become text, which ``float`` reads back."""
    return {name: value if math.isfinite(value) else str(value) for name, value in metrics.items()}


def metrics_of(data: Mapping[str, float | str]) -> dict[str, float]:
    """What :func:`numbers` wrote, as numbers again."""
    return {name: float(value) for name, value in data.items()}
