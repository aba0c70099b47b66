"""Significance, benchmark and baselines, measured of models that are known to have skill or none."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support.judged import BEFORE, BRACKETS, drifting_market, guesser, judged, measured, parts_of, rider
from tests.support.models import limits_of
from trading.arrays import Floats
from trading.checks.baselines import BASELINES, GRID, OWN_RULES
from trading.checks.benchmark import BENCHMARK
from trading.checks.check import Subject
from trading.checks.significance import SIGNIFICANCE
from trading.checks.track import (
    held_positions,
    mean_regime,
    open_returns,
    run_returns,
    split_track,
)
from trading.checks.trials import Trials
from trading.codes import ReasonCode
from trading.gates.gate import ask_gate
from trading.gates.table import GATES
from trading.market.bars import Bars
from trading.moments import DAY_MS
from trading.settings.models import GateSpec
from trading.simulation.backtest import run_backtest
from trading.simulation.metrics.ratios import sharpe
from trading.steps import account as a

WIDE = BRACKETS["stop 6, target 8, 96 bars"]
LENGTH = 4_000


def trending_market(seed: int, bars: int) -> Bars:
    """A market whose drift turns every 150 to 450 bars, which a moving average can follow."""
    bare, rng = drifting_market(seed, bars, sharpe=0.0), np.random.default_rng(seed)
    turns = np.repeat(np.tile([1.0, -1.0], bars // 300 + 1), rng.integers(150, 450, 2 * (bars // 300 + 1)))[:bars]
    factor = np.exp(np.cumsum(np.r_[turns, np.zeros(bars - len(turns))] * 0.0012))
    moved = {name: getattr(bare, name) * factor for name in ("high", "low", "close")}
    opened = np.r_[bare.open[0], moved["close"][:-1]]
    high, low = np.maximum(moved["high"], opened), np.minimum(moved["low"], opened)
    return replace(bare, open=opened, high=high, low=low, close=moved["close"])


@pytest.fixture(scope="module")
def skilled() -> dict[str, Any]:
    return parts_of(guesser(WIDE, fast=12, slow=72), trending_market(1, BEFORE + 6_000))


@pytest.fixture(scope="module")
def riding() -> dict[str, Any]:
    return parts_of(rider(WIDE), drifting_market(5, BEFORE + LENGTH, sharpe=4.0))


def subject(parts: dict[str, Any]) -> Subject:
    return Subject(check="track", parts=parts)


def test_who_times_a_market_that_can_be_timed_passes_every_rule_that_asks_for_it(skilled: dict[str, Any]) -> None:
    found = judged(skilled["model"], skilled["bars"])
    asked = ("trades", "sharpe", "psr0", "alpha_t", "sharpe_over_market", "timing_p")
    assert [rule for rule in asked if not found.holds(rule)] == []


def test_who_rides_a_rising_market_fails_however_much_it_earns(riding: dict[str, Any]) -> None:
    found = judged(riding["model"], riding["bars"])
    assert (found.evidence.metrics["sharpe"] or 0.0) > 1.5
    assert found.holds("sharpe")
    assert not found.holds("alpha_t")
    assert not found.passed
    codes = {rule.code for rule in ask_gate(GATES["performance"], found.evidence, GateSpec().model_dump()).rules}
    assert ReasonCode.NOT_BEYOND_MARKET in codes


def test_the_significance_of_the_candidate_is_that_of_its_backtest(skilled: dict[str, Any]) -> None:
    found = measured(SIGNIFICANCE, skilled)
    backtest = run_backtest(skilled["model"], skilled["bars"], BEFORE)
    assert found.sharpe == pytest.approx(backtest.metrics["sharpe"])
    assert (found.bars, found.trades) == (6_000, backtest.metrics["trades"])
    assert found.years == pytest.approx(6_000 / 8_766)
    assert found.outcomes is not None
    assert len(found.outcomes) == found.trades
    assert max(map(len, found.outcomes.split("1"))) == backtest.metrics["max_consecutive_losses"]
    assert found.outcomes.count("1") / len(found.outcomes) == pytest.approx(backtest.metrics["win_rate"])
    assert len(found.days.ts) == backtest.metrics["days"]
    assert all(day % DAY_MS == 0 for day in found.days.ts)
    assert sharpe(np.array(found.days.value, dtype=np.float64), 365.25) == pytest.approx(
        backtest.metrics["sharpe_daily"], rel=1e-4
    )
    assert found.psr1 < found.psr0
    assert found.low < found.sharpe < found.high


def test_the_same_candidate_has_the_same_evidence_and_another_seed_moves_only_its_errors(
    skilled: dict[str, Any],
) -> None:
    for check in (SIGNIFICANCE, BENCHMARK, BASELINES):
        assert measured(check, skilled).as_json() == measured(check, skilled).as_json()
    one, other = (measured(SIGNIFICANCE, skilled, seed=seed) for seed in (1, 2))
    assert one.sharpe_se != other.sharpe_se
    assert one.sharpe_se == pytest.approx(other.sharpe_se, rel=0.15)
    assert (one.sharpe, one.days, one.block) == (other.sharpe, other.days, other.block)


def test_evidence_is_read_back_as_it_was(skilled: dict[str, Any]) -> None:
    for check in (SIGNIFICANCE, BENCHMARK, BASELINES):
        found = measured(check, skilled)
        assert check.evidence.model_validate(found.as_json()).as_json() == found.as_json()


def test_earlier_candidates_lower_the_deflated_ratio_and_nothing_else(skilled: dict[str, Any]) -> None:
    alone = measured(SIGNIFICANCE, skilled)
    same = Trials(earlier=40, days=(alone.days,) * 40)
    unknown = Trials(earlier=40, days=(alone.days.model_copy(update={"ts": (), "value": ()}),) * 40)
    repeated, many = (measured(SIGNIFICANCE, {**skilled, "trials": trials}) for trials in (same, unknown))
    assert (alone.trials, repeated.trials, many.trials) == (1, 41, 41)
    assert repeated.trials_effective == pytest.approx(1.0)
    assert repeated.dsr == pytest.approx(alone.dsr)
    assert (many.trials_effective, many.trials_unknown) == (41.0, 40)
    assert many.dsr < alone.dsr == pytest.approx(alone.psr0)
    assert many.psr0 == alone.psr0


def test_alpha_and_exposure_are_those_of_the_returns(riding: dict[str, Any]) -> None:
    found, track = measured(BENCHMARK, riding), split_track(subject(riding))
    beta = np.cov(track.returns, track.market)[0, 1] / track.market.var(ddof=1)
    assert found.beta == pytest.approx(beta)
    assert 0.15 < found.beta < 0.35, "it holds up to 35 % of its equity"
    assert found.buy_hold_sharpe == pytest.approx(sharpe(track.market, track.bars_per_year))
    backtest = run_backtest(riding["model"], riding["bars"], BEFORE).metrics
    assert found.sharpe == pytest.approx(backtest["sharpe"])
    # Beside the bars at whose close it held, those in which stop or target ended a trade.
    assert backtest["exposure"] <= found.exposure <= backtest["exposure"] + backtest["trades"] / LENGTH
    assert 0.0 < found.net_exposure < 0.35


def test_the_market_of_the_first_bar_is_measured_from_the_close_before(riding: dict[str, Any]) -> None:
    track, bars = split_track(subject(riding)), riding["bars"]
    assert len(track.market) == len(track.returns) == LENGTH
    assert track.market[0] == bars.close[BEFORE] / bars.close[BEFORE - 1] - 1.0
    assert np.prod(1.0 + open_returns(track.bars)) == pytest.approx(bars.close[-1] / bars.open[BEFORE])


def test_positions_cover_every_trade_from_its_open_through_the_bar_that_ended_it(skilled: dict[str, Any]) -> None:
    track = split_track(subject(skilled))
    held, expected = held_positions(track), np.zeros(len(track.bars))
    for trade in track.run.settled_trades:
        inside = (track.bars.ts >= trade[a.TRADE_ENTRY_TS]) & (track.bars.ts <= trade[a.TRADE_EXIT_TS])
        if trade[a.TRADE_REASON] == a.REASON_TIME:
            inside &= track.bars.ts < trade[a.TRADE_EXIT_TS]
        expected[inside] = np.sign(trade[a.TRADE_QUANTITY])
    assert (np.sign(held) == expected).all()
    assert np.abs(held).max() == pytest.approx(0.35, rel=0.05)
    # What was held, times the market, is about what was earned before costs.
    earned = float(held @ open_returns(track.bars))
    assert earned == pytest.approx(float(np.log(track.run.settled_equity[-1] / 1e5)), rel=0.25)


def test_a_regime_is_as_long_as_the_most_likely_one_lasts(skilled: dict[str, Any]) -> None:
    signals = split_track(subject(skilled)).signals
    lengths = np.diff(np.flatnonzero(np.r_[True, signals.direction[1:] != signals.direction[:-1], True]))
    assert mean_regime(signals, ("gap",)) == pytest.approx(lengths.mean())
    opinions = np.zeros_like(signals.opinions)
    opinions[:, 2:5] = np.eye(3)[np.arange(len(opinions)) // 50 % 3]
    assert mean_regime(replace(signals, opinions=opinions), ("p_bull", "p_bear", "p_chop")) == pytest.approx(50.0)


def test_baselines_trade_the_same_bars_at_the_same_costs(skilled: dict[str, Any]) -> None:
    found = measured(BASELINES, skilled)
    assert [one.name for one in found.results] == [
        *("mean_action", "constant_action", "follow_signal", "buy_and_hold", "moving_average")
    ]
    track = split_track(subject(skilled))
    own = sharpe(track.returns, track.bars_per_year)
    for one in found.results:
        assert one.difference == pytest.approx(own - one.sharpe)
        assert one.low < one.high or one.name == "mean_action"
        assert one.trades > 0
    constant = found.result("constant_action")
    assert constant.action in GRID
    fixed = run_backtest(skilled["model"], skilled["bars"], BEFORE, fixed_action=constant.action).metrics
    assert (constant.sharpe, constant.total_return, constant.trades) == pytest.approx(
        (fixed["sharpe"], fixed["total_return"], fixed["trades"])
    )
    market = track.bars.close[-1] / track.bars.open[1] - 1.0
    assert found.result("buy_and_hold").total_return == pytest.approx(market, abs=0.05)


def test_the_best_constant_action_is_best_on_the_validation_split_and_not_on_the_test_split(
    skilled: dict[str, Any],
) -> None:
    part, model, bars = skilled["splits"].validation, skilled["model"], skilled["bars"]

    def ratio(action: tuple[float, ...]) -> float:
        return run_backtest(model, bars, *part, fixed_action=action).metrics["sharpe"]

    chosen = measured(BASELINES, skilled).result("constant_action").action
    assert ratio(chosen) == pytest.approx(np.nanmax([ratio(action) for action in GRID]))
    changed = replace(bars, close=np.r_[bars.close[:BEFORE], bars.close[BEFORE:][::-1].copy()])
    changed = replace(changed, high=np.maximum(changed.high, changed.close), low=np.minimum(changed.low, changed.close))
    assert measured(BASELINES, parts_of(model, changed)).result("constant_action").action == chosen


def test_a_fixed_action_is_its_own_mean_and_does_not_beat_it(skilled: dict[str, Any]) -> None:
    found = measured(BASELINES, skilled).result("mean_action")
    assert found.action == pytest.approx(WIDE)
    assert (found.difference, found.correlation) == (0.0, pytest.approx(1.0))


def test_of_a_candidate_that_never_trades_everything_else_is_unknown_and_only_that_is_said() -> None:
    model = guesser(WIDE)
    idle = replace(model, spec=model.spec.changed(limits=limits_of(min_confidence=0.9).model_dump()))
    bars = drifting_market(3, BEFORE + 1_000, sharpe=0.0)
    parts = parts_of(idle, bars)
    significance = measured(SIGNIFICANCE, parts)
    assert (significance.trades, significance.outcomes) == (0, "")
    assert math.isnan(significance.psr0 or 0.0)
    assert math.isnan(measured(BENCHMARK, parts).alpha_t)
    assert measured(BASELINES, parts).result(OWN_RULES[0]).sharpe is None
    evidence = judged(idle, bars).evidence
    result = ask_gate(GATES["performance"], evidence, GateSpec().model_dump())
    assert [rule.code for rule in result.rules] == [ReasonCode.NO_TRADES]


def test_a_run_s_returns_compound_to_its_settled_equity(skilled: dict[str, Any]) -> None:
    track = split_track(subject(skilled))
    returns: Floats = run_returns(track.model, track.run)
    assert float(np.prod(1.0 + returns)) * 1e5 == pytest.approx(track.run.settled_equity[-1])
