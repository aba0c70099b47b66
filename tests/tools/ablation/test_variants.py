from __future__ import annotations

import pytest

from tools.ablation.variants import AS_IT_IS, FIRST_SEED, MARKETS, VARIANTS, settings_of
from trading.settings.models import SevengatesSettings


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_changes_what_it_names_and_nothing_else(variant: str) -> None:
    usual = SevengatesSettings().model_dump()
    made = settings_of(next(iter(MARKETS)), 3, VARIANTS[variant]).model_dump()
    apart = {
        (table, key)
        for table, values in made.items()
        if table != "market"
        for key, value in values.items()
        if value != usual[table][key]
    }
    assert apart == {(table, key) for table, changes in VARIANTS[variant].items() for key in changes}
    assert (variant == AS_IT_IS) == (not apart)


def test_a_market_of_equal_volatilities_differs_from_the_other_in_these_alone() -> None:
    edge, equal = (settings_of(market, 2, {}).market.source for market in MARKETS)
    assert edge == f"sim:edge=1,seed={FIRST_SEED + 2}"
    assert equal.startswith("sim:edge=1,bull_volatility=0.016,")
    assert equal.endswith(f",seed={FIRST_SEED + 2}")
