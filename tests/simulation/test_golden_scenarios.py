"""Each golden scenario shows what its file says it shows, and has its accepted statistics to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.support import HOUR_MS
from tests.support.accepted import differences
from tests.support.scenarios import (
    COST_PARTS,
    SCENARIOS,
    START,
    Scenario,
    accepted_scenario,
    measured_scenario,
    play,
    played,
)
from trading.steps.breakers import ALLOWED

INITIAL = 100_000.0
DAY_MS = 86_400_000


def other(name: str, **costs: Any) -> Scenario:
    """The same scenario with other costs."""
    about = accepted_scenario(name).about
    settings = {**about["settings"], "costs": {**about["settings"].get("costs", {}), **costs}}
    return play(about["market"], about["model"], settings)


def total(scenario: Scenario, part: str, side: str | None = None) -> float:
    return sum(trade[part] for trade in scenario.run.trades if side in (None, trade["side"]))


def sign(trade: dict[str, Any]) -> float:
    return 1.0 if trade["side"] == "long" else -1.0


def bar_of(scenario: Scenario, ts: int) -> int:
    return int(np.searchsorted(scenario.bars.ts, ts))


def a_rule_earns_the_edge_after_every_cost(name: str) -> None:
    scenario = played(name)
    assert all(total(scenario, part) > 0.0 for part in COST_PARTS)
    assert scenario.run.metrics["total_return"] > 0.2
    assert all(total(scenario, "pnl", side) > 0.0 for side in ("long", "short"))


def random_numbers_lose_at_the_simple_level_too(name: str) -> None:
    scenario = played(name)
    costs = scenario.model.spec.costs
    assert (costs.impact, costs.stop_slip, costs.latency_ms, costs.wick_limit, costs.limit_through) == (
        0,
        0,
        0,
        0,
        False,
    )
    assert len([trade for trade in scenario.run.trades if trade["side"] == "short"]) > 100
    assert total(scenario, "funding") == 0.0
    assert scenario.run.equity[-1] < INITIAL
    assert other(name, realism="realistic").run.equity[-1] < scenario.run.equity[-1]


def it_is_short_alone_and_pays_to_borrow(name: str) -> None:
    scenario = played(name)
    assert len(scenario.run.trades) > 20
    assert {trade["side"] for trade in scenario.run.trades} == {"short"}
    assert all(trade["funding"] > 0.0 for trade in scenario.run.trades)
    assert scenario.run.equity[-1] > INITIAL


def betting_on_the_mean_wins_on_both_sides(name: str) -> None:
    scenario = played(name)
    assert scenario.run.metrics["win_rate"] > 0.6
    assert all(total(scenario, "pnl", side) > 0.0 for side in ("long", "short"))
    assert len([trade for trade in scenario.run.trades if trade["reason"] == "target"]) > 20


def a_gap_passes_the_stop(name: str) -> None:
    scenario = played(name)
    gaps = {int(scenario.bars.ts[at]): float(scenario.bars.open[at]) for at in (700, 1_100)}
    passed = [trade for trade in scenario.run.trades if trade["exit_ts"] in gaps]
    assert [(trade["side"], trade["reason"]) for trade in passed] == [("long", "stop")]
    (trade,) = passed
    spec = scenario.model.spec
    assert trade["exit_price"] <= gaps[trade["exit_ts"]] * (1.0 - 0.5e-4 * spec.costs.spread_bps)
    assert trade["exit_price"] / trade["entry_price"] < 0.9


def fills_are_parts_within_the_share_of_the_volume(name: str) -> None:
    scenario = played(name)
    share, lot = scenario.model.spec.costs.max_participation, scenario.model.spec.instrument.lot
    room = [share * float(scenario.bars.volume[bar_of(scenario, trade["entry_ts"])]) for trade in scenario.run.trades]
    entered = [abs(trade["quantity"]) for trade in scenario.run.trades]
    assert all(quantity <= most + lot for quantity, most in zip(entered, room, strict=True))
    in_part = [quantity > most - lot for quantity, most in zip(entered, room, strict=True)]
    assert sum(in_part) > len(in_part) // 2
    longest = 8
    late = [trade for trade in scenario.run.trades if trade["reason"] == "time" and trade["held"] > longest]
    assert len(late) > 10
    for trade in late:
        begin, end = (bar_of(scenario, trade[key]) for key in ("entry_ts", "exit_ts"))
        assert abs(trade["quantity"]) <= share * float(scenario.bars.volume[begin + longest : end + 1].sum())


def longs_pay_funding_to_shorts(name: str) -> None:
    scenario = played(name)
    assert all(sign(trade) * trade["funding"] > 0.0 for trade in scenario.run.trades if trade["held"] >= 8)
    assert total(scenario, "funding", "long") > total(scenario, "fees", "long")
    assert -total(scenario, "funding", "short") > total(scenario, "fees", "short")


def closed_hours_cost_what_open_ones_do(name: str) -> None:
    scenario = played(name)
    bars, rate = scenario.bars, 1e-4 * scenario.model.spec.costs.borrow_bps_per_day
    shorts = [trade for trade in scenario.run.trades if trade["side"] == "short"]
    assert len(shorts) > 5
    for trade in shorts:
        held = range(bar_of(scenario, trade["entry_ts"]) + 1, bar_of(scenario, trade["exit_ts"]) + 1)
        owed = sum(float(bars.open[t]) * float(bars.ts[t] - bars.ts[t - 1]) / DAY_MS for t in held)
        assert trade["funding"] == pytest.approx(rate * abs(trade["quantity"]) * owed, abs=1e-5)
    # From the last bar of a Friday to the first of a Monday.
    assert max(np.diff(bars.ts)) == 66 * HOUR_MS


def quantities_are_lots_and_prices_ticks(name: str) -> None:
    scenario = played(name)
    unit = scenario.model.spec.instrument
    for trade in scenario.run.trades:
        lots = abs(trade["quantity"]) / (unit.lot * unit.contract_size)
        assert lots == round(lots) >= 1
        assert all(trade[key] / unit.tick % 1.0 == 0.0 for key in ("entry_price", "exit_price"))
        assert abs(trade["quantity"]) * trade["entry_price"] >= unit.min_notional
        reference = float(scenario.bars.open[bar_of(scenario, trade["entry_ts"])])
        assert 0.0 < sign(trade) * (trade["entry_price"] - reference) < 3 * unit.tick
    assert {trade["reason"] for trade in scenario.run.trades} == {"stop", "target", "time"}


def a_position_is_liquidated_and_nothing_is_owed(name: str) -> None:
    scenario = played(name)
    reasons = [trade["reason"] for trade in scenario.run.trades]
    assert reasons.count("liquidation") == 1
    at = reasons.index("liquidation")
    before = INITIAL + sum(trade["pnl"] for trade in scenario.run.trades[:at])
    trade = scenario.run.trades[at]
    assert 2.9 < abs(trade["quantity"]) * trade["entry_price"] / before <= 3.0
    assert 0.0 < scenario.run.equity[-1] < 0.2 * before
    assert scenario.run.equity.min() > 0.0


def late_entries_are_never_better_than_the_open(name: str) -> None:
    scenario, bars_alone = played(name), other(name, latency_ms=0)
    decided = [int(t) + START for t in np.flatnonzero(scenario.run.codes == ALLOWED)]
    entered = [bar_of(scenario, trade["entry_ts"]) for trade in scenario.run.trades]
    assert [t - 2 for t in entered] == decided[: len(entered)]
    for trade, t in zip(scenario.run.trades, entered, strict=True):
        assert sign(trade) * (trade["entry_price"] - float(scenario.bars.open[t])) > 0.0
    without = {trade["entry_ts"]: trade for trade in bars_alone.run.trades}
    both = [(trade, without[trade["entry_ts"]]) for trade in scenario.run.trades if trade["entry_ts"] in without]
    assert len(both) > len(entered) // 2
    worse = [sign(one) * (one["entry_price"] / two["entry_price"] - 1.0) for one, two in both]
    # Where the bar never went against the order, only its own size moves the price.
    assert min(worse) > -1e-6
    assert float(np.mean(worse)) > 5e-4


def no_false_wick_stops_a_trade(name: str) -> None:
    scenario, reported = played(name), other(name, wick_limit=0.0)
    false = set(scenario.bars.ts[59::60].tolist())
    stopped = [[trade for trade in one.run.trades if trade["reason"] == "stop"] for one in (scenario, reported)]
    assert not [trade for trade in stopped[0] if trade["exit_ts"] in false]
    assert len([trade for trade in stopped[1] if trade["exit_ts"] in false]) > 5
    assert reported.run.equity[-1] < scenario.run.equity[-1]


def every_choice_of_a_bundle_of_0_1_is_null(name: str) -> None:
    scenario = played(name)
    costs, instrument = scenario.model.spec.costs, scenario.model.spec.instrument
    assert costs.maker_fee_bps == costs.fee_bps
    assert (costs.impact, costs.stop_slip, costs.latency_ms, costs.wick_limit, costs.limit_through) == (
        0,
        0,
        0,
        0,
        False,
    )
    assert (instrument.contract_size, instrument.min_notional) == (1.0, 0.0)
    assert total(scenario, "funding") == 0.0
    for trade in scenario.run.trades:
        value = abs(trade["quantity"]) * (trade["entry_price"] + trade["exit_price"])
        assert -0.02 < trade["slippage"] <= 1e-4 * costs.impact_bps * value
        assert trade["fees"] == pytest.approx(1e-4 * costs.fee_bps * value, abs=1e-5)


SHOWN: dict[str, Callable[[str], None]] = {
    "coarse-instrument": quantities_are_lots_and_prices_ticks,
    "crash-with-gap": a_gap_passes_the_stop,
    "embedded-edge": a_rule_earns_the_edge_after_every_cost,
    "embedded-no-edge-simple": random_numbers_lose_at_the_simple_level_too,
    "exchange-hours": closed_hours_cost_what_open_ones_do,
    "falling-walk-short-only": it_is_short_alone_and_pays_to_borrow,
    "false-wicks": no_false_wick_stops_a_trade,
    "late-orders": late_entries_are_never_better_than_the_open,
    "leverage-liquidation": a_position_is_liquidated_and_nothing_is_owed,
    "perpetual-funding": longs_pay_funding_to_shorts,
    "release-0-1-bundle": every_choice_of_a_bundle_of_0_1_is_null,
    "reverting-walk": betting_on_the_mean_wins_on_both_sides,
    "thin-volume": fills_are_parts_within_the_share_of_the_volume,
}


def test_every_scenario_says_what_it_shows() -> None:
    assert sorted(SHOWN) == list(SCENARIOS)
    assert len(SCENARIOS) >= 12
    said = [accepted_scenario(name).about["shows"] for name in SCENARIOS]
    assert len(set(said)) == len(said)
    assert all(sentence.endswith(".") for sentence in said)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_shows_what_it_says(name: str) -> None:
    SHOWN[name](name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_has_its_accepted_statistics_to_the_last_bit(name: str) -> None:
    assert differences(accepted_scenario(name).measured, measured_scenario(name)) == {}


def test_no_two_scenarios_trade_the_same() -> None:
    ledgers = [accepted_scenario(name).measured["ledger_sha256"] for name in SCENARIOS]
    assert all(one != two for one, two in pairwise(sorted(ledgers)))
