"""Looks for leaks in an engine and a feature set outside of any night, by the stages and checks of one."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

import numpy as np

from trading.arrays import Floats
from trading.checks.check import Part
from trading.checks.drift import DriftEvidence
from trading.checks.evidence import gather
from trading.checks.leakage import LeakageEvidence
from trading.codes import ReasonCode
from trading.errors import ConfigError, EngineError
from trading.gates.leakage import leakage_rules
from trading.market.bars import Bars
from trading.moments import Moment
from trading.night import data, evidence, fit
from trading.night.artifacts import BARS, SPLITS, check_kind
from trading.night.workspace import Night, open_night
from trading.results import CheckResult, rule
from trading.settings.models import EngineSpec, LeakageSpec, SevengatesSettings
from trading.splits import Range
from trading.store import Ref

FeatureSet = Callable[[Bars], Mapping[str, Floats]]
"""From n bars to columns of shape (n,) by name; NaN during their warm-up."""

FOLLOW = (1.0, 1.0, 0.0, 0.0)
"""The fixed action that decides where no policy is trained: full size, longest holding, middle stop and target."""


class Examination(NamedTuple):
    """What was found.

    Attributes:
        engine: that was looked at.
        symbol: the market.
        bars: how many.
        results: every rule of the gate of leakage, then those over a feature set.
    """

    engine: str
    symbol: str
    bars: int
    results: list[CheckResult]


def examine(
    settings: SevengatesSettings,
    engine: str | None = None,
    *,
    as_of: Moment = None,
    features: FeatureSet | None = None,
) -> Examination:
    """Fit an engine by the stages of a night and ask what the gate of leakage asks.

    Args:
        settings: market, engines and their options, and how hard to look.
        engine: its name; None is the first of the settings.
        as_of: nothing later is seen.
        features: a feature set to look at besides.

    Raises:
        SevengatesError: as the stages of a night, but for an engine whose two forms differ, which is a result.
    """
    action = settings.policy.action if settings.policy.kind == "fixed" else FOLLOW
    fixed = settings.policy.model_copy(update={"kind": "fixed", "action": action})
    changes: dict[str, Any] = {"policy": fixed}
    if engine is not None:
        changes["engine"] = EngineSpec(name=engine, options=settings.engine.options)
    with tempfile.TemporaryDirectory(prefix="sevengates-") as folder:
        changes["runtime"] = settings.runtime.model_copy(update={"home": folder})
        night = open_night(settings.model_copy(update=changes), settings.market.symbols[0], as_of)
        return _examined(night, features)


def feature_set(place: str) -> FeatureSet:
    """A user's feature set by where it is.

    Args:
        place: ``MODULE:FUNCTION``, or ``FILE.py:FUNCTION``.

    Raises:
        ConfigError: ``PLUGIN_INVALID`` if there is none.
    """
    module, _, name = place.rpartition(":")
    try:
        found = getattr(_module(module), name)
    except Exception as error:
        raise _no_features(place, f"cannot be imported: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise _no_features(place, "is no function")
    return cast("FeatureSet", found)


def _examined(night: Night, features: FeatureSet | None) -> Examination:
    store, engine = night.store, night.plan.engines[0]
    bars_ref = data.load_bars(night).bars_ref
    features_ref = data.compute_features(night, bars_ref)
    splits_ref = data.make_splits(night, bars_ref, night.plan.engines)
    bars, splits = store.get(BARS, bars_ref), store.get(SPLITS, splits_ref)
    try:
        fitted = fit.fit_model(night, bars_ref, features_ref, splits_ref, engine)
        trained = fit.train_policy(night, bars_ref, splits_ref, fitted.model_ref, make_environment=_no_environment)
        parts: dict[Part, Ref[Any]] = {
            "bars": bars_ref,
            "features": features_ref,
            "splits": splits_ref,
            "model": trained.model_ref,
            "refitted": fit.refit_model(night, bars_ref, splits_ref, fitted.model_ref, engine),
            "fit_report": fitted.report_ref,
            "policy_report": trained.report_ref,
        }
        results = _gate_rules(night, parts)
    except EngineError as error:
        if error.code is not ReasonCode.ENGINE_CHECK:
            raise
        results = [
            rule(
                "bar by bar",
                passed=False,
                observed=None,
                threshold=None,
                code=error.code,
                message=error.message,
                remedy=error.remedy,
            )
        ]
    if features is not None:
        results += check_feature_set(
            features, bars, splits.train, spec=night.settings.leakage, seed=night.plan.seeds["leakage"]
        )
    return Examination(engine.name, night.symbol, len(bars), results)


def _gate_rules(night: Night, parts: Mapping[Part, Ref[Any]]) -> list[CheckResult]:
    names = (LeakageEvidence.check, DriftEvidence.check)
    refs = {name: evidence.measuring(name)(night, evidence.parts_of(name, parts)) for name in names}
    sections = [night.store.get(check_kind(name), ref) for name, ref in refs.items()]
    return leakage_rules(gather(night.symbol, inputs={}, metrics={}, checks=sections, live=None), {})


def check_feature_set(
    features: FeatureSet, bars: Bars, train: Range, *, spec: LeakageSpec, seed: int
) -> list[CheckResult]:
    """Look at a feature set alone: its prefixes, and how near it is to what comes next.

    Args:
        features: the function.
        bars: all bars.
        train: where it is held against what comes next, less the set's own warm-up.
        spec: how hard to look.
        seed: of the moments.
    """
    from trading.checks.leakage.features import check_prefix
    from trading.checks.leakage.target import Columns, check_horizons, check_sign, check_target

    names = tuple(features(bars))

    def compute(part: Bars) -> Floats:
        return np.column_stack([np.asarray(column, dtype=np.float64) for column in features(part).values()])

    columns = Columns(names, compute(bars))
    known = np.flatnonzero(np.isfinite(columns.values).all(axis=1))
    seen = Range(max(train.start, int(known[0]) if len(known) else 0), train.stop)
    results = [
        check_prefix(compute, bars, names, points=spec.prefix_points, seed=seed),
        check_target(columns, bars, seen, limit=spec.max_target_correlation),
        check_horizons(columns, bars, seen, limit=spec.max_horizon_correlation),
        check_sign(columns, bars, seen, limit=spec.max_sign_sharpe),
    ]
    return [result.model_copy(update={"name": f"own features: {result.name}"}) for result in results]


def _module(name: str) -> ModuleType:
    if not name.endswith(".py"):
        return importlib.import_module(name)
    file = Path(name).resolve()
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(file.stem, module)
    spec.loader.exec_module(module)
    return module


def _no_features(place: str, what: str) -> ConfigError:
    return ConfigError(
        ReasonCode.PLUGIN_INVALID,
        f"the feature set {place!r} {what}.",
        remedy="Name MODULE:FUNCTION or FILE.py:FUNCTION, a function from bars to a column for each name.",
    )


def _no_environment(*_: Any) -> Any:
    raise AssertionError("a fixed action trains nothing")
