"""A path of decisions that reaches past the closed bar is caught, wherever in it that happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support import random_model, small_bars
from tests.support.foresight import feed_lanes_ahead
from trading.checks.leakage.decisions import check_decisions
from trading.checks.leakage.delay import check_delay
from trading.checks.leakage.warmup import check_warmup
from trading.codes import ReasonCode
from trading.engines import stream
from trading.market.bars import Bars
from trading.results import CheckResult
from trading.simulation import lanes
from trading.simulation.kernels import trade_loop
from trading.splits import Range
from trading.steps.features import FEATURE_NAMES

RANGES = (Range(1_500, 2_000), Range(2_100, 2_880))


@pytest.fixture
def bars() -> Bars:
    return small_bars(120)


def checked(bars: Bars, points: int = 12, most_bars: int = 1_000_000, seed: int = 1) -> CheckResult:
    return check_decisions(random_model(2), bars, RANGES, points=points, most_bars=most_bars, seed=seed)


def test_decisions_of_an_honest_path_are_the_same_without_the_future(bars: Bars):
    found = checked(bars)
    assert (found.passed, found.observed, found.threshold) == (True, 0, 0)
    assert len(found.evidence["moments"]) == 12


@pytest.mark.parametrize("bars_ahead", [1, 24])
@pytest.mark.parametrize("seed", range(3))
def test_lanes_that_are_fed_later_bars_are_caught_however_few(
    bars: Bars, monkeypatch: pytest.MonkeyPatch, bars_ahead: int, seed: int
):
    feed_lanes_ahead(monkeypatch, bars_ahead)
    found = checked(bars, points=2, seed=seed)
    assert (found.passed, found.code) == (False, ReasonCode.LEAK_DECISION)
    assert "direction in the lanes" in found.evidence["changed"]


@pytest.mark.parametrize("bars_ahead", [1, 24])
def test_a_loop_that_trades_signals_of_later_bars_is_caught_though_the_lanes_were_given_honest_ones(
    bars: Bars, monkeypatch: pytest.MonkeyPatch, bars_ahead: int
):
    def ahead(columns: Any, signals: Any, *rest: Any) -> int:
        rows = np.minimum(np.arange(len(signals.direction)) + bars_ahead, len(signals.direction) - 1)
        return trade_loop(columns, type(signals)(*(column[rows] for column in signals)), *rest)

    monkeypatch.setattr(lanes, "trade_loop", ahead)
    found = checked(bars)
    assert not found.passed
    assert {"breaker code", "action size"} & set(found.evidence["changed"])


def test_a_fill_at_prices_of_a_later_bar_is_caught(bars: Bars, monkeypatch: pytest.MonkeyPatch):
    def later_prices(columns: Any, *rest: Any) -> int:
        rows = np.minimum(np.arange(len(columns.close)) + 1, len(columns.close) - 1)
        return trade_loop(columns._replace(**{name: getattr(columns, name)[rows] for name in PRICES}), *rest)

    monkeypatch.setattr(lanes, "trade_loop", later_prices)
    found = checked(bars)
    assert not found.passed
    assert "equity" in found.evidence["changed"]


def test_a_stream_that_scales_by_the_whole_sample_is_caught(bars: Bars, monkeypatch: pytest.MonkeyPatch):
    honest = stream.SignalStream.advance

    def scaled(self: stream.SignalStream, part: Bars) -> stream.Signals:
        signals = honest(self, part)
        return replace(signals, confidence=signals.confidence / max(float(signals.confidence.max()), 1e-9))

    monkeypatch.setattr(stream.SignalStream, "advance", scaled)
    assert "confidence" in checked(bars).evidence["changed"]


def test_a_long_history_has_fewer_moments_but_one_in_each_range(bars: Bars):
    assert len(checked(bars, most_bars=6 * 2 * len(bars)).evidence["moments"]) == 6
    assert len(checked(bars, most_bars=1).evidence["moments"]) == 2


def test_the_same_seed_looks_at_the_same_moments(bars: Bars):
    assert checked(bars) == checked(bars)
    assert checked(bars, seed=2).evidence != checked(bars).evidence


def test_a_delay_of_one_bar_is_a_note_with_both_sharpe_ratios(bars: Bars):
    found = check_delay(random_model(2), bars, RANGES[1])
    assert found.passed
    assert set(found.evidence) == {"sharpe", "sharpe_one_bar_later"}
    assert found.evidence["sharpe"] != found.evidence["sharpe_one_bar_later"]


def test_an_edge_that_is_gone_one_bar_later_is_told(bars: Bars, monkeypatch: pytest.MonkeyPatch):
    feed_lanes_ahead(monkeypatch, 1)
    found = check_delay(random_model(3), bars, Range(200, 2_880))
    told = found.evidence
    if float(told["sharpe"]) > 0.0:
        assert bool(found.message) == (float(told["sharpe_one_bar_later"]) < 0.5 * float(told["sharpe"]))


def test_signals_of_finite_windows_do_not_depend_on_more_than_they_declare(bars: Bars):
    found = check_warmup(random_model(2), bars, points=50, most_changed=0.05, seed=1)
    assert found.passed
    assert found.evidence["features"] == []


def test_a_feature_that_remembers_more_than_its_look_back_is_caught(bars: Bars, monkeypatch: pytest.MonkeyPatch):
    honest = stream.SignalStream.advance

    def counted(self: stream.SignalStream, part: Bars) -> stream.Signals:
        before = self.count
        signals = honest(self, part)
        signals.features[:, 3] += 1e-3 * (before + np.arange(len(part)))
        return signals

    monkeypatch.setattr(stream.SignalStream, "advance", counted)
    found = check_warmup(random_model(2), bars, points=20, most_changed=0.05, seed=1)
    assert (found.passed, found.code) == (False, ReasonCode.LEAK_WARMUP)
    assert found.evidence["features"] == [FEATURE_NAMES[3]]


def test_directions_that_turn_with_the_length_of_the_warm_up_are_caught(bars: Bars, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream.SignalStream, "advance", turned(stream.SignalStream.advance))
    found = check_warmup(random_model(2), bars, points=20, most_changed=0.05, seed=1)
    assert (found.passed, found.code) == (False, ReasonCode.LEAK_WARMUP)
    assert float(found.observed or 0) > 0.05


def test_a_history_too_short_to_look_back_fails(bars: Bars):
    found = check_warmup(random_model(2), bars.slice(0, 40), points=20, most_changed=0.05, seed=1)
    assert (found.passed, found.code) == (False, ReasonCode.EVIDENCE_MISSING)


PRICES = ("open", "high", "low", "close")


def turned(honest: Callable[..., stream.Signals]) -> Callable[..., stream.Signals]:
    """An advance whose direction follows the number of bars seen so far."""

    def advance(self: stream.SignalStream, part: Bars) -> stream.Signals:
        seen = self.count + np.arange(len(part))
        return replace(honest(self, part), direction=np.where(seen % 2 == 0, 1, -1))

    return advance
