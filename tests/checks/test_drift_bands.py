from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats
from trading.checks.drift_bands import psi_bands
from trading.statistics.distances import psi
from trading.statistics.resample import Band


def band_of(reference: Floats, current: Floats, block: int = 1) -> Band:
    return psi_bands(reference[:, None], current[:, None], ("x",), bins=10, block=block, seed=1)["x"]


def test_the_band_lies_around_the_psi_that_the_check_measures() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=4_000), rng.normal(0.4, 1.0, size=2_000)
    band, measured = band_of(reference, current), psi(reference, current, 10)
    assert 0.0 < band.low < measured < band.high < 2.0 * measured


def test_a_series_that_stays_where_it_is_for_long_has_a_wider_band() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=4_000), np.repeat(rng.normal(size=40), 50)
    wide, narrow = band_of(reference, current, 100), band_of(reference, current, 1)
    assert wide.high - wide.low > 2.0 * (narrow.high - narrow.low)


def test_what_has_no_psi_has_no_band() -> None:
    rng = np.random.default_rng(0)
    columns = np.stack([rng.normal(size=100), np.ones(100), np.r_[math.nan, rng.normal(size=99)]], axis=1)
    assert set(psi_bands(columns, columns, ("fine", "constant", "missing"), bins=10, block=5, seed=1)) == {"fine"}
    assert psi_bands(columns[:0], columns, ("a", "b", "c"), bins=10, block=5, seed=1) == {}
