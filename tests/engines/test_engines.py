from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import small_bars
from trading.engines.base import Engine, EngineSetup, engine_lookback, parsed_options
from trading.engines.check import CheckedMarket, check_engine, checked_market
from trading.engines.table import ENGINES, engine_class, engine_names, engine_tag
from trading.errors import ConfigError, RegistryError
from trading.market.bars import Bars
from trading.results import blocking_failures
from trading.steps.features import FeatureWindows
from trading.steps.opinion import CONFIDENCE, DIRECTION, DOUBT, EXTRAS

WINDOWS = FeatureWindows(6, 12, 96, 48)
WINDOWED = [name for name in ENGINES if name != "regimes"]


@pytest.fixture(scope="module")
def market() -> CheckedMarket:
    return checked_market(small_bars(60), WINDOWS)


def opened(name: str, **options: object) -> Engine:
    kind = engine_class(name)
    return kind(EngineSetup(options=parsed_options(name, kind, options).model_dump()))


def says(name: str, bars: Bars, **options: object) -> np.ndarray:
    return opened(name, **options).opinions(bars, np.zeros((len(bars), 12)))


@pytest.mark.parametrize("name", ENGINES)
def test_every_built_in_engine_keeps_every_promise(name: str, market: CheckedMarket) -> None:
    kind = engine_class(name)
    given = {"seeds": 1, "iterations": 15} if name == "regimes" else {}
    results = check_engine(kind, parsed_options(name, kind, given), market)
    assert blocking_failures(results) == []
    assert len(results) == 7


@pytest.mark.parametrize("name", WINDOWED)
@settings(max_examples=10)
@given(cut=st.integers(200, 900), scale=st.floats(1e-3, 1e3))
def test_an_opinion_depends_on_no_later_bar_and_on_no_unit_of_price(name: str, cut: int, scale: float) -> None:
    bars = small_bars(40)
    whole = says(name, bars)
    np.testing.assert_array_equal(says(name, bars.slice(0, cut)), whole[:cut])
    priced = replace(bars, **{column: getattr(bars, column) * scale for column in ("open", "high", "low", "close")})
    np.testing.assert_allclose(says(name, priced), whole, atol=1e-5)


def falling_then_rising() -> Bars:
    bars = small_bars(40)
    close = 100.0 * np.exp(0.003 * np.abs(np.arange(len(bars)) - 400) + 0.002 * np.sin(np.arange(len(bars))))
    return replace(bars, open=close, high=close * 1.001, low=close * 0.999, close=close)


def test_the_moving_average_goes_with_the_trend() -> None:
    rows = says("moving_average", falling_then_rising(), fast=12, slow=96)
    assert (rows[200:390, DIRECTION] == -1.0).all()
    assert (rows[600:, DIRECTION] == 1.0).all()
    assert (rows[600:, CONFIDENCE] >= 0.5).all()


def test_mean_reversion_goes_against_a_price_far_from_its_mean() -> None:
    bars = small_bars(20)
    close = np.full(len(bars), 100.0) + 0.1 * np.sin(np.arange(len(bars)))
    close[300], close[350] = 103.0, 97.0
    rows = says("mean_reversion", replace(bars, close=close))
    assert rows[300, DIRECTION] == -1.0
    assert rows[350, DIRECTION] == 1.0
    assert rows[300, EXTRAS] > 0.0 > rows[350, EXTRAS]
    assert set(rows[150:290, DIRECTION]) == {0.0}


def test_liquidity_goes_with_who_presses_the_market_and_stands_aside_while_trading_is_dear() -> None:
    bars = small_bars(40)
    rows = says("liquidity", bars)
    pressed = rows[200:]
    bought = pressed[pressed[:, DIRECTION] == 1.0]
    sold = pressed[pressed[:, DIRECTION] == -1.0]
    assert len(bought) > 5
    assert len(sold) > 5
    assert bought[:, EXTRAS].min() >= 0.2
    assert sold[:, EXTRAS].max() <= -0.2
    aside = says("liquidity", bars, widest=1e-6)
    assert set(aside[200:, DIRECTION]) == {0.0}


def test_event_fade_fades_a_move_on_a_volume_shock_for_so_many_bars_and_no_other() -> None:
    bars = small_bars(20)
    n = len(bars)
    close = 100.0 + 0.05 * np.sin(1.7 * np.arange(n))
    close[200:] += 3.0
    close[300:] -= 3.0
    volume = np.full(n, 10.0)
    volume[200] = 100.0
    rows = says("event_fade", replace(bars, close=close, volume=volume), hold=5)
    assert rows[200:205, DIRECTION].tolist() == [-1.0] * 5
    assert rows[205, DIRECTION] == 0.0
    # The fall at bar 300 came on usual volume.
    assert set(rows[290:320, DIRECTION]) == {0.0}


def test_a_price_that_never_moves_is_no_signal_for_anybody() -> None:
    bars = small_bars(20)
    still = np.full(len(bars), 100.0)
    frozen = replace(bars, open=still, high=still, low=still, close=still, volume=np.zeros(len(bars)))
    for name in WINDOWED:
        rows = says(name, frozen)[300:]
        assert np.isfinite(rows).all(), name
        assert set(rows[:, DIRECTION]) == {0.0}, name
        assert set(rows[:, DOUBT]) == {0.0}, name


def test_an_unknown_engine_or_option_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="regimes, moving_average"):
        engine_class("regime")
    with pytest.raises(ConfigError) as unknown:
        parsed_options("moving_average", engine_class("moving_average"), {"fsat": 3})
    assert "fast" in unknown.value.remedy
    with pytest.raises(ConfigError, match="fast must be under slow"):
        parsed_options("moving_average", engine_class("moving_average"), {"fast": 300})


def test_tags_name_the_kind_and_its_version() -> None:
    assert [engine_tag(name) for name in ENGINES] == ["hmm_v1", "ma_v1", "zscore_v1", "liquidity_v1", "fade_v1"]
    assert engine_names()[: len(ENGINES)] == list(ENGINES)


@pytest.mark.parametrize(
    ("name", "setup"),
    [
        ("regimes", EngineSetup()),
        ("regimes", EngineSetup(options={"features": ["none"], "threshold": 0.5}, feature_names=("log_return_1",))),
        ("moving_average", EngineSetup(options={"fast": 0})),
        ("moving_average", EngineSetup(options={"unknown": 1})),
    ],
)
def test_data_that_an_engine_cannot_work_with_is_an_invalid_bundle(name: str, setup: EngineSetup) -> None:
    with pytest.raises(RegistryError, match="engine"):
        engine_lookback(engine_class(name)(setup))
