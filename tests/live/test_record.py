from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.live.support import Promotions, bundle_of, fixed, pointer_to, trade, write_model
from tests.live.test_runner import Promoting
from tests.support import DAY_MS, HOUR_MS, random_model, small_bars
from tests.support.models import costs_of, limits_of
from trading.checks.evidence import LiveRecord
from trading.gates.live_consistency import LiveAnswer, live_answer
from trading.live.journal.file import reading
from trading.live.journal.journal import Journal
from trading.live.record import Promise, live_record
from trading.market.bars import Bars
from trading.results import Number
from trading.settings.models import GateSpec
from trading.simulation.backtest import run_backtest
from trading.simulation.metrics.ratios import sharpe

BARS = small_bars(30)


def number(value: Number) -> float:
    assert value is not None
    return float(value)


def test_no_journal_or_one_that_never_traded_is_no_record(folder: Path) -> None:
    assert live_record(folder / "none.db") is None
    Journal(folder / "j.db").close()
    assert live_record(folder / "j.db") is None


def test_the_record_is_the_sharpe_ratio_of_the_backtest_over_the_bars_after_the_night(folder: Path) -> None:
    bundle = write_model(folder / "b", random_model(4), as_of_ms=int(BARS.ts[300]), sharpe=1.25)
    trade(folder / "j.db", Promotions(pointer_to(bundle, 3)), BARS, 100)
    equity = run_backtest(random_model(4), BARS, 100).equity
    returns = np.diff(equity)[199:] / equity[199:-1]
    record = live_record(folder / "j.db")
    assert isinstance(record, LiveRecord)
    assert (record.version, record.bars, record.backtest_sharpe) == ("3", len(BARS) - 300, 1.25)
    assert record.sharpe == pytest.approx(sharpe(returns, 8766.0))


def test_a_replay_of_bars_the_night_has_seen_is_no_record(folder: Path) -> None:
    bundle = write_model(folder / "b", random_model(4), as_of_ms=int(BARS.ts[-1]) + HOUR_MS)
    trade(folder / "j.db", fixed(bundle), BARS, 100)
    assert live_record(folder / "j.db") is None


def test_a_record_as_of_a_moment_sees_nothing_later(folder: Path) -> None:
    bundle = write_model(folder / "b", random_model(4), as_of_ms=int(BARS.ts[300]))
    trade(folder / "j.db", fixed(bundle), BARS.slice(0, 500), 100)
    before = live_record(folder / "j.db")
    trade(folder / "j.db", fixed(bundle), BARS, 100)
    assert live_record(folder / "j.db", until_ms=int(BARS.ts[500])) == before
    assert live_record(folder / "j.db") != before


def test_fewer_bars_than_the_minimum_are_no_record(folder: Path) -> None:
    bundle = write_model(folder / "b", random_model(4), as_of_ms=int(BARS.ts[300]))
    trade(folder / "j.db", fixed(bundle), BARS, 100)
    assert live_record(folder / "j.db", min_bars=len(BARS) - 300) is not None
    assert live_record(folder / "j.db", min_bars=len(BARS) - 299) is None


def test_each_model_has_the_record_of_its_own_bars(folder: Path) -> None:
    old, new = bundle_of(folder, 4), bundle_of(folder, 2)
    promotions = Promotions(pointer_to(old, 1))
    trade(folder / "j.db", promotions, BARS, 100, Promoting(promotions, int(BARS.ts[399]), pointer_to(new, 2)))
    first, second = live_record(folder / "j.db", digest=old.digest), live_record(folder / "j.db")
    assert first is not None
    assert second is not None
    assert (first.version, first.bars) == ("1", 300)
    assert (second.version, second.bars) == ("2", len(BARS) - 400)
    assert live_record(folder / "j.db", digest="0" * 64) is None


def test_an_account_that_never_moved_has_no_sharpe_ratio(folder: Path) -> None:
    bundle = write_model(folder / "b", random_model(4, limits=limits_of(min_confidence=1.0)))
    trade(folder / "j.db", fixed(bundle), BARS, 100)
    record = live_record(folder / "j.db")
    assert record is not None
    assert record.sharpe != record.sharpe
    assert (record.flat_share, record.e_value, record.trades) == (1.0, 1.0, 0)
    assert live_answer(record, GateSpec().model_dump()) is LiveAnswer.NO_RECORD


def test_a_record_holds_its_error_its_evidence_and_how_often_it_traded(folder: Path) -> None:
    bundle = write_model(folder / "b", random_model(4), as_of_ms=int(BARS.ts[300]), sharpe=2.0)
    trade(folder / "j.db", fixed(bundle), BARS, 100)
    record = live_record(folder / "j.db", promise=Promise(backtest_se=1.0))
    result = run_backtest(random_model(4), BARS, 100)
    held = [row for row in result.trades if row["exit_ts"] >= BARS.ts[300]]
    assert record is not None
    assert record.bundle_digest == bundle.digest
    assert record.years == pytest.approx((len(BARS) - 300) / 8766.0)
    assert record.trades == len(held) > 0
    assert 0.0 < number(record.flat_share) < 1.0
    assert number(record.se) >= number(record.years) ** -0.5
    assert number(record.low) < number(record.sharpe) < number(record.high)
    assert record.shrunken_sharpe == pytest.approx(1.5)
    assert record.looks == 18
    assert number(record.e_value) > 0.0
    assert number(record.decay_e_value) > 0.0


def test_a_day_counts_as_evidence_once_it_is_over(folder: Path) -> None:
    bundle = write_model(folder / "b", random_model(4), as_of_ms=int(BARS.ts[48]))
    trade(folder / "j.db", fixed(bundle), BARS, 48)
    day = int(BARS.ts[0]) + 25 * DAY_MS
    records = [live_record(folder / "j.db", until_ms=day + hours * HOUR_MS) for hours in (0, 1, 23, 24)]
    values = [(record.e_value, record.looks) for record in records if record is not None]
    assert values[0] == values[1] == values[2] != values[3]
    assert number(values[3][1]) == number(values[0][1]) + 1


def test_a_record_of_the_markets_own_bars_is_the_same_with_and_without_them(folder: Path) -> None:
    bundle = write_model(folder / "b", random_model(4), as_of_ms=int(BARS.ts[300]))
    trade(folder / "j.db", fixed(bundle), BARS, 100)
    assert live_record(folder / "j.db", market=BARS) == live_record(folder / "j.db")
    later = live_record(folder / "j.db", market=BARS.slice(400, len(BARS)))
    assert later is not None
    assert later.bars == len(BARS) - 400


@pytest.mark.parametrize(
    ("market", "why"),
    [
        (small_bars(30, seed=8), "differs from the market's own"),
        (replace(BARS, close=np.where(np.arange(len(BARS)) == 500, BARS.close * 1.0001, BARS.close)), "2021-01-21"),
        (BARS.slice(0, 600), "is none of the market's"),
        (replace(BARS, symbol="MOON"), "it traded SIM"),
    ],
    ids=["another path", "one close", "fewer bars", "another market"],
)
def test_a_replay_of_another_source_is_no_record_and_says_at_which_bar(folder: Path, market: Bars, why: str) -> None:
    bundle = write_model(folder / "b", random_model(4), as_of_ms=int(BARS.ts[300]))
    trade(folder / "j.db", fixed(bundle), BARS, 100)
    record = live_record(folder / "j.db", market=market)
    assert record is not None
    assert why in record.refused
    assert (record.bars, record.sharpe) == (None, None)
    assert live_answer(record, GateSpec().model_dump()) is LiveAnswer.NO_RECORD


def halted(folder: Path) -> Path:
    """A journal whose account halted after few bars, and held nothing from then on."""
    limits, costs = limits_of(halt_drawdown=0.02), costs_of(fee_bps=200.0)
    bundle = write_model(folder / "b", random_model(4, costs=costs, limits=limits), as_of_ms=int(BARS.ts[100]))
    assert trade(folder / "j.db", fixed(bundle), BARS.slice(0, 600), 100).state == "HALTED"
    return folder / "j.db"


def test_bars_on_which_a_halted_account_held_nothing_are_no_record(folder: Path) -> None:
    path = halted(folder)
    with reading(path) as db:
        rows = db.execute("SELECT code, position FROM decisions ORDER BY ts").fetchall()
    idle = sum(row == ("RISK_HALTED", 0.0) for row in rows[1:])
    record = live_record(path)
    assert idle > 100
    assert record is not None
    assert record.bars == pytest.approx(len(rows) - idle, abs=1)
