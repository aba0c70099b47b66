from __future__ import annotations

import numpy as np
import pytest

from tests.support import random_model, small_bars
from trading.checks.scenarios import (
    SCENARIOS,
    CostShock,
    HeldPositions,
    Moves,
    Scenario,
    StressedMarket,
    Window,
    held_positions,
    stressed_market,
    stressed_parameters,
)
from trading.simulation.lanes import run_lanes
from trading.simulation.parameters import model_parameters
from trading.steps.account import FEE, HALF_SPREAD, LATENCY, MAKER_FEE, PARTICIPATION

BARS = small_bars(120)
START, STOP = 800, len(BARS)
N = STOP - START
PLACED = [name for name in SCENARIOS if name != "fee_latency_shock"]
WITH = 3
"""The draw whose shocks come with the position."""


def trades(*rows: tuple[int, int, int], bars: int = N) -> HeldPositions:
    """Positions of trades as entry, exit and side."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return HeldPositions(bars, table[:, 0], table[:, 1], table[:, 2].astype(float))


LONG = trades(*((at, at + 30, 1) for at in range(5, N - 40, 40)))
SHORT = trades(*((at, at + 30, -1) for at in range(5, N - 40, 40)))


def played(name: str, *, held: HeldPositions = LONG, seed: int = 1, draw: int = 0) -> StressedMarket:
    return stressed_market(SCENARIOS[name], BARS, START, STOP, held=held, seed=seed, draw=draw)


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("draw", range(4))
def test_a_scenario_leaves_the_past_alone_and_keeps_bars_valid(name: str, draw: int) -> None:
    stressed = played(name, draw=draw).bars
    assert len(stressed) == STOP
    assert stressed.slice(0, START).digest() == BARS.slice(0, START).digest()
    assert (stressed.high >= np.maximum(stressed.open, stressed.close)).all()
    assert (stressed.low <= np.minimum(stressed.open, stressed.close)).all()
    assert (stressed.low > 0).all()
    assert (stressed.volume >= 0).all()


@pytest.mark.parametrize("name", PLACED)
def test_a_shock_is_repeatable_and_every_draw_has_its_own_places(name: str) -> None:
    assert played(name).bars.digest() == played(name).bars.digest()
    others = [played(name, seed=2), played(name, draw=1), played(name, draw=WITH)]
    assert len({market.bars.digest() for market in (played(name), *others)}) == 4


@pytest.mark.parametrize("name", PLACED)
@pytest.mark.parametrize("held", [LONG, SHORT], ids=["long", "short"])
def test_every_shock_begins_in_a_trade_of_the_base_path_and_changes_only_its_own_bars(
    name: str, held: HeldPositions
) -> None:
    for draw in range(4):
        market = played(name, held=held, draw=draw)
        assert market.wanted == len(market.windows) > 0
        begins = np.array([window.begin for window in market.windows])
        assert held.on(begins).all()
        inside = np.zeros(N, dtype=bool)
        for window in market.windows:
            inside[slice(*window)] = True
        outside = np.flatnonzero(~inside)
        for column in ("open", "high", "low", "close"):
            now, then = (
                np.log(getattr(bars, column)[START:STOP] / bars.close[START - 1 : STOP - 1])
                for bars in (market.bars, BARS)
            )
            np.testing.assert_allclose(now[outside], then[outside], atol=1e-9)
        np.testing.assert_array_equal(market.bars.volume[START:][outside], BARS.volume[START:STOP][outside])


@pytest.mark.parametrize("name", PLACED)
def test_a_base_path_without_a_trade_meets_no_shock(name: str) -> None:
    market = played(name, held=trades())
    assert market.windows == ()
    assert market.wanted > 0
    np.testing.assert_allclose(market.bars.close, BARS.close[:STOP], rtol=1e-12)
    np.testing.assert_array_equal(market.bars.volume, BARS.volume[:STOP])


def test_shocks_come_on_entries_and_on_exits_and_in_between() -> None:
    begins = [window.begin for draw in range(40) for window in played("flash_crash", draw=draw).windows]
    entered, left = np.isin(begins, LONG.entries).mean(), np.isin(begins, LONG.exits).mean()
    assert 0.15 < entered < 0.4
    assert 0.15 < left < 0.4


@pytest.mark.parametrize(("held", "side"), [(LONG, 1.0), (SHORT, -1.0)], ids=["long", "short"])
@pytest.mark.parametrize(("draw", "way"), [(0, -1.0), (1, -1.0), (2, -1.0), (WITH, 1.0)])
def test_jumps_go_against_the_position_and_in_every_fourth_draw_with_it(
    held: HeldPositions, side: float, draw: int, way: float
) -> None:
    crash = played("flash_crash", held=held, draw=draw)
    at = START + np.array([window.begin for window in crash.windows])
    extreme = crash.bars.low if side * way < 0.0 else crash.bars.high
    assert (side * way * np.log(extreme[at] / crash.bars.open[at]) > 0.2).all()
    np.testing.assert_allclose(crash.bars.close[-1], BARS.close[STOP - 1], rtol=1e-9)
    gaps = played("gap_at_open", held=held, draw=draw)
    at = START + np.array([window.begin for window in gaps.windows])
    assert (side * way * np.log(gaps.bars.open[at] / gaps.bars.close[at - 1]) > 0.03).all()
    assert not np.isin(at - START, held.entries).any()
    outage = played("data_outage", held=held, draw=draw)
    back = START + np.array([window.begin for window in outage.windows]) + 24
    assert (outage.bars.volume[START:] == 0).sum() == 4 * 24
    assert (outage.bars.close[back - 1] == outage.bars.close[back - 24]).all()
    missed = np.log(BARS.close[back - 1] / BARS.close[back - 25])
    jumps = np.log(outage.bars.open[back] / outage.bars.close[back - 1])
    usual = np.log(BARS.open[back] / BARS.close[back - 1])
    np.testing.assert_allclose(jumps - usual, side * way * np.abs(missed), atol=1e-9)


@pytest.mark.parametrize("draw", [0, WITH])
def test_what_is_mirrored_or_stretched_turns_against_the_position_or_with_it(draw: int) -> None:
    way = 1.0 if draw == WITH else -1.0

    def gain(market: StressedMarket, length: int) -> list[float]:
        moves = np.diff(np.log(market.bars.close))[START - 1 :] * LONG.side
        return [float(moves[window.begin : window.begin + length].sum()) for window in market.windows]

    for name, length in (("volatility_spike", 48), ("whipsaw_chop", 12), ("regime_flip", 48)):
        assert all(way * gained > 0.0 for gained in gain(played(name, draw=draw), length)), name
    calm, spiky = (np.abs(np.diff(np.log(bars.close[START:STOP]))) for bars in (BARS, played("volatility_spike").bars))
    assert spiky.mean() > 1.05 * calm.mean()


def test_positions_are_those_of_the_ledger() -> None:
    model = random_model(2)
    (run,) = run_lanes(model, [BARS], [model_parameters(model)], START, STOP)
    held = held_positions(BARS.ts[START:STOP], run)
    assert len(held.entries) == len(run.trades) + len(run.last) > 20
    assert (held.entries[1:] > held.exits[:-1]).all()
    inside = held.on(np.arange(N))
    np.testing.assert_array_equal(inside, held.side != 0.0)
    for row, (entered, left) in zip(run.trades, zip(held.entries, held.exits, strict=False), strict=False):
        assert (held.side[entered : left + 1] == np.sign(row[2])).all()


def test_what_trading_costs_in_a_shock() -> None:
    parameters = model_parameters(random_model(0))
    shocked = stressed_parameters(Scenario("dear", costs=CostShock(fee=3.0, participation=0.5)), parameters)
    assert set(np.flatnonzero(shocked != parameters)) == {FEE, MAKER_FEE, PARTICIPATION}
    assert shocked[FEE] == 3.0 * parameters[FEE]
    assert shocked[MAKER_FEE] == 3.0 * parameters[MAKER_FEE]
    assert shocked[PARTICIPATION] == 0.5 * parameters[PARTICIPATION]
    assert stressed_parameters(SCENARIOS["fee_latency_shock"], parameters)[LATENCY] == parameters[LATENCY] + 2
    for scenario in SCENARIOS.values():
        assert stressed_parameters(scenario, parameters)[HALF_SPREAD] > parameters[HALF_SPREAD]


def test_a_scenario_that_has_no_place_lasts_all_the_time() -> None:
    for shock in (None, lambda moves: moves.stretch(Window(0, len(moves)), 1.5)):
        scenario = Scenario("all", shock, CostShock(fee=2.0))
        market = stressed_market(scenario, BARS, START, STOP, held=LONG, seed=1, draw=0)
        assert (market.windows, market.wanted) == (((0, N),), 0)


def test_a_scenario_in_which_nothing_happens_is_refused() -> None:
    with pytest.raises(ValueError, match="calm changes neither prices nor costs"):
        Scenario("calm")


def test_shocks_that_overlap_are_refused() -> None:
    def twice(moves: Moves) -> None:
        moves.meet(1, N // 2)
        moves.meet(1, N // 2)

    with pytest.raises(ValueError, match="two of its shocks overlap"):
        stressed_market(Scenario("twice", twice), BARS, START, STOP, held=LONG, seed=1, draw=0)
