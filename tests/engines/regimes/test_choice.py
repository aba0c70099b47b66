from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from tests.support import START_MS, small_path
from trading.codes import ReasonCode
from trading.engines.base import TrainingData
from trading.engines.regimes.choice import SURELY, fit_best
from trading.engines.series import compute_features
from trading.errors import ConfigError, TrainingError
from trading.market.bars import Bars
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.settings.models import RegimeSpec
from trading.steps.features import FEATURE_NAMES, FeatureWindows

SPEC = RegimeSpec(seeds=8)
LOCATION = ("close_location",)
DAYS = 500


def training_data(bars: Bars) -> TrainingData:
    raw = compute_features(bars, FeatureWindows(6, 12, 96, 48))[97:]
    return TrainingData(
        bars=bars.slice(97, len(bars)),
        returns=raw[:, 0],
        features=(raw - raw.mean(0)) / raw.std(0),
        feature_names=FEATURE_NAMES,
        seed=3,
    )


@lru_cache(maxsize=1)
def equal_volatilities() -> Bars:
    market = SimulatedMarket(volatility=0.016)
    return simulate(market, START_MS + DAYS * 86_400_000).bars


def test_where_regimes_differ_in_volatility_they_are_found_in_the_range() -> None:
    features, fit = fit_best(training_data(small_path(DAYS).bars), SPEC)
    assert features == SPEC.features
    first, other = fit.report["compared"]
    assert (first["features"], first["apart_t"]) == (list(SPEC.features), None)
    assert first["t"] > 2.0
    assert other["apart_t"] < SURELY


def test_where_regimes_have_one_volatility_they_are_found_in_where_bars_close() -> None:
    features, fit = fit_best(training_data(equal_volatilities()), SPEC)
    assert features == LOCATION
    assert fit.report["features"] == list(LOCATION)
    assert set(fit.signs) >= {1, -1}
    assert fit.report["compared"][1]["apart_t"] >= SURELY


def test_a_set_that_does_better_within_the_error_is_not_taken() -> None:
    data = training_data(small_path(DAYS).bars)
    # The same column with a little noise: whichever earned more, it was chance.
    noisy = data.features[:, 13] + 0.05 * np.random.default_rng(0).standard_normal(len(data.bars))
    twins = replace(data, features=np.column_stack([noisy, data.features[:, 1:]]))
    taken = set[tuple[str, ...]]()
    for spec in ((FEATURE_NAMES[:1], LOCATION), (LOCATION, FEATURE_NAMES[:1])):
        first, other = spec
        features, fit = fit_best(twins, SPEC.model_copy(update={"features": first, "alternatives": (other,)}))
        assert features == first
        assert abs(fit.report["compared"][1]["apart_t"]) < SURELY
        taken.add(features)
    assert len(taken) == 2


def test_a_set_that_cannot_be_fitted_gives_way_and_says_why() -> None:
    data = training_data(small_path(DAYS).bars)
    # One state of so rare rows that it is refused.
    column = np.where(np.arange(len(data.bars)) % 400 < 2, 9.0, 0.0) + 1e-3 * data.features[:, 0]
    broken = replace(data, features=np.column_stack([column, data.features[:, 1:]]))
    spec = SPEC.model_copy(update={"states": 2, "features": FEATURE_NAMES[:1], "alternatives": (LOCATION,)})
    features, fit = fit_best(broken, spec)
    assert features == LOCATION
    assert "starts gave a usable" in fit.report["compared"][0]["problem"]
    assert fit.report["compared"][0]["t"] is None


def test_without_alternatives_nothing_is_compared() -> None:
    data = training_data(small_path(DAYS).bars)
    features, fit = fit_best(data, SPEC.model_copy(update={"alternatives": ()}))
    assert (features, fit.report["compared"]) == (SPEC.features, [])
    with pytest.raises(TrainingError) as error:
        fit_best(data, SPEC.model_copy(update={"alternatives": (), "min_occupancy": 0.9}))
    assert error.value.code is ReasonCode.HMM_DEGENERATE


def test_a_feature_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="range_surprize, which is no feature") as error:
        fit_best(training_data(small_path(DAYS).bars), SPEC.model_copy(update={"features": ("range_surprize",)}))
    assert "range_surprise" in error.value.remedy
