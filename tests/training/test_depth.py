from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import DAY_MS, HOUR_MS, small_bars
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.model.depth import TimeframeDepth, TrainingDepth
from trading.settings.models import DepthSpec
from trading.training.depth import training_depth

BARS = small_bars(60)
SPEC = DepthSpec()


def depth_of(count: int, spec: DepthSpec = SPEC, **changes: Any) -> TrainingDepth:
    """Of a training split of so many bars, as of the end of the market."""
    given: dict[str, Any] = {"train_share": 0.5, "history_bars": 40_000, **changes}
    return training_depth(BARS, (10, 10 + count), spec, **given)


@pytest.mark.parametrize(
    ("count", "tier", "modifier"),
    [
        (1, "shallow", 0.70),
        (1_000, "shallow", 0.70),
        (1_999, "shallow", 0.70),
        (2_000, "baseline", 0.85),
        (2_999, "baseline", 0.85),
        (3_000, "deep", 0.95),
        (3_999, "deep", 0.95),
        (4_000, "full", 1.0),
        (90_000, "full", 1.0),
    ],
)
def test_more_bars_reach_a_deeper_tier(count: int, tier: str, modifier: float) -> None:
    found = depth_of(count)
    assert (found.tier, found.modifier) == (tier, modifier)
    assert found.timeframes == (TimeframeDepth(interval=HOUR_MS, bars=count, target_bars=4_000),)


@given(
    counts=st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)),
    target=st.integers(1, 10_000),
    shares=st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3),
    modifiers=st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3),
)
def test_more_bars_never_take_more_from_confidence(
    counts: tuple[int, int], target: int, shares: list[float], modifiers: list[float]
) -> None:
    tiers = ("shallow", "baseline", "deep")
    given = dict(zip((f"{tier}_from" for tier in tiers), sorted(shares), strict=True))
    spec = DepthSpec(target_bars=target, **given, **dict(zip(tiers, sorted(modifiers), strict=True)))
    fewer, more = (depth_of(count, spec) for count in sorted(counts))
    assert 0.0 < fewer.modifier <= more.modifier <= 1.0
    assert (more.modifier == 1.0) or max(counts) < target


def test_full_depth_is_as_far_away_as_the_training_split_needs_bars() -> None:
    # Half of every new bar goes to the training split; the market trades every hour.
    found = depth_of(3_900)
    end = int(BARS.ts[-1]) + HOUR_MS
    assert found.full_at_ms is not None
    assert found.full_at_ms - end == pytest.approx(200 * HOUR_MS, abs=1)
    # One that trades on five days of seven gets them later.
    weekdays = BARS.ts[(BARS.ts // DAY_MS + 3) % 7 < 5]
    prices = {name: getattr(BARS, name)[: len(weekdays)] for name in ("open", "high", "low", "close", "volume")}
    slower = training_depth(
        replace(BARS, ts=weekdays, **prices),
        (10, 910),
        DepthSpec(target_bars=1_000),
        train_share=0.5,
        history_bars=9_999,
    )
    assert slower.full_at_ms is not None
    assert slower.full_at_ms - int(weekdays[-1]) - HOUR_MS > 1.3 * 200 * HOUR_MS


def test_there_is_no_time_of_full_depth_where_it_is_reached_or_never_will_be() -> None:
    assert depth_of(4_000).full_at_ms is None
    assert depth_of(3_900, history_bars=len(BARS) + 200).full_at_ms is not None
    assert depth_of(3_900, history_bars=len(BARS) + 199).full_at_ms is None
    assert depth_of(1, DepthSpec(target_bars=10**9), history_bars=10**12).full_at_ms is None


def test_no_price_is_looked_at() -> None:
    other = replace(BARS, **{name: getattr(BARS, name) * 3.0 for name in ("open", "high", "low", "close", "volume")})
    assert training_depth(other, (0, 900), SPEC, train_share=0.5, history_bars=9_999) == training_depth(
        BARS, (0, 900), SPEC, train_share=0.5, history_bars=9_999
    )


def test_too_few_bars_are_refused_by_name_if_the_settings_say_so() -> None:
    refusing = DepthSpec(too_few="refuse")
    with pytest.raises(DataError, match=r"999 bars; depth\.shallow_from asks for 1000 at least") as error:
        depth_of(999, refusing)
    assert error.value.code is ReasonCode.DEPTH_TOO_SHALLOW
    assert "longer history" in error.value.remedy
    assert not error.value.retryable
    assert depth_of(1_000, refusing).tier == "shallow"


@pytest.mark.parametrize(
    ("given", "said"),
    [({"baseline_from": 0.9}, "0.9 and deep_from 0.75 must not fall"), ({"deep": 0.8}, "deep 0.8 must not fall")],
)
def test_settings_in_which_more_bars_would_be_worse_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        DepthSpec(**given)


def test_depth_is_told_in_percent_and_moments() -> None:
    told = depth_of(3_900).described()
    assert told["timeframes"] == [{"interval": "1h", "bars": 3_900, "target_bars": 4_000, "percent": 97.5}]
    assert (told["tier"], told["modifier"], told["full_at"]) == ("deep", 0.95, "2021-03-10T08:00+00:00")
    assert str(depth_of(3_900)).startswith(
        "deep (3,900 of 4,000 bars of 1h); confidence counts 95%; full about 2021-03-"
    )
    assert str(depth_of(4_100)) == "full (4,100 of 4,000 bars of 1h)"
    assert str(depth_of(3_900, history_bars=1_500)).endswith("full never with this history")
    assert depth_of(8_000).described()["timeframes"][0]["percent"] == 100.0
