"""How the head and the arrays of a bundle of an earlier schema become those of this one; the files never change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCHEMA_VERSION = 4

# Written down, and not taken from the steps of today: this is what release 0.1 computed and observed.
_FEATURES_1 = 12
_OBSERVATION_1 = (
    "extra_1",
    "extra_2",
    "extra_3",
    "direction",
    "confidence",
    "doubt",
    "direction_age",
    "drawdown",
    "last_trade",
    "win_rate",
    "since_exit",
    "hour_sin",
    "hour_cos",
    "week_sin",
    "week_cos",
)
_REGIMES_1, _ACTIONS_1 = ["bull", "bear", "chop"], ["size", "duration", "stop", "target"]
_ARRAYS_1 = {
    "scaler_mean": "scaler.mean",
    "scaler_std": "scaler.deviation",
    "startprob": "engine.startprob",
    "transmat": "engine.transmat",
    "means": "engine.means",
    "covars": "engine.covars",
    "calibrator_x": "calibrator.x",
    "calibrator_y": "calibrator.y",
    **{name: f"policy.{name}" for name in ("w0", "b0", "w1", "b1", "w2", "b2")},
}
_ONE_MAP_3 = ("calibrator.x", "calibrator.y")

Arrays = dict[str, NDArray[Any]]


def upgraded_bundle(head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> tuple[dict[str, Any], Arrays]:
    """Head and arrays in the present schema.

    Args:
        head: content of ``bundle.json``, of any schema up to this one.
        arrays: content of ``weights.safetensors``.

    Raises:
        ValueError: if the schema is unknown or a part of the old one is missing.
    """
    version = head.get("schema_version")
    if version == 1:
        return upgraded_bundle(*_from_1(head, arrays))
    if version == 2:
        return upgraded_bundle(_from_2(head), arrays)
    if version == 3:
        return _from_3(head, arrays)
    if version != SCHEMA_VERSION:
        raise ValueError(f"schema_version is {version!r}, this release reads 1 to {SCHEMA_VERSION}")
    return dict(head), dict(arrays)


def _from_1(head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> tuple[dict[str, Any], Arrays]:
    """Release 0.1: settings models stood in the spec, the regimes were the only engine, arrays had flat names."""
    try:
        spec, policy, lineage = head["model"], head["model"]["policy"], head["lineage"]
        features = list(spec["feature_names"])
        if (head["regimes"], head["actions"]) != (_REGIMES_1, _ACTIONS_1):
            raise ValueError("regimes or actions are not those of schema 1")
        if len(features) != _FEATURES_1 or head["observation_size"] != _FEATURES_1 + len(_OBSERVATION_1):
            raise ValueError("features or observation are not those of schema 1")
        model = {
            "symbol": spec["symbol"],
            "interval": spec["interval"],
            "bars_per_year": spec["bars_per_year"],
            "feature_names": features,
            "windows": {name: spec["features"][name] for name in ("fast", "medium", "slow", "vwap")},
            "observation_names": [*features, *_OBSERVATION_1],
            "engine": {
                "name": "regimes",
                "tag": "hmm_v1",
                "revision": 1,
                "options": {"features": spec["regime_features"], "threshold": spec["direction_threshold"]},
                "extras": ["p_bull", "p_bear", "p_chop"],
            },
            "policy": {"kind": "ppo", "hidden": policy["hidden"]},
            "actions": {
                f"{end}_{name}": policy[f"{end}_{name}"]
                for name in ("duration", "stop", "target")
                for end in ("min", "max")
            },
            "costs": spec["costs"],
            "limits": spec["risk"],
        }
    except (KeyError, TypeError) as error:
        raise ValueError(f"a part of schema 1 is missing: {error}") from error
    unknown = sorted(set(arrays) - set(_ARRAYS_1))
    if unknown:
        raise ValueError(f"arrays {', '.join(unknown)} are not of schema 1")
    renamed = {_ARRAYS_1[name]: array for name, array in arrays.items()}
    return {"schema_version": 2, "model": model, "lineage": lineage}, renamed


def _from_2(head: Mapping[str, Any]) -> dict[str, Any]:
    """Before fills had levels of realism: each choice had what is now its null version, and one fee."""
    try:
        model = dict(head["model"])
        costs, limits = dict(model["costs"]), dict(model["limits"])
        lot, tick = costs.pop("lot"), costs.pop("tick")
        added = {
            "maker_fee_bps": costs["fee_bps"],
            "impact": 0.0,
            "stop_slip": 0.0,
            "limit_through": False,
            "wick_limit": 0.0,
            "latency_ms": 0,
            "funding_bps_per_day": 0.0,
            "borrow_bps_per_day": 0.0,
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"a part of schema 2 is missing: {error}") from error
    model["costs"] = {**costs, **added}
    model["instrument"] = {"tick": tick, "lot": lot, "contract_size": 1.0, "min_notional": 0.0}
    model["limits"] = {**limits, "max_leverage": 1.0, "maintenance_margin": 0.05}
    return {**head, "schema_version": 3, "model": model}


def _from_3(head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> tuple[dict[str, Any], Arrays]:
    """Before each side had a calibrator of its own: one map of raw confidence, and sizes that did not read it."""
    try:
        model = dict(head["model"])
        features = len(model["feature_names"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"a part of schema 3 is missing: {error}") from error
    model["confidence"] = {"method": "unknown", "horizon_bars": 0, "break_even": None}
    # The score is the raw confidence itself. An array that is missing is found so when the model is built.
    weights = np.tile(np.r_[0.0, 1.0, np.zeros(1 + features)], (2, 1))
    sides = {name: np.tile(array, (2, 1)) for name, array in arrays.items() if name in _ONE_MAP_3}
    return (
        {**head, "schema_version": SCHEMA_VERSION, "model": model},
        {**arrays, **sides, "calibrator.weights": weights},
    )
