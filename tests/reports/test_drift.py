from __future__ import annotations

import numpy as np

from trading.reports.drift import drift_page
from trading.statistics.distances import ks_distance, psi


def test_the_page_opens_offline_and_shows_every_series_with_the_numbers_of_the_verdict():
    rng = np.random.default_rng(1)
    before = {"trend_slow": rng.normal(size=400), "level_volume": rng.normal(size=400)}
    after = {name: values[:200] + 0.8 for name, values in before.items()}
    after["level_volume"] = rng.normal(size=200)
    after["level_volume"][3] = np.nan
    page = drift_page(before, after, bins=10)
    assert page.lstrip().lower().startswith("<!doctype html") or "<html" in page[:2_000].lower()
    for name in before:
        assert name in page
    expected = (
        psi(before["trend_slow"], after["trend_slow"], 10),
        ks_distance(before["trend_slow"], after["trend_slow"]),
    )
    for number in expected:
        assert f"{number:.3f}" in page or f"{number:.6f}"[:6] in page
    assert 'src="http' not in page
