from __future__ import annotations

import gzip
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.live.support import fixed, write_model
from tests.support import HOUR_MS, random_model, small_bars
from trading.errors import DataError
from trading.live.feeds.replay import Pace, open_replay
from trading.live.journal.journal import Journal
from trading.live.session import open_runner
from trading.live.status import status_of
from trading.market.bars import Bars
from trading.settings.models import MarketSpec
from trading.simulation.backtest import run_backtest

BARS = small_bars(20)


def csv_of(bars: Bars) -> str:
    rows = [",".join(map(repr, bars.row(index)[:6])) for index in range(len(bars))]
    return "\n".join(["ts,open,high,low,close,volume", *rows]) + "\n"


def spec_of(path: Path, **options: object) -> MarketSpec:
    return MarketSpec.model_validate({"source": str(path), "symbols": ("SIM",), "interval": "1h", **options})


def test_a_replay_of_a_file_sends_the_rows_that_are_in_it(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv.gz"
    path.write_bytes(gzip.compress(csv_of(BARS).encode()))
    replay = open_replay(spec_of(path), "SIM", None)
    assert (replay.symbol, replay.interval) == ("SIM", HOUR_MS)
    assert [row.values for row in replay.rows()] == [BARS.row(index)[:6] for index in range(len(BARS))]
    until = open_replay(spec_of(path), "SIM", int(BARS.ts[100]))
    assert [row.values[0] for row in until.rows()] == BARS.ts[:100].tolist()


def test_cells_that_cannot_be_read_are_sent_as_their_text_for_the_contract_to_name(tmp_path: Path) -> None:
    lines = csv_of(BARS).splitlines()
    lines[300] = lines[300].rsplit(",", 1)[0] + ",many"
    lines[310] = "yesterday," + lines[310].split(",", 1)[1]
    lines[320] = lines[320].rsplit(",", 1)[0]
    (tmp_path / "bars.csv").write_text("\n".join(lines) + "\n")
    bundle = write_model(tmp_path / "b", random_model(4))
    journal = Journal(tmp_path / "j.db")
    runner = open_runner(journal, fixed(bundle), start_ms=int(BARS.ts[290]))
    runner.run(open_replay(spec_of(tmp_path / "bars.csv"), "SIM", None))
    journal.close()
    status = status_of(tmp_path / "j.db")
    assert status is not None
    assert (status.quarantined, status.bars) == (3, len(BARS) - 290 - 3)
    assert status.running is False


def test_the_replay_is_repaired_as_the_settings_say_and_not_otherwise(tmp_path: Path) -> None:
    lines = csv_of(BARS).splitlines()
    (tmp_path / "twice.csv").write_text("\n".join([*lines[:50], lines[49], *lines[50:]]) + "\n")
    assert len(list(open_replay(spec_of(tmp_path / "twice.csv"), "SIM", None).rows())) == len(BARS) + 1
    mended = open_replay(spec_of(tmp_path / "twice.csv", on_duplicate="keep-last"), "SIM", None)
    assert len(list(mended.rows())) == len(BARS)


def test_damaged_trades_stop_the_replay_before_it_starts(tmp_path: Path) -> None:
    start = int(BARS.ts[0])
    (tmp_path / "t.csv").write_text(f"ts,price,volume\n{start},100,1\n{start + 5},-1,1\n{start + HOUR_MS},100,1\n")
    with pytest.raises(DataError, match="BARS_NOT_POSITIVE"):
        open_replay(spec_of(tmp_path / "t.csv", source=f"ticks:{tmp_path / 't.csv'}"), "SIM", None)


def test_real_bars_of_a_minute_replay_to_the_backtest_of_a_quarter_of_an_hour(market_data: Path, folder: Path) -> None:
    from dataclasses import replace

    from trading.market.bars import resample
    from trading.market.sources.table import open_source

    quarter = 15 * 60_000
    model = random_model(4)
    spec = model.spec.model_copy(update={"symbol": "BTCUSDT", "interval": quarter})
    market = MarketSpec(source=str(market_data / "BTCUSDT-1m-2022.parquet"), symbols=("BTCUSDT",), interval="15m")
    until = int(np.datetime64("2022-01-08", "ms").astype(np.int64))
    bars = resample(open_source(market, "BTCUSDT").read(until).bars(), quarter)
    journal = Journal(folder / "j.db")
    bundle = write_model(folder / "b", replace(model, spec=spec))
    open_runner(journal, fixed(bundle), start_ms=int(bars.ts[96])).run(open_replay(market, "BTCUSDT", until))
    journal.close()
    status = status_of(folder / "j.db")
    assert status is not None
    expected = run_backtest(replace(model, spec=spec), bars, 96)
    assert (status.bars, status.quarantined) == (len(bars) - 96, 0)
    assert status.ledger_sha256 == expected.ledger_sha256


def test_the_pace_holds_and_a_stop_ends_the_wait_at_once() -> None:
    pace = Pace(50.0, threading.Event())
    begun = time.monotonic()
    for _ in range(10):
        pace.wait()
    assert time.monotonic() - begun >= 0.18
    stop = threading.Event()
    stop.set()
    begun = time.monotonic()
    Pace(0.001, stop).wait()
    assert time.monotonic() - begun < 5.0
