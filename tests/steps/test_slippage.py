from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.steps import parameters_of, seen_of
from trading.steps.slippage import market_price

COSTLY = parameters_of(half_spread=0.01, impact=0.02, volatility_impact=0.5, tick=1e-6)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_market_fill_pays_half_the_spread_and_the_root_of_its_share_of_the_volume(side: float) -> None:
    # Of a volume of 400, 100 are a quarter, whose root is a half.
    price = market_price(COSTLY, seen_of(volume=400.0, sigma=0.04), 200.0, side, 100.0)
    assert price == pytest.approx(200.0 * (1.0 + side * (0.01 + (0.02 + 0.5 * 0.04) * 0.5)), abs=1e-6)


@pytest.mark.parametrize("volume", [0.0, 50.0, 100.0])
def test_who_takes_all_the_volume_or_more_pays_the_impact_of_all(volume: float) -> None:
    price = market_price(COSTLY, seen_of(volume=volume, sigma=0.04), 200.0, 1.0, 100.0)
    assert price == pytest.approx(200.0 * 1.05, abs=1e-6)


def test_the_price_is_rounded_against_the_taker() -> None:
    p = parameters_of(half_spread=0.0011, tick=0.25)
    assert market_price(p, seen_of(), 100.0, 1.0, 1.0) == 100.25
    assert market_price(p, seen_of(), 100.0, -1.0, 1.0) == 99.75
    assert market_price(parameters_of(), seen_of(), 100.0, -1.0, 1.0) == 100.0


@given(quantity=st.floats(0.1, 1e3), sigma=st.floats(0.0, 0.2))
def test_a_larger_fill_in_a_wilder_bar_never_pays_less(quantity: float, sigma: float) -> None:
    here = market_price(COSTLY, seen_of(sigma=sigma), 100.0, 1.0, quantity)
    assert here >= 100.0 * 1.01
    assert market_price(COSTLY, seen_of(sigma=sigma), 100.0, 1.0, 2.0 * quantity) >= here
    assert market_price(COSTLY, seen_of(sigma=2.0 * sigma), 100.0, 1.0, quantity) >= here
    assert math.isclose(here + market_price(COSTLY, seen_of(sigma=sigma), 100.0, -1.0, quantity), 200.0, rel_tol=1e-7)
