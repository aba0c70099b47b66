"""A trading model as plain data: everything that turns bars into decisions, and nothing that can execute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.model.rules import unknown_inputs
from trading.model.spec import ModelSpec
from trading.steps.features import FEATURE_NAMES
from trading.steps.observation import observation_names
from trading.steps.opinion import SCORE_FEATURES, Calibrator
from trading.steps.policy import ACTIONS, Layers

ENGINE_PREFIX, POLICY_PREFIX = "engine.", "policy."
SCALER_MEAN, SCALER_DEVIATION = "scaler.mean", "scaler.deviation"
SIDES = 2
CALIBRATOR_PREFIX = "calibrator."


@dataclass(frozen=True, eq=False, kw_only=True)
class TradingModel:
    """Scaler, engine, calibrator and policy of one symbol and interval.

    Attributes:
        spec: names, action bounds, costs and limits.
        scaler_mean: shape (F,), of the F features on the training split.
        scaler_deviation: shape (F,), standard deviations of the same.
        engine: arrays of the engine by name; the engine knows their shapes.
        calibrator: from an opinion to effective confidence.
        layers: of the policy; None if the action is fixed.
    """

    spec: ModelSpec
    scaler_mean: Floats
    scaler_deviation: Floats
    engine: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    calibrator: Calibrator
    layers: Layers | None = None

    def arrays(self) -> dict[str, Floats]:
        """The numeric part by name, as a bundle stores it."""
        layers = {} if self.layers is None else self.layers._asdict()
        return {
            SCALER_MEAN: self.scaler_mean,
            SCALER_DEVIATION: self.scaler_deviation,
            **{f"{CALIBRATOR_PREFIX}{name}": array for name, array in self.calibrator._asdict().items()},
            **{f"{ENGINE_PREFIX}{name}": array for name, array in self.engine.items()},
            **{f"{POLICY_PREFIX}{name}": array for name, array in layers.items()},
        }


def layer_shapes(hidden: int, inputs: int) -> dict[str, tuple[int, ...]]:
    """Shape of every layer by name.

    Args:
        hidden: units of each of the two layers.
        inputs: numbers in an observation.
    """
    actions = len(ACTIONS)
    return {
        "w0": (hidden, inputs),
        "b0": (hidden,),
        "w1": (hidden, hidden),
        "b1": (hidden,),
        "w2": (actions, hidden),
        "b2": (actions,),
    }


def model_from(spec: ModelSpec, arrays: Mapping[str, NDArray[Any]]) -> TradingModel:
    """Build a model, refusing missing, misshapen or non-finite arrays, and inputs that this release cannot compute.

    The arrays of the engine are looked at by the engine itself, when the model is opened.

    Args:
        spec: the JSON part.
        arrays: the numeric part, see :meth:`TradingModel.arrays`.

    Raises:
        RegistryError: with code ``BUNDLE_INVALID``, naming the array or the name.
    """
    _require_known_inputs(spec)
    features = len(spec.feature_names)
    x, y = f"{CALIBRATOR_PREFIX}x", f"{CALIBRATOR_PREFIX}y"
    knots = arrays[x].shape[-1] if x in arrays and arrays[x].ndim else 0
    layers = layer_shapes(spec.policy.hidden, len(spec.observation_names)) if spec.policy.kind == "ppo" else {}
    shapes: dict[str, tuple[int, ...]] = {
        SCALER_MEAN: (features,),
        SCALER_DEVIATION: (features,),
        f"{CALIBRATOR_PREFIX}weights": (SIDES, SCORE_FEATURES + features),
        x: (SIDES, knots),
        y: (SIDES, knots),
        **{f"{POLICY_PREFIX}{name}": shape for name, shape in layers.items()},
    }
    own = {name for name in arrays if not name.startswith(ENGINE_PREFIX)}
    if own != set(shapes):
        raise _invalid(f"arrays {', '.join(sorted(own ^ set(shapes)))} are missing or unknown")
    for name, array in arrays.items():
        shape = shapes.get(name, array.shape)
        if array.shape != shape or array.dtype != np.float64:
            raise _invalid(f"array {name} has shape {array.shape} and type {array.dtype}, expected {shape} float64")
        if not np.isfinite(array).all():
            raise _invalid(f"array {name} has values that are not finite")
    if knots < 2 or not (np.diff(arrays[x], axis=1) > 0).all():
        raise _invalid(f"{x} must hold at least two increasing knots for each side")
    if not ((arrays[y] >= 0.0) & (arrays[y] <= 1.0)).all():
        raise _invalid(f"{y} must hold probabilities")
    if not (arrays[SCALER_DEVIATION] > 0).all():
        raise _invalid(f"{SCALER_DEVIATION} must be positive")
    held = {name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}
    engine = {name.removeprefix(ENGINE_PREFIX): array for name, array in held.items() if name not in shapes}
    return TradingModel(
        spec=spec,
        scaler_mean=held[SCALER_MEAN],
        scaler_deviation=held[SCALER_DEVIATION],
        engine=engine,
        calibrator=Calibrator(**{name: held[f"{CALIBRATOR_PREFIX}{name}"] for name in Calibrator._fields}),
        layers=Layers(**{name: held[f"{POLICY_PREFIX}{name}"] for name in layers}) if layers else None,
    )


def _require_known_inputs(spec: ModelSpec) -> None:
    unknown = [name for name in spec.feature_names if name not in FEATURE_NAMES]
    if unknown:
        raise _invalid(f"this release computes no feature {', '.join(unknown)}; it has {', '.join(FEATURE_NAMES)}")
    if len(set(spec.feature_names)) != len(spec.feature_names):
        raise _invalid("a feature is named twice")
    if spec.observation_names != observation_names(spec.feature_names, reviewed=spec.actions.review_bars > 0):
        raise _invalid("the policy's inputs are not those that this release observes for these features")
    missing = unknown_inputs(spec)
    if missing:
        raise _invalid(f"a rule for its market asks for {', '.join(missing)}, which the model does not have")


def _invalid(message: str) -> RegistryError:
    return RegistryError(
        ReasonCode.BUNDLE_INVALID, f"{message}.", remedy="Train the model again; a bundle is never repaired by hand."
    )
