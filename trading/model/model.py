"""A trading model as plain data: everything that turns bars into decisions, and nothing that can execute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, FiniteFloat

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.settings.models import CostSpec, FeatureSpec, PolicySpec, RiskSpec

REGIMES = ("bull", "bear", "chop")
ACTIONS = ("size", "duration", "stop", "target")
OBSERVATION_SIZE = 27


class ModelSpec(BaseModel):
    """The part of a model that is JSON: names, specs and limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbol: str
    interval: int
    bars_per_year: FiniteFloat
    feature_names: tuple[str, ...]
    regime_features: tuple[str, ...]
    direction_threshold: FiniteFloat
    features: FeatureSpec
    policy: PolicySpec
    costs: CostSpec
    risk: RiskSpec


@dataclass(frozen=True, eq=False)
class TradingModel:
    """Scaler, regimes, calibrator and policy of one symbol and interval.

    Attributes:
        spec: names, action bounds, costs and limits.
        scaler_mean, scaler_std: shape (F,), of the F features on the training split.
        startprob: shape (3,); transmat: shape (3, 3); states in the order of :data:`REGIMES`.
        means: shape (3, K); covars: shape (3, K, K); over the K standardised regime features.
        calibrator_x, calibrator_y: shape (M,), knots of the increasing map from raw to effective confidence.
        w0, b0, w1, b1, w2, b2: policy layers, shapes (H, 27), (H,), (H, H), (H,), (4, H), (4,).
    """

    spec: ModelSpec
    scaler_mean: Floats
    scaler_std: Floats
    startprob: Floats
    transmat: Floats
    means: Floats
    covars: Floats
    calibrator_x: Floats
    calibrator_y: Floats
    w0: Floats
    b0: Floats
    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats

    def arrays(self) -> dict[str, Floats]:
        """The numeric part by name."""
        return {name: getattr(self, name) for name in ARRAY_NAMES}


ARRAY_NAMES = tuple(name for name in TradingModel.__dataclass_fields__ if name != "spec")


def model_from(spec: ModelSpec, arrays: Mapping[str, NDArray[Any]]) -> TradingModel:
    """Build a model, refusing missing, misshapen or non-finite arrays.

    Raises:
        RegistryError: with code ``BUNDLE_INVALID``, naming the array.
    """
    features, regime = len(spec.feature_names), len(spec.regime_features)
    hidden, knots = spec.policy.hidden, len(arrays["calibrator_x"]) if "calibrator_x" in arrays else 0
    shapes = {
        "scaler_mean": (features,),
        "scaler_std": (features,),
        "startprob": (3,),
        "transmat": (3, 3),
        "means": (3, regime),
        "covars": (3, regime, regime),
        "calibrator_x": (knots,),
        "calibrator_y": (knots,),
        "w0": (hidden, OBSERVATION_SIZE),
        "b0": (hidden,),
        "w1": (hidden, hidden),
        "b1": (hidden,),
        "w2": (len(ACTIONS), hidden),
        "b2": (len(ACTIONS),),
    }
    if set(arrays) != set(shapes):
        raise _invalid(f"arrays {sorted(set(arrays) ^ set(shapes))} are missing or unknown")
    for name, shape in shapes.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != np.float64:
            raise _invalid(f"array {name} has shape {array.shape} and type {array.dtype}, expected {shape} float64")
        if not np.isfinite(array).all():
            raise _invalid(f"array {name} has values that are not finite")
    if knots < 2 or not (np.diff(arrays["calibrator_x"]) > 0).all():
        raise _invalid("calibrator_x must hold at least two increasing knots")
    if not (arrays["scaler_std"] > 0).all():
        raise _invalid("scaler_std must be positive")
    return TradingModel(spec=spec, **{name: np.ascontiguousarray(arrays[name]) for name in shapes})


def _invalid(message: str) -> RegistryError:
    return RegistryError(
        ReasonCode.BUNDLE_INVALID, f"{message}.", remedy="Train the model again; a bundle is never repaired by hand."
    )
