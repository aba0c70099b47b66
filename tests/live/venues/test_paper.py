from __future__ import annotations

import numpy as np
import pytest

from tests.support import HOUR_MS, random_model, small_bars
from trading.codes import ReasonCode
from trading.live.venues.base import Acknowledgement, Intent, Position
from trading.live.venues.paper import PaperVenue
from trading.simulation.accounts import Account
from trading.simulation.parameters import model_parameters
from trading.steps.bar import Bar

BARS = [Bar(*small_bars(20).row(index)) for index in range(100)]


def intent(number: int, quantity: float = 3.0, wait_bars: float = 0.0) -> Intent:
    return Intent(
        id=f"SIM-{number}",
        ts=number,
        quantity=quantity,
        wait_bars=wait_bars,
        ready_ms=0.0,
        cap=1.0,
        confidence=0.6,
        regime=1.0,
        duration_bars=5.0,
        stop_log=0.05,
        target_log=0.05,
    )


@pytest.fixture
def venue() -> PaperVenue:
    parameters = model_parameters(random_model(1))
    account = Account(symbol="SIM", interval=HOUR_MS, initial_equity=100_000.0, parameters=parameters)
    return PaperVenue(account)


def restarted(venue: PaperVenue) -> PaperVenue:
    """The same venue in a new process, from what the journal stores."""
    known = venue.account
    account = Account(
        symbol=known.symbol, interval=known.interval, initial_equity=1.0, parameters=known.parameters.copy()
    )
    account.restore(known.save())
    return PaperVenue(account)


def test_an_order_fills_at_the_next_open_and_the_report_says_so(venue: PaperVenue) -> None:
    assert venue.submit(intent(1)).accepted
    report = venue.on_bar(BARS[0])
    assert [(fill.kind, fill.quantity) for fill in report.fills] == [("entry", 3.0)]
    assert (report.position, report.cancelled, report.trade, report.state) == (3.0, (), None, "ACTIVE")
    assert report.equity == venue.account.equity < 100_000.0 + 3.0 * (BARS[0].close - BARS[0].open)
    assert venue.positions() == (Position(symbol="SIM", quantity=3.0, entry_price=report.fills[0].price),)


def test_a_position_left_reports_its_trade_by_names(venue: PaperVenue) -> None:
    venue.submit(intent(1))
    reports = [venue.on_bar(bar) for bar in BARS[:8]]
    (trade,) = [report.trade for report in reports if report.trade is not None]
    fills = [fill for report in reports for fill in report.fills]
    assert (trade.entry_ts, trade.exit_ts, trade.reason) == (BARS[0].ts, BARS[5].ts, "time")
    assert (trade.quantity, trade.entry_price, trade.exit_price) == (3.0, fills[0].price, pytest.approx(fills[1].price))
    assert venue.account.equity == pytest.approx(100_000.0 + trade.pnl)
    assert venue.positions() == ()


def test_the_same_intent_twice_is_one_order_before_its_fill_after_it_and_after_a_restart(venue: PaperVenue) -> None:
    first = venue.submit(intent(1))
    before = venue.account.save()
    assert venue.submit(intent(1)) == restarted(venue).submit(intent(1)) == first == Acknowledgement(intent_id="SIM-1")
    assert venue.account.save() == before
    venue.on_bar(BARS[0])
    before = venue.account.save()
    again = restarted(venue)
    assert venue.submit(intent(1)) == again.submit(intent(1)) == first
    assert venue.account.save() == again.account.save() == before


def test_an_order_that_waits_keeps_its_id_over_a_restart(venue: PaperVenue) -> None:
    venue.submit(intent(1, wait_bars=2.0))
    venue.on_bar(BARS[0])
    venue = restarted(venue)
    assert venue.cancel("SIM-1").accepted
    assert venue.on_bar(BARS[1]).fills == ()


def test_there_is_one_order_or_position_at_a_time(venue: PaperVenue) -> None:
    venue.submit(intent(1))
    for bar in (None, BARS[0]):
        if bar is not None:
            venue.on_bar(bar)
        before = venue.account.save()
        answer = venue.submit(intent(2))
        assert (answer.accepted, answer.code) == (False, ReasonCode.POSITION_OPEN)
        assert "SIM-1" in answer.message
        assert venue.account.save() == before


@pytest.mark.parametrize("quantity", [0.0, float("nan"), float("inf")])
def test_an_order_of_nothing_or_of_no_number_is_refused(venue: PaperVenue, quantity: float) -> None:
    assert venue.submit(intent(1, quantity)).code is ReasonCode.NOT_FINITE
    assert venue.account.order is None


def test_only_an_order_that_waits_can_be_cancelled(venue: PaperVenue) -> None:
    assert venue.cancel("SIM-1").code is ReasonCode.ORDER_UNKNOWN
    venue.submit(intent(1))
    assert venue.cancel("SIM-2").code is ReasonCode.ORDER_UNKNOWN
    assert venue.cancel("SIM-1") == Acknowledgement(intent_id="SIM-1")
    assert venue.cancel("SIM-1").code is ReasonCode.ORDER_UNKNOWN
    assert venue.on_bar(BARS[0]).fills == ()
    venue.submit(intent(2))
    venue.on_bar(BARS[1])
    assert venue.cancel("SIM-2").code is ReasonCode.ORDER_UNKNOWN


def test_an_order_without_volume_is_reported_cancelled_by_its_id(venue: PaperVenue) -> None:
    venue.submit(intent(1))
    report = venue.on_bar(BARS[0]._replace(volume=0.0))
    assert (report.fills, report.cancelled, report.position) == ((), ("SIM-1",), 0.0)


def test_a_loss_past_the_limit_is_reported_as_halted(venue: PaperVenue) -> None:
    venue.account.use(np.array(venue.account.parameters))
    venue.submit(intent(1, quantity=900.0))
    crash = Bar(BARS[1].ts, *np.array(BARS[1][1:5]) * 0.5, volume=BARS[1].volume)
    assert venue.on_bar(BARS[0]).state == "ACTIVE"
    assert venue.on_bar(crash).state == "HALTED"
