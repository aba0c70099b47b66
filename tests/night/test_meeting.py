"""The meeting of candidate and champion through the real path: stored models, traded bars, a runner's own journal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.checks.samples import good_evidence
from tests.live.support import Promotions, pointer_to, trade, write_model
from tests.support import random_model, small_bars
from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.engines.stream import model_lookback
from trading.gates.live_consistency import LiveAnswer
from trading.gates.verdict import judge
from trading.market.bars import Bars
from trading.night.artifacts import (
    BACKTEST,
    BARS,
    BUNDLE,
    EVIDENCE,
    LIVE_RECORD,
    MODEL,
    SPLITS,
    VERDICT,
    BacktestRecord,
)
from trading.night.live_records import live_record_of
from trading.night.meeting import DecidedMeeting, decide_candidate
from trading.night.outcome import Candidate, Champion, ChampionSnapshot, RegisteredCandidate
from trading.night.workspace import Night, open_night
from trading.registry.entries import Entry
from trading.settings.models import GateSpec, RuntimeSpec, SevengatesSettings
from trading.simulation.backtest import run_backtest
from trading.simulation.metrics.returns import bar_returns
from trading.splits import Range, Splits

BARS_HERE = small_bars(60)
TEST = Range(600, len(BARS_HERE))
EASY = GateSpec(
    min_sharpe=-100.0,
    min_win_rate=0.0,
    min_profit_factor=0.0,
    max_drawdown=1.0,
    max_volatility=100.0,
    max_consecutive_losses=10_000,
)
Decide = Callable[..., DecidedMeeting]


@pytest.fixture
def night(tmp_path: Path) -> Night:
    settings = SevengatesSettings(runtime=RuntimeSpec(home=str(tmp_path / "home")), gates=EASY)
    return open_night(settings, "SIM", "2021-03-02")


def candidate_of(night: Night, evidence: Evidence) -> RegisteredCandidate:
    """The candidate, registered as version 2, that traded its test split."""
    model, store = random_model(4), night.store
    result = run_backtest(model, BARS_HERE, TEST.start, TEST.stop)
    record = BacktestRecord(
        metrics=dict(result.metrics),
        trades=result.trades,
        ledger_sha256=result.ledger_sha256,
        ts=result.ts,
        equity=result.equity,
    )
    splits = Splits(
        train=Range(0, 300), validation=Range(400, 500), test=TEST, bars=len(BARS_HERE), lookback=50, max_holding=24
    )
    return RegisteredCandidate(
        candidate=Candidate(
            engine="regimes",
            tag="new",
            bars_ref=store.put(BARS, BARS_HERE),
            splits_ref=store.put(SPLITS, splits),
            model_ref=store.put(MODEL, model),
            backtest_ref=store.put(BACKTEST, record),
            evidence_ref=store.put(EVIDENCE, evidence),
            verdict_ref=store.put(VERDICT, judge(evidence, GateSpec().model_dump())),
            bundle_ref=store.put(BUNDLE, {}),
            bundle_digest="cd" * 32,
        ),
        version=2,
    )


def champion_of(night: Night, **changes: Any) -> Champion:
    model_ref = night.store.put(MODEL, random_model(2))
    champion = Champion(version=1, bundle_digest="ab" * 32, as_of_ms=0, model_ref=model_ref, tag="old")
    return champion.model_copy(update=changes)


@pytest.fixture
def decide(night: Night) -> Decide:
    """``decide(live=..., history=..., champion=..., evidence=...)``."""

    def call(
        *,
        live: Any = None,
        history: tuple[Entry, ...] = (),
        champion: Champion | None = None,
        evidence: Evidence | None = None,
    ) -> DecidedMeeting:
        met = champion or champion_of(night)
        snapshot = ChampionSnapshot(champion=met, live_ref=None if live is None else night.store.put(LIVE_RECORD, live))
        return decide_candidate(night, candidate_of(night, evidence or good_evidence()), met, snapshot, history)

    return call


def test_both_are_compared_on_the_same_bars_with_an_error_and_what_would_have_been_needed(
    night: Night, decide: Decide
) -> None:
    decision, meeting, comparison_ref, _ = decide()
    assert meeting is not None
    assert comparison_ref is not None
    one, other = (run_backtest(random_model(seed), BARS_HERE, TEST.start, TEST.stop) for seed in (4, 2))
    assert meeting.candidate.sharpe == one.metrics["sharpe"]
    assert meeting.champion.sharpe == other.metrics["sharpe"]
    assert (meeting.candidate.tag, meeting.champion.tag) == ("new", "old")
    returns = [bar_returns(run.equity, 100_000.0) for run in (one, other)]
    assert meeting.correlation == pytest.approx(np.corrcoef(returns[0], returns[1])[0, 1])
    assert meeting.se is not None
    assert meeting.se > 0.0
    assert decision.numbers["needed"] > 1.0
    assert decide()[:3] == (decision, meeting, comparison_ref)


def test_the_t_of_alpha_is_read_from_the_evidence_of_the_check_benchmark(decide: Decide) -> None:
    for written, read in ((2.5, 2.5), ("NaN", None), (None, None)):
        evidence = good_evidence()
        checks = {**evidence.checks, "benchmark": {"alpha_t": written}}
        meeting = decide(evidence=evidence.model_copy(update={"checks": checks})).meeting
        assert meeting is not None
        assert meeting.alpha_t == read
    evidence = good_evidence()
    spared = {name: section for name, section in evidence.checks.items() if name != "benchmark"}
    without = decide(evidence=evidence.model_copy(update={"checks": spared})).meeting
    assert without is not None
    assert without.alpha_t is None


def test_a_champion_that_fails_its_own_gates_on_the_newest_bars_is_retired_and_stricter_ones_of_tonight_retire_nobody(
    night: Night, decide: Decide
) -> None:
    decision = decide(champion=champion_of(night, thresholds={"max_volatility": 1e-6})).decision
    assert decision.champion == "retire"
    assert "volatility" in decision.champion_reason
    own = {name: value for name, value in EASY.model_dump().items() if not name.startswith("min_live")}
    strict = GateSpec(min_sharpe=99.0)
    settings = night.settings.model_copy(update={"gates": strict})
    tonight = night.model_copy(update={"plan": night.plan.model_copy(update={"settings": settings})})
    met = champion_of(night, thresholds=own)
    found = decide_candidate(tonight, candidate_of(night, good_evidence()), met, ChampionSnapshot(champion=met), ())
    assert found.decision.champion == "stays"


def test_a_champion_of_a_later_moment_is_met_by_nothing_and_stays(night: Night, decide: Decide) -> None:
    later = champion_of(night, as_of_ms=night.plan.as_of_ms + 1, thresholds={"max_volatility": 1e-6})
    decision, meeting, comparison_ref, _ = decide(champion=later)
    assert comparison_ref is None
    assert meeting is not None
    assert (decision.champion, decision.action, meeting.live) == ("stays", "staging", LiveAnswer.NO_RECORD)


def journal_of(night: Night, market: Bars = BARS_HERE, *, sharpe: float, version: int | None = 1) -> str:
    """A runner's journal of the champion under the night's home; the digest of its bundle."""
    bundle = write_model(night.places.home / "bundle", random_model(2), as_of_ms=int(BARS_HERE.ts[200]), sharpe=sharpe)
    path = night.places.live / "sevengates-sim-1h" / "journal.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    trade(path, Promotions(pointer_to(bundle, version)), market, max(200, model_lookback(random_model(2))))
    return bundle.digest


def test_a_champion_far_under_its_backtest_is_demoted_by_its_runners_own_journal(night: Night, decide: Decide) -> None:
    digest = journal_of(night, sharpe=90.0)
    record = live_record_of(night.runtime, night.settings.gates, digest, BARS_HERE, None, until_ms=night.plan.as_of_ms)
    assert record is not None
    decision, meeting, *_ = decide(live=record)
    assert meeting is not None
    assert meeting.live is LiveAnswer.FAIL
    assert (decision.champion, decision.action, decision.code) == ("demote", "production", ReasonCode.OK)


def test_a_journal_of_another_source_demotes_nobody_and_proves_nothing(night: Night, decide: Decide) -> None:
    digest = journal_of(night, small_bars(60, seed=8), sharpe=90.0)
    record = live_record_of(night.runtime, night.settings.gates, digest, BARS_HERE, None, until_ms=night.plan.as_of_ms)
    assert record is not None
    assert record.refused
    decision, meeting, *_ = decide(live=record)
    assert meeting is not None
    assert (meeting.live, decision.champion) == (LiveAnswer.NO_RECORD, "stays")


def test_a_study_counts_for_a_challenger_by_its_digest_and_never_for_a_champion(night: Night) -> None:
    digest = journal_of(night, sharpe=2.0, version=None)
    assert (
        live_record_of(night.runtime, night.settings.gates, digest, BARS_HERE, None, until_ms=night.plan.as_of_ms)
        is None
    )
    study = live_record_of(
        night.runtime, night.settings.gates, digest, BARS_HERE, 1.0, until_ms=night.plan.as_of_ms, study=True
    )
    assert study is not None
    assert study.bundle_digest == digest
    assert study.shrunken_sharpe == 1.5
