from __future__ import annotations

import numpy as np
import pytest

from tests.support import small_bars
from trading.engines.base import Engine, EngineOptions, EngineSetup, Opinion
from trading.engines.check import CheckedMarket, check_engine, checked_market
from trading.errors import EngineError
from trading.market.bars import Bars
from trading.results import blocking_failures
from trading.steps.features import FeatureWindows


@pytest.fixture(scope="module")
def market() -> CheckedMarket:
    return checked_market(small_bars(40), FeatureWindows(6, 12, 96, 48))


class Steady(Engine):
    """With the last move; honest in every way."""

    def __init__(self, setup: EngineSetup) -> None:
        super().__init__(setup)
        self.last: float | None = None

    def on_bar(self, bar, features):
        before, self.last = self.last, bar.close
        return None if before is None else Opinion(1 if bar.close > before else -1, 0.6)


class AheadInBatch(Steady):
    """Its vectorised form looks at the next bar."""

    def opinions(self, bars: Bars, features: np.ndarray) -> np.ndarray:
        rows = super().opinions(bars, features)
        return np.roll(rows, -1, axis=0)


class WholeSample(Steady):
    """Its opinion depends on the mean of all bars it was given at once."""

    whole_series = True

    def opinions(self, bars: Bars, features: np.ndarray) -> np.ndarray:
        rows = super().opinions(bars, features)
        rows[1:, 0] = np.where(bars.close[1:] > bars.close.mean(), 1.0, -1.0)
        return rows

    def write(self, bar, features, row):
        super().write(bar, features, row)


class Random(Steady):
    """Never the same twice."""

    def on_bar(self, bar, features):
        return Opinion(int(np.random.default_rng().integers(-1, 2)), 0.5)


class Forgetful(Steady):
    """Saves half of what it needs."""

    def __init__(self, setup: EngineSetup) -> None:
        super().__init__(setup)
        self.bars = 0

    def on_bar(self, bar, features):
        self.bars += 1
        return Opinion(1 if self.bars % 101 < 50 else -1, 0.5)

    def save(self):
        return {}

    def restore(self, state):
        pass


def broken(kind: type[Engine], market: CheckedMarket) -> set[str]:
    return {result.name for result in blocking_failures(check_engine(kind, EngineOptions(), market))}


def test_an_honest_engine_with_on_bar_alone_keeps_every_promise(market: CheckedMarket) -> None:
    assert broken(Steady, market) == set()


def test_a_batch_form_that_looks_ahead_is_found(market: CheckedMarket) -> None:
    assert "batch equals streaming" in broken(AheadInBatch, market)


def test_a_whole_sample_statistic_is_found(market: CheckedMarket) -> None:
    assert {"batch equals streaming", "no look-ahead"} <= broken(WholeSample, market)


def test_an_engine_that_is_never_the_same_twice_is_found(market: CheckedMarket) -> None:
    assert "deterministic" in broken(Random, market)


def test_an_engine_that_forgets_what_it_saved_is_found(market: CheckedMarket) -> None:
    assert "save and restore" in broken(Forgetful, market)


@pytest.mark.parametrize(
    "opinion", [Opinion(2, 0.5), Opinion(1, 1.5), Opinion(1, 0.5, (0.1,)), Opinion(1, float("inf"))]
)
def test_what_is_no_opinion_is_refused_in_words(opinion: Opinion, market: CheckedMarket) -> None:
    class Wrong(Steady):
        def on_bar(self, bar, features):
            return opinion

    with pytest.raises(EngineError, match="engine Wrong"):
        check_engine(Wrong, EngineOptions(), market)


def test_a_confidence_that_is_not_a_number_is_reported_and_would_deny_the_order(market: CheckedMarket) -> None:
    class Unsure(Steady):
        def on_bar(self, bar, features):
            return Opinion(1, float("nan"))

    assert "opinions" in broken(Unsure, market)
