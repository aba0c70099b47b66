from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import HOUR_MS, small_bars
from trading.errors import DataError
from trading.live.feeds.joiner import BarJoiner
from trading.market.bars import COLUMNS, Bars, resample
from trading.steps.bar import Bar

BARS = small_bars(20)


@given(kept=st.sets(st.integers(0, 299), min_size=1), hours=st.sampled_from([1, 2, 6, 24]))
def test_joining_bar_by_bar_gives_the_bars_of_the_batch_whatever_is_missing(kept: set[int], hours: int) -> None:
    rows = np.array(sorted(kept))
    short = Bars("SIM", HOUR_MS, BARS.ts[rows], **{name: getattr(BARS, name)[rows] for name in COLUMNS})
    joiner = BarJoiner(HOUR_MS, hours * HOUR_MS)
    joined = [bar for index in range(len(short)) for bar in joiner.add(Bar(*short.row(index)))]
    batch = resample(short, hours * HOUR_MS)
    assert joined == [Bar(*batch.row(index)) for index in range(len(batch))]


def test_an_interval_that_does_not_divide_the_models_is_refused() -> None:
    with pytest.raises(DataError, match="BARS_INTERVAL"):
        BarJoiner(7 * 60_000, HOUR_MS)
