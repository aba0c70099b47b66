from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

from tests.live.support import bundle_of, fixed, replay_of, trade, trades_of
from tests.support import random_model, small_bars
from trading.live.journal.journal import Journal
from trading.live.session import open_runner
from trading.live.venues.base import Acknowledgement, Intent, VenueKind
from trading.live.venues.paper import PaperVenue
from trading.model.bundle import Bundle
from trading.simulation.accounts import Account
from trading.simulation.backtest import run_backtest

DAYS, START = 30, 100
BARS = small_bars(DAYS)
TABLES = ("bars", "decisions", "intents", "fills", "trades")


def contents(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path)) as db:
        return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}


def assert_as_if_never_killed(path: Path, bundle: Bundle) -> None:
    end = trade(path, fixed(bundle), BARS, START)
    whole = trade(path.with_name("whole.db"), fixed(bundle), BARS, START)
    assert contents(path) == contents(path.with_name("whole.db"))
    expected = run_backtest(random_model(4), BARS, START)
    assert end.ledger_sha256 == whole.ledger_sha256 == expected.ledger_sha256
    assert trades_of(path) == expected.trades


def test_a_runner_killed_at_random_bars_neither_loses_nor_repeats_anything(root: Path, folder: Path) -> None:
    bundle, path = bundle_of(folder, 4), folder / "killed.db"
    dice, last = random.Random(1), 0
    for _ in range(5):
        arguments = [str(path), str(bundle.folder), str(START), str(DAYS)]
        command = [sys.executable, "-m", "tests.live.replay_child", *arguments]
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            told = [int(child.stdout.readline()) for _ in range(dice.randrange(1, 60))]
            child.kill()
        assert told[0] > last, "a bar was traded twice"
        last = told[-1]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT COUNT(*) FROM decisions").fetchone()[0] < len(BARS) - START
    assert_as_if_never_killed(path, bundle)


class Mortal(PaperVenue):
    """A venue whose process may die just before it hears of an order."""

    def __init__(self, account: Account, step: Any) -> None:
        super().__init__(account)
        self._step = step

    def submit(self, intent: Intent) -> Acknowledgement:
        self._step()
        return super().submit(intent)


def live_and_die(path: Path, bundle: Bundle, steps: int) -> NoReturn:
    """Run as a forked child that ends like a killed one before its n-th statement to the journal or the venue."""
    left = steps

    def step(_: object = None) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(9)

    try:
        journal = Journal(path)
        venue = VenueKind("paper", lambda account: Mortal(account, step))
        runner = open_runner(journal, fixed(bundle), start_ms=int(BARS.ts[START]), venue=venue)
        journal._db.set_trace_callback(step)
        runner.run(replay_of(BARS))
    finally:
        os._exit(1)


def test_a_runner_killed_before_any_statement_to_journal_or_venue_goes_on_from_a_whole_bar(folder: Path) -> None:
    bundle, path = bundle_of(folder, 4), folder / "killed.db"
    trade(path, fixed(bundle), BARS.slice(0, START + 1), START)
    dice, orphans = random.Random(2), 0
    for _ in range(60):
        steps = dice.randrange(1, 60)
        child = os.fork()
        if child == 0:
            live_and_die(path, bundle, steps)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        with closing(sqlite3.connect(path)) as db:
            orphans += len(db.execute("SELECT id FROM intents JOIN snapshot ON intents.ts = snapshot.ts").fetchall())
    assert orphans > 3, "the kills were meant to leave intents of which nobody knows whether they were submitted"
    assert_as_if_never_killed(path, bundle)
