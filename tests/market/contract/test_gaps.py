from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.market.samples import HOUR_MS, START_MS
from trading.arrays import Ints
from trading.market.contract.gaps import fewest_bars, gap_share, longest_stretch, missing_before
from trading.moments import DAY_MS
from trading.settings.models import MarketSpec

CONTINUOUS = MarketSpec()
EXCHANGE = MarketSpec(session="exchange")


def exchange_hours(days: int, first_hour: int = 14, hours: int = 7) -> Ints:
    """Hourly bars on weekdays, one hour earlier in summer, as an exchange with daylight saving trades."""
    out: list[int] = []
    for day in range(days):
        start = START_MS + day * DAY_MS
        if (start // DAY_MS + 3) % 7 >= 5:
            continue
        shift = -1 if 70 <= day % 365 < 300 else 0
        out += [start + (first_hour + shift + hour) * HOUR_MS for hour in range(hours)]
    return np.array(out, dtype=np.int64)


@given(st.sets(st.integers(1, 98)))
def test_a_continuous_market_misses_every_grid_point_without_a_bar(dropped: set[int]) -> None:
    kept = np.array([index for index in range(100) if index not in dropped], dtype=np.int64)
    missing = missing_before(START_MS + kept * HOUR_MS, HOUR_MS, CONTINUOUS)
    assert int(missing.sum()) == len(dropped)
    assert gap_share(missing) == len(dropped) / 100


def test_nights_weekends_and_daylight_saving_are_no_gaps_of_an_exchange() -> None:
    ts = exchange_hours(800)
    assert int(missing_before(ts, HOUR_MS, EXCHANGE).sum()) == 0
    assert gap_share(missing_before(ts, HOUR_MS, CONTINUOUS)) > 0.7


def test_a_holiday_an_early_close_and_a_daily_break_are_no_gaps_of_an_exchange() -> None:
    ts = exchange_hours(400)
    day = ts // DAY_MS
    holiday = day == day[700]
    early_close = (day == day[1000]) & (ts % DAY_MS >= 17 * HOUR_MS)
    daily_break = ts % DAY_MS == 17 * HOUR_MS
    kept = ts[~(holiday | early_close | daily_break)]
    assert int(missing_before(kept, HOUR_MS, EXCHANGE).sum()) == 0


@given(st.sets(st.integers(0, 277), min_size=1, max_size=30))
def test_a_hole_inside_a_session_is_a_gap_of_an_exchange(days: set[int]) -> None:
    ts = exchange_hours(400)
    holes = np.array([ts[day * 7 + 3] for day in days])
    missing = missing_before(np.setdiff1d(ts, holes), HOUR_MS, EXCHANGE)
    assert int(missing.sum()) == len(days)


def test_an_exchange_that_is_closed_for_a_month_misses_an_average_month() -> None:
    ts = exchange_hours(400)
    kept = np.r_[ts[:500], ts[660:]]
    missing = int(missing_before(kept, HOUR_MS, EXCHANGE).sum())
    assert 120 <= missing <= 200


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.sampled_from([0.0, 0.01, 0.1, 0.25, 0.5]))
def test_the_longest_stretch_is_what_trying_every_stretch_finds(before: list[int], share: float) -> None:
    missing = np.array([0, *before], dtype=np.int64)
    n = len(missing)
    best = (0, 1)
    for start in range(n):
        for stop in range(start + 1, n + 1):
            inside = np.r_[0, missing[start + 1 : stop]]
            if stop - start >= fewest_bars(inside, share) and stop - start > best[1] - best[0]:
                best = (start, stop)
    found = longest_stretch(missing, share)
    assert found[1] - found[0] == best[1] - best[0]
    inside = np.r_[0, missing[found[0] + 1 : found[1]]]
    assert gap_share(inside) <= share + 1e-9
