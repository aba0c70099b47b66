from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.live.support import (
    Promotions,
    bundle_of,
    fixed,
    pointer_to,
    quick_folder,
    replay_of,
    trade,
    trades_of,
    write_model,
)
from tests.support import HOUR_MS, random_model, small_bars
from tests.support.models import COSTS, WILD, costs_of, limits_of, reviewing, ruled
from trading.codes import ReasonCode
from trading.engines.stream import compute_signals
from trading.errors import LiveError, RegistryError
from trading.live.journal.journal import Journal
from trading.live.runner import Tick
from trading.live.session import open_runner
from trading.live.status import status_of
from trading.live.venues.base import Acknowledgement, Intent, VenueKind
from trading.live.venues.paper import PaperVenue
from trading.live.watch.pointer import PointerFile, write_pointer
from trading.market.bars import Bars, resample
from trading.model.model import TradingModel
from trading.simulation.backtest import run_backtest
from trading.simulation.metrics.ratios import sharpe
from trading.simulation.metrics.returns import bar_returns

BARS = small_bars(30)
HARD = costs_of(latency_bars=2, max_participation=1e-4)


def rows(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def leaving(model: TradingModel, patience: int | None, *, crisis: bool, review_bars: int) -> TradingModel:
    """The model with positions left with the signal, if a patience is given, in a crisis, or when asked again."""
    if review_bars:
        model = reviewing(model, review_bars)
    actions = model.spec.actions.model_copy(
        update={"exit_with_signal": patience is not None, "exit_patience": patience or 0}
    )
    model = replace(model, spec=model.spec.changed(actions=actions.model_dump()))
    return ruled(model, WILD) if crisis else model


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    start=st.integers(0, 600),
    market=st.integers(0, 5),
    hard=st.booleans(),
    patience=st.sampled_from([None, 0, 3]),
    crisis=st.booleans(),
    review_bars=st.sampled_from([0, 1, 3]),
)
def test_a_replay_has_the_ledger_of_the_backtest_to_the_last_byte(
    seed: int, start: int, market: int, hard: bool, patience: int | None, crisis: bool, review_bars: int
) -> None:
    bars = small_bars(30, market)
    plain = random_model(seed, costs=HARD) if hard else random_model(seed)
    model = leaving(plain, patience, crisis=crisis, review_bars=review_bars)
    expected = run_backtest(model, bars, start)
    with quick_folder() as folder:
        status = trade(folder / "j.db", fixed(write_model(folder / "b", model)), bars, start)
        equity = [row[0] for row in rows(folder / "j.db", "SELECT equity FROM decisions ORDER BY ts")]
    assert status.ledger_sha256 == expected.ledger_sha256
    assert status.trades == len(expected.trades)
    assert status.warm_bars == start
    np.testing.assert_allclose(equity, expected.equity, rtol=1e-12)
    # A backtest's metrics close the position that is open at the end; a runner holds on to it.
    if status.sharpe is not None:
        returns = bar_returns(expected.equity, model.spec.limits.initial_equity)
        assert status.sharpe == pytest.approx(sharpe(returns, model.spec.bars_per_year))


def test_in_a_crisis_nothing_is_held_and_the_journal_says_which_rule_fired(folder: Path) -> None:
    calm, wild = random_model(4), ruled(random_model(4), WILD)
    before = trade(folder / "calm.db", fixed(write_model(folder / "calm", calm)), BARS, 100)
    status = trade(folder / "j.db", fixed(write_model(folder / "b", wild)), BARS, 100)
    cash = compute_signals(wild, BARS).cash[100:].astype(bool)
    found = rows(folder / "j.db", "SELECT code, position, market FROM decisions ORDER BY ts")
    named = [json.loads(market) for _, _, market in found]
    assert [one["regime"] == "crisis" for one in named] == cash.tolist()
    assert {one["reason"] for one in named} == {WILD.reason, "no rule holds"}
    assert {code for (code, _, _), crisis in zip(found, cash, strict=True) if crisis} == {"MARKET_CRISIS"}
    # What is held when a crisis begins leaves at the next open.
    held = [position != 0.0 for _, position, _ in found]
    assert not any(hold for hold, crisis, again in zip(held[1:], cash[1:], cash, strict=False) if crisis and again)
    reasons = [reason for (reason,) in rows(folder / "j.db", "SELECT reason FROM trades")]
    assert reasons.count("crisis") > 3
    assert status.market is not None
    assert status.market._asdict() == named[-1]
    assert before.market is None


def test_a_replay_of_short_bars_has_the_ledger_of_the_backtest_on_joined_ones(folder: Path) -> None:
    model = random_model(1)
    four_hours = replace(model, spec=model.spec.model_copy(update={"interval": 4 * HOUR_MS}))
    bars = small_bars(60)
    joined = resample(bars, 4 * HOUR_MS)
    with closing(Journal(folder / "j.db")) as journal:
        runner = open_runner(journal, fixed(write_model(folder / "b", four_hours)), start_ms=int(joined.ts[50]))
        runner.run(replay_of(bars))
    expected = run_backtest(four_hours, joined, 50)
    assert len(expected.trades) > 5
    assert trades_of(folder / "j.db") == expected.trades


@pytest.mark.parametrize("hard", [False, True], ids=["usual costs", "orders that wait and fill in parts"])
def test_a_replay_stopped_and_continued_anywhere_ends_with_the_same_journal(folder: Path, hard: bool) -> None:
    bundle = write_model(folder / "b", random_model(4, costs=HARD if hard else COSTS))
    whole = trade(folder / "whole.db", fixed(bundle), BARS, 100)
    for stop in (30, 99, 100, 101, 250, 251, 252, 253, 600):
        trade(folder / "parts.db", fixed(bundle), BARS.slice(0, max(stop, 101)), 100)
    parts = trade(folder / "parts.db", fixed(bundle), BARS, 100)
    assert parts.trades > 10
    assert parts.ledger_sha256 == whole.ledger_sha256
    for table in ("bars", "decisions", "intents", "fills", "trades"):
        assert rows(folder / "parts.db", f"SELECT * FROM {table}") == rows(
            folder / "whole.db", f"SELECT * FROM {table}"
        )


def test_an_intent_is_in_the_journal_before_the_venue_hears_of_it(folder: Path) -> None:
    path = folder / "j.db"
    heard: list[str] = []

    class Listening(PaperVenue):
        def submit(self, intent: Intent) -> Acknowledgement:
            assert rows(path, f"SELECT id FROM intents WHERE ts = {intent.ts}") == [(intent.id,)]
            assert rows(path, "SELECT ts FROM snapshot") == [(intent.ts,)]
            heard.append(intent.id)
            return super().submit(intent)

    venue = VenueKind("paper", Listening)
    with closing(Journal(path)) as journal:
        runner = open_runner(journal, fixed(bundle_of(folder, 4)), start_ms=int(BARS.ts[100]), venue=venue)
        runner.run(replay_of(BARS.slice(0, 300)))
    assert [(name,) for name in heard] == rows(path, "SELECT id FROM intents ORDER BY ts")
    assert len(heard) > 5


def test_fills_add_up_to_positions_and_to_the_prices_of_the_trades(folder: Path) -> None:
    model = random_model(4, costs=HARD)
    trade(folder / "j.db", fixed(write_model(folder / "b", model)), BARS, 100)
    fills = rows(folder / "j.db", "SELECT ts, kind, quantity, price FROM fills ORDER BY ts, number")
    positions = dict(rows(folder / "j.db", "SELECT ts, position FROM decisions"))
    held = 0.0
    for ts, _, quantity, _ in fills:
        held += quantity
        assert held == pytest.approx(positions[ts], abs=1e-9) or positions[ts] == 0.0
    trades = trades_of(folder / "j.db")
    assert len(fills) > 2 * len(trades)
    for row in trades:
        exits = [f for f in fills if row["entry_ts"] <= f[0] <= row["exit_ts"] and f[1] == "exit"]
        total = sum(-quantity * price for _, _, quantity, price in exits)
        assert total == pytest.approx(row["quantity"] * row["exit_price"], rel=1e-9)


def test_a_bad_bar_goes_to_quarantine_and_nothing_is_decided_on_it(folder: Path) -> None:
    bars = BARS.slice(0, 400)
    spoiled = replace(
        bars,
        close=np.where(np.arange(400) == 200, np.nan, bars.close),
        low=np.where(np.arange(400) == 210, bars.high * 2.0, bars.low),
        ts=np.where(np.arange(400) == 220, bars.ts - HOUR_MS, bars.ts),
        open=np.where(np.arange(400) == 230, -1.0, bars.open),
    )
    status = trade(folder / "j.db", fixed(bundle_of(folder, 4)), spoiled, 100)
    assert status.quarantined == 4
    assert status.bars == 300 - 4
    assert rows(folder / "j.db", "SELECT place, code FROM quarantine") == [
        ("bar 201", "BARS_NOT_FINITE"),
        ("bar 211", "BARS_HIGH_LOW"),
        ("bar 221", "BARS_NOT_INCREASING"),
        ("bar 231", "BARS_NOT_POSITIVE"),
    ]
    bad = bars.ts[[200, 210, 220, 230]].tolist()
    assert rows(folder / "j.db", f"SELECT * FROM decisions WHERE ts IN ({', '.join(map(str, bad))})") == []
    again = trade(folder / "j.db", fixed(bundle_of(folder, 4)), spoiled, 100)
    assert again.quarantined == 4


def test_the_breaker_halts_and_stays_halted_after_a_restart(folder: Path) -> None:
    model = random_model(4, costs=costs_of(fee_bps=200.0), limits=limits_of(halt_drawdown=0.02))
    bundle = write_model(folder / "b", model)
    assert trade(folder / "j.db", fixed(bundle), BARS.slice(0, 500), 100).state == "HALTED"
    before = rows(folder / "j.db", "SELECT COUNT(*) FROM intents")
    status = trade(folder / "j.db", fixed(bundle), BARS, 100)
    assert status.state == "HALTED"
    assert rows(folder / "j.db", "SELECT COUNT(*) FROM intents") == before
    assert rows(folder / "j.db", "SELECT code FROM decisions ORDER BY ts DESC LIMIT 1") == [("RISK_HALTED",)]


class Promoting:
    """Promotes something after a bar."""

    def __init__(self, promotions: Promotions, after_ts: int, pointer: object) -> None:
        self._promotions, self._after, self._pointer = promotions, after_ts, pointer

    def __call__(self, tick: Tick) -> None:
        if tick.ts == self._after:
            self._promotions.pointer = self._pointer  # pyright: ignore[reportAttributeAccessIssue]


def swapped_ledger(bars: Bars, first: int, second: int, start: int, swap: int) -> tuple[list[dict], float]:
    """What a run must do that changes its model between two bars: a stream of each, one account."""
    from trading.engines.stream import SignalStream
    from trading.simulation.parameters import model_parameters, policy_of
    from trading.simulation.trades import ledger_rows
    from trading.steps.account import EQUITY, TRADE_SIZE, new_account
    from trading.steps.bar import Bar
    from trading.steps.breakers import ALLOWED
    from trading.steps.decision import close_step
    from trading.steps.policy import ACTIONS
    from trading.steps.venue import CLOSED, venue_step

    models = [random_model(first), random_model(second)]
    streams = [SignalStream(model) for model in models]
    state, trades = new_account(models[0].spec.limits.initial_equity), []
    for t in range(len(bars)):
        bar = Bar(*bars.row(t))
        views = [stream.on_bar(bar) for stream in streams]
        if t < start:
            continue
        which = 0 if t < swap else 1
        model, p = models[which], model_parameters(models[which])
        record = np.zeros(TRADE_SIZE)
        if venue_step(state, p, bar, record) & CLOSED:
            trades.append(record)
        observation, action = np.empty(len(model.spec.observation_names)), np.empty(len(ACTIONS))
        code = close_step(state, p, views[which], policy_of(model), observation, action)
        assert code >= ALLOWED
    return ledger_rows(np.array(trades)), float(state[EQUITY])


@pytest.mark.parametrize("swap", [101, 250, 333, 334, 335, 336, 337])
def test_a_promoted_model_takes_over_between_two_bars_and_the_account_carries_over(folder: Path, swap: int) -> None:
    old, new = bundle_of(folder, 4), bundle_of(folder, 2)
    promotions = Promotions(pointer_to(old, 1))
    status = trade(
        folder / "j.db", promotions, BARS, 100, Promoting(promotions, int(BARS.ts[swap - 1]), pointer_to(new, 2))
    )
    trades, equity = swapped_ledger(BARS, 4, 2, 100, swap)
    assert trades_of(folder / "j.db") == trades
    assert status.equity == pytest.approx(equity, rel=1e-12)
    assert (status.swaps, status.version, status.bundle_digest) == (1, 2, new.digest)
    assert rows(folder / "j.db", "SELECT ts, from_bundle, to_bundle FROM swaps") == [
        (int(BARS.ts[swap - 1]), old.digest, new.digest)
    ]
    assert rows(folder / "j.db", "SELECT DISTINCT bundle FROM decisions ORDER BY ts") == [(old.digest,), (new.digest,)]


def test_a_bundle_promoted_while_the_runner_was_down_takes_over_at_its_start(folder: Path) -> None:
    old, new = bundle_of(folder, 4), bundle_of(folder, 2)
    trade(folder / "j.db", fixed(old), BARS.slice(0, 335), 100)
    trade(folder / "j.db", fixed(new), BARS, 100)
    assert trades_of(folder / "j.db") == swapped_ledger(BARS, 4, 2, 100, 335)[0]


def flip_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("name", ["bundle.json", "weights.safetensors", "gates.json", "manifest.json", "card.md"])
def test_a_bundle_with_one_flipped_bit_is_refused_and_the_old_one_goes_on(folder: Path, name: str) -> None:
    old, new = bundle_of(folder, 4), bundle_of(folder, 2)
    flip_bit(new.folder / name)
    promotions = Promotions(pointer_to(old, 1))
    status = trade(folder / "j.db", promotions, BARS, 100, Promoting(promotions, int(BARS.ts[300]), pointer_to(new, 2)))
    assert status.bundle_digest == old.digest
    assert (status.swaps, status.refusals) == (0, 1)
    assert rows(folder / "j.db", "SELECT ts, subject, code FROM refusals") == [
        (int(BARS.ts[300]), new.digest, "BUNDLE_CORRUPT")
    ]
    assert status.ledger_sha256 == run_backtest(random_model(4), BARS, 100).ledger_sha256
    # The same after a restart: the registry still offers the broken one.
    again = trade(folder / "j.db", promotions, BARS, 100)
    assert (again.bundle_digest, again.refusals) == (old.digest, 2)


def test_a_bundle_that_cannot_be_opened_here_is_refused_and_the_old_one_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = bundle_of(folder, 4), bundle_of(folder, 2)
    promotions = Promotions(pointer_to(old, 1))

    def refuse(model: object, bars: object) -> None:
        raise RegistryError(ReasonCode.BUNDLE_INVALID, "it needs what is not installed here.", remedy="Install it.")

    monkeypatch.setattr("trading.live.runner.caught_up", refuse)
    status = trade(folder / "j.db", promotions, BARS, 100, Promoting(promotions, int(BARS.ts[300]), pointer_to(new, 2)))
    assert (status.bundle_digest, status.swaps, status.refusals) == (old.digest, 0, 1)
    assert status.ledger_sha256 == run_backtest(random_model(4), BARS, 100).ledger_sha256


def test_a_bundle_that_was_not_approved_or_trades_another_market_is_refused(folder: Path) -> None:
    old = bundle_of(folder, 4)
    rejected = write_model(folder / "rejected", random_model(2), decision="REJECTED")
    spec = random_model(2).spec.model_copy(update={"symbol": "OTHER"})
    foreign = write_model(folder / "foreign", replace(random_model(2), spec=spec))
    promotions = Promotions(pointer_to(old, 1))

    def promote(tick: Tick) -> None:
        if tick.ts == int(BARS.ts[200]):
            promotions.pointer = pointer_to(rejected, 2)
        if tick.ts == int(BARS.ts[300]):
            promotions.pointer = pointer_to(foreign, 3)

    status = trade(folder / "j.db", promotions, BARS, 100, promote)
    assert status.bundle_digest == old.digest
    assert [row[0] for row in rows(folder / "j.db", "SELECT code FROM refusals")] == [
        "MODEL_NOT_APPROVED",
        "JOURNAL_MISMATCH",
    ]


def test_a_damaged_pointer_is_refused_and_the_model_goes_on(folder: Path) -> None:
    bundle, path = bundle_of(folder, 4), folder / "current.json"
    write_pointer(path, pointer_to(bundle, 1))

    def damage(tick: Tick) -> None:
        if tick.ts == int(BARS.ts[200]):
            path.write_text("{")

    status = trade(folder / "j.db", PointerFile(path), BARS, 100, damage)
    assert status.refusals == 1
    assert status.bars == len(BARS) - 100
    # The same after a restart: it is still damaged.
    assert trade(folder / "j.db", PointerFile(path), BARS, 100).refusals == 2
    assert rows(folder / "j.db", "SELECT subject, code FROM refusals") == [("pointer", "BUNDLE_INVALID")] * 2
    write_pointer(path, pointer_to(bundle, 2))
    assert trade(folder / "j.db", PointerFile(path), BARS, 100).version == 2


def test_a_runner_with_no_model_says_so(folder: Path) -> None:
    with closing(Journal(folder / "j.db")) as journal, pytest.raises(LiveError, match="NO_MODEL"):
        open_runner(journal, Promotions(None))


def test_a_first_model_that_does_not_verify_stops_the_start(folder: Path) -> None:
    bundle = bundle_of(folder, 4)
    flip_bit(bundle.folder / "weights.safetensors")
    with closing(Journal(folder / "j.db")) as journal, pytest.raises(RegistryError, match="BUNDLE_CORRUPT"):
        open_runner(journal, fixed(bundle))


@pytest.mark.parametrize("change", [{"symbol": "OTHER"}, {"interval": 2 * HOUR_MS}])
def test_a_journal_of_another_market_is_refused(folder: Path, change: dict[str, object]) -> None:
    trade(folder / "j.db", fixed(bundle_of(folder, 4)), BARS.slice(0, 120), 100)
    spec = random_model(4).spec.model_copy(update=change)
    other = write_model(folder / "other", replace(random_model(4), spec=spec))
    with closing(Journal(folder / "j.db")) as journal, pytest.raises(LiveError) as error:
        open_runner(journal, fixed(other))
    assert error.value.code is ReasonCode.JOURNAL_MISMATCH


def test_a_journal_is_not_continued_on_other_bars_or_from_another_start(folder: Path) -> None:
    bundle = bundle_of(folder, 4)
    trade(folder / "j.db", fixed(bundle), BARS.slice(0, 120), 100)
    with pytest.raises(LiveError, match="JOURNAL_MISMATCH"):
        trade(folder / "j.db", fixed(bundle), small_bars(30, seed=8), 100)
    with pytest.raises(LiveError, match="JOURNAL_MISMATCH"):
        trade(folder / "j.db", fixed(bundle), BARS, 101)
    with closing(Journal(folder / "j.db")) as journal:
        runner = open_runner(journal, fixed(bundle))
        with pytest.raises(LiveError, match="JOURNAL_MISMATCH"):
            runner.run(replay_of(replace(BARS, symbol="OTHER")))


def test_a_second_runner_on_the_same_journal_is_refused(folder: Path) -> None:
    with closing(Journal(folder / "j.db")), pytest.raises(LiveError) as error:
        Journal(folder / "j.db")
    assert error.value.code is ReasonCode.JOURNAL_BUSY


def test_a_journal_that_cannot_be_written_stops_the_runner_before_it_submits(folder: Path) -> None:
    with closing(Journal(folder / "j.db")) as journal:
        runner = open_runner(journal, fixed(bundle_of(folder, 4)), start_ms=int(BARS.ts[100]))
        pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
        journal._db.execute(f"PRAGMA max_page_count = {pages + 10}")
        with pytest.raises(LiveError) as error:
            runner.run(replay_of(BARS))
    assert error.value.code is ReasonCode.JOURNAL_FAILED
    status = status_of(folder / "j.db")
    assert status is not None
    # With room again it goes on from the last whole bar.
    assert trade(folder / "j.db", fixed(bundle_of(folder, 4)), BARS, 100).ledger_sha256 == (
        run_backtest(random_model(4), BARS, 100).ledger_sha256
    )
