"""The fresh markets, and the nights that are trained on each: as the settings are, and with one choice changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from trading.settings.models import MarketSpec, SevengatesSettings
from trading.steps.features import FEATURE_NAMES

FIRST_SEED = 9_000
"""No default of the platform was chosen by looking at these seeds and those after it."""
SYMBOL, AS_OF = "SIM", datetime(2026, 11, 20, tzinfo=UTC)
BARS = 40_000

MARKETS = MappingProxyType(
    {
        "an edge": "sim:edge=1",
        "an edge, equal volatilities": "sim:edge=1,bull_volatility=0.016,bear_volatility=0.016,chop_volatility=0.016",
    }
)
"""Source of every embedded market, by what it is called; a seed is added to it."""

AS_IT_IS = "as it is"

Changes = Mapping[str, Mapping[str, Any]]
"""Settings by table and key."""

VARIANTS: Mapping[str, Changes] = MappingProxyType(
    {
        AS_IT_IS: {},
        "risk counts little (`policy.risk_aversion` 2)": {"policy": {"risk_aversion": 2.0}},
        "positions are not left with the signal (`policy.exit_with_signal`)": {"policy": {"exit_with_signal": False}},
        "positions are left with it at once (`policy.exit_patience` 0)": {"policy": {"exit_patience": 0}},
        "positions are held half as long (`policy.max_duration` 96)": {"policy": {"max_duration": 96}},
        "targets may be wider than stops (`policy.max_target` 8)": {"policy": {"max_target": 8.0}},
        "the policy is asked again at every bar (`policy.review_bars` 1)": {"policy": {"review_bars": 1}},
        "the mean of eight policies (`policy.average` 8)": {"policy": {"seeds": 8, "average": 8}},
        "one policy (`policy.seeds` 1)": {"policy": {"seeds": 1}},
        "the other trainer (`policy.trainer` population)": {"policy": {"trainer": "population"}},
        "one start (`regimes.seeds` 1)": {"regimes": {"seeds": 1}},
        "regimes of windows (`regimes.features`)": {
            "regimes": {"features": ("log_range_medium", "log_volatility_medium", "trend_slow"), "alternatives": ()},
            "features": {"names": FEATURE_NAMES},
        },
        "all features (`features.names`)": {"features": {"names": FEATURE_NAMES}},
        "heavy tails (`regimes.emissions` student)": {"regimes": {"emissions": "student"}},
        "as many states as foretell (`regimes.states` auto)": {"regimes": {"states": "auto"}},
        "only strong leans (`regimes.direction_threshold` 0.3)": {"regimes": {"direction_threshold": 0.3}},
        "trades of 50 in 100 (`risk.min_confidence` 0.5)": {"risk": {"min_confidence": 0.5}},
        "sizes without confidence (`risk.size_by_confidence`)": {"risk": {"size_by_confidence": False}},
    }
)


def settings_of(market: str, number: int, changes: Changes) -> SevengatesSettings:
    """Settings of one night.

    Args:
        market: one of :data:`MARKETS`.
        number: of its seed, from 0.
        changes: to the defaults.
    """
    source = f"{MARKETS[market]},seed={FIRST_SEED + number}"
    settings = SevengatesSettings(market=MarketSpec(source=source, symbols=(SYMBOL,), history_bars=BARS))
    tables = {name: type(getattr(settings, name)).model_validate({**getattr(settings, name).model_dump(), **change})
              for name, change in changes.items()}  # fmt: skip
    return settings.model_copy(update=tables)
