from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.live.support import Promotions, bundle_of, fixed, pointer_to, trade, write_model
from tests.live.test_runner import Promoting
from tests.support import HOUR_MS, random_model, small_bars
from tests.support.models import limits_of
from trading.checks.evidence import LiveRecord
from trading.live.journal.journal import Journal
from trading.live.record import live_record
from trading.simulation.backtest import run_backtest
from trading.simulation.metrics.ratios import sharpe

BARS = small_bars(30)


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
