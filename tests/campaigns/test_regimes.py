"""How well regimes are found where the truth is known: against the filter that knows every parameter.

``pytest -m campaign tests/campaigns/test_regimes.py -s`` prints the table of ``docs/regimes.md``. Both embedded markets
have default length, 40,000 hourly bars; the model is fitted on the train split's share and judged on the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from tests.support import START_MS
from trading.arrays import Floats, Ints
from trading.engines.base import TrainingData
from trading.engines.regimes.beliefs import filtered_probabilities
from trading.engines.regimes.choice import fit_best
from trading.engines.series import compute_features
from trading.market.sources.simulated import SimulatedMarket, simulate, true_filter
from trading.settings.models import FeatureSpec, RegimeSpec
from trading.steps.features import FEATURE_NAMES, warmup_bars

pytestmark = pytest.mark.campaign

SEEDS = range(8_000, 8_016)
BARS, TRAINED = 40_000, 0.6
KINDS: dict[str, Callable[[int], SimulatedMarket]] = {
    "each regime its volatility": lambda seed: SimulatedMarket(seed=seed),
    "one volatility": lambda seed: SimulatedMarket(seed=seed, volatility=0.016),
}
CLOSED = {"each regime its volatility": 0.5, "one volatility": 0.0}
"""Share of the distance to the true parameters that is closed at least. Without volatility to go by, what is found
stays far from what could be, and only the belief says so."""
OVERLAPPING = RegimeSpec(
    features=("log_range_medium", "log_volatility_medium", "trend_slow"), alternatives=(), min_bars=1.0, min_t=0.0
)
"""What release 0.1 looked at."""


class Found(NamedTuple):
    """What a filter says of bars that it was not fitted on."""

    accuracy: float
    sure: float
    error: float


def found(beliefs: Floats, truth: Ints) -> Found:
    """Share of bars whose likeliest state is the true one, how sure it is, and their distance over ten bins."""
    top, right = beliefs.max(axis=1), beliefs.argmax(axis=1) == truth
    bins = np.minimum((top * 10).astype(int), 9)
    error = sum(abs(float(np.sum(top[bins == k] - right[bins == k]))) for k in range(10)) / len(top)
    return Found(float(right.mean()), float(top.mean()), error)


def fitted(market: SimulatedMarket, spec: RegimeSpec) -> tuple[Found, Found, tuple[int, ...]]:
    """Of a fitted filter, and of the one that knows the truth, on the same bars."""
    path = simulate(market, START_MS + BARS * 3_600_000)
    windows = FeatureSpec().windows
    first = warmup_bars(windows) - 1
    raw = compute_features(path.bars, windows)[first:]
    cut = int(TRAINED * len(raw))
    features = (raw - raw[:cut].mean(axis=0)) / raw[:cut].std(axis=0)
    data = TrainingData(
        bars=path.bars.slice(first, first + cut),
        returns=raw[:cut, 0],
        features=features[:cut],
        feature_names=FEATURE_NAMES,
        seed=market.seed,
    )
    names, fit = fit_best(data, spec)
    columns = np.ascontiguousarray(features[:, [FEATURE_NAMES.index(name) for name in names]])
    earned = [state["next_return"] for state in fit.report["states"]]
    bull, bear = int(np.argmax(earned)), int(np.argmin(earned))
    beliefs = filtered_probabilities(fit.parameters, columns)[cut:, [bull, bear, 3 - bull - bear]]
    later = slice(first + cut, len(path.bars))
    best = true_filter(market, path)[later]
    return (
        found(beliefs, path.regime[later]),
        found(best, path.regime[later]),
        fit.signs,
    )


def test_regimes_are_found_nearly_as_well_as_by_who_knows_them(capsys: pytest.CaptureFixture[str]) -> None:
    for kind, make in KINDS.items():
        rows = {}
        for name, spec in (("overlapping windows", OVERLAPPING), ("default", RegimeSpec())):
            rows[name] = [fitted(make(seed), spec) for seed in SEEDS]
        true = np.mean([best for _, best, _ in rows["default"]], axis=0)
        with capsys.disabled():
            for name, results in rows.items():
                own = np.array([result for result, _, _ in results])
                told = " | ".join(f"{value:.3f}" for value in own.mean(axis=0))
                print(f"| {kind} | {name} | {told} | {own[:, 0].min():.3f} to {own[:, 0].max():.3f} |", flush=True)
            print(f"| {kind} | the true parameters | {' | '.join(f'{value:.3f}' for value in true)} | |", flush=True)
        was, now = (np.mean([result for result, _, _ in rows[name]], axis=0) for name in rows)
        assert now[0] > was[0] + CLOSED[kind] * (true[0] - was[0]), kind
        assert now[2] < 0.3 * was[2], kind
        assert all(1 in signs and -1 in signs for _, _, signs in rows["default"])
