"""A market with closed hours on its way to the account: what a night leaves out, a replay leaves out too."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.live.support import fixed, write_model
from tests.support import HOUR_MS, random_model, small_bars
from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError
from trading.live.feeds.replay import open_replay
from trading.live.journal.journal import Journal
from trading.live.session import open_runner
from trading.live.status import status_of
from trading.market.load import load_bars
from trading.settings.models import MarketSpec
from trading.simulation.backtest import run_backtest

# From January to April: the clocks of Chicago change in between.
BARS = small_bars(110)
HOURS = "Sun-Thu 17:00-16:00 America/Chicago"


def market_of(folder: Path, interval: str, **options: object) -> MarketSpec:
    rows = [",".join(map(repr, BARS.row(index)[:6])) for index in range(len(BARS))]
    (folder / "bars.csv").write_text("\n".join(["ts,open,high,low,close,volume", *rows]) + "\n")
    events = [f"{ts + 3},0.0005" for ts in BARS.ts[::8].tolist()]
    (folder / "funding.csv").write_text("\n".join(["ts,funding_rate", *events]) + "\n")
    (folder / "days.csv").write_text("2021-01-18\n2021-02-15\n2021-04-02\n")
    named = {"source": "bars.csv", "funding": "funding.csv", "holidays": "days.csv"}
    files = {name: str(folder / file) for name, file in named.items()}
    return MarketSpec.model_validate({"symbols": ("SIM",), "interval": interval, "hours": HOURS, **files, **options})


@pytest.mark.parametrize(("interval", "hours"), [("1h", 1), ("4h", 4)])
def test_a_replay_of_a_market_with_hours_is_the_backtest_of_its_night(
    folder: Path, tmp_path: Path, interval: str, hours: int
) -> None:
    market = market_of(tmp_path, interval)
    night = load_bars(market, "SIM", None, tmp_path / "quarantine", min_bars=10)
    assert night.report.rows_used < night.report.rows_visible == len(BARS)
    model = random_model(4)
    model = replace(model, spec=model.spec.model_copy(update={"interval": hours * HOUR_MS}))
    bundle = write_model(folder / "b", model)
    start = len(night.bars) // 3
    with closing(Journal(folder / "j.db")) as journal:
        replay = open_replay(market, "SIM", None)
        with closing(open_runner(journal, fixed(bundle), start_ms=int(night.bars.ts[start]))) as runner:
            runner.run(replay)
        assert list(journal.bars())[: len(night.bars)] == list(night.bars.rows())
    expected = run_backtest(model, night.bars, start)
    status = status_of(folder / "j.db")
    assert status is not None
    assert status.quarantined == 0
    assert expected.trades
    assert status.ledger_sha256 == expected.ledger_sha256
    (step,) = replay.raw.repairs
    assert step.count == night.report.rows_visible - night.report.rows_used


def test_without_hours_the_same_file_is_another_ledger(tmp_path: Path) -> None:
    always = market_of(tmp_path, "1h", hours="", holidays="")
    assert len(open_replay(always, "SIM", None).raw) == len(BARS)
    within = open_replay(market_of(tmp_path, "1h"), "SIM", None)
    chicago = (within.raw.ts - 6 * HOUR_MS)[within.raw.ts < int(np.datetime64("2021-03-14", "ms").astype(np.int64))]
    assert 16 not in set((chicago // HOUR_MS % 24).tolist())


def test_hours_that_cannot_be_read_stop_a_replay_before_it_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"market\.hours 'at noon'"):
        open_replay(market_of(tmp_path, "1h", hours="at noon"), "SIM", None)
    with pytest.raises(DataError, match=r"Check market\.holidays") as caught:
        open_replay(market_of(tmp_path, "1h", holidays=str(tmp_path / "none.csv")), "SIM", None)
    assert caught.value.code == ReasonCode.SOURCE_MISSING
