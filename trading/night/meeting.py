"""The meeting of a night's candidate with the champion: both on the same bars, their records, and the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from trading.arrays import Floats
from trading.checks.evidence import Evidence, LiveRecord
from trading.engines.regimes.matching import match_regimes
from trading.gates.live_consistency import LiveAnswer, decayed, live_answer
from trading.gates.metrics import failed_metrics
from trading.gates.verdict import Verdict
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.night.artifacts import (
    BACKTEST,
    BARS,
    COMPARISON,
    EVIDENCE,
    LIVE_RECORD,
    MODEL,
    SPLITS,
    VERDICT,
    ComparisonRecord,
)
from trading.night.live_records import finite, live_record_of
from trading.night.outcome import Candidate, Champion, ChampionSnapshot, RegisteredCandidate
from trading.night.workspace import Night
from trading.registry.contest import Meeting, PromotionRule, Side
from trading.registry.entries import Entry, contested_since_entry, quarantined, stages
from trading.registry.promotion import PromotionDecision, await_approval, decide_promotion
from trading.results import Number
from trading.seeds import seed_for
from trading.settings.models import PromotionSpec
from trading.simulation.metrics.returns import bar_returns
from trading.statistics.paired import MEAN_BLOCK, PairedDifference, paired_sharpe_difference
from trading.steps.account import TRADE_PNL
from trading.store import Ref, Store

if TYPE_CHECKING:
    from trading.simulation.backtest import BacktestResult


class Entrant(NamedTuple):
    """Who wants to enter Production, traded over the test bars of the night's candidate at the candidate's costs.

    Attributes:
        version: in the registry.
        bundle_digest: of its bundle.
        tag: of its engine.
        verdict: of its seven gates.
        metrics: of its trades over those bars.
        equity: shape (n,), at the closes of those bars.
        initial_equity: that it began with.
        bars_per_year: of its market.
        alpha_t: t of its return beyond the market's, by its own evidence; None if that has none.
        backtest_se: standard error of the Sharpe ratio that its own night showed; None if it is not known.
    """

    version: int
    bundle_digest: str
    tag: str
    verdict: Verdict
    metrics: Mapping[str, float]
    equity: Floats
    initial_equity: float
    bars_per_year: float
    alpha_t: Number
    backtest_se: Number


class Opponent(NamedTuple):
    """The champion that entrants meet.

    Attributes:
        champion: who is in Production.
        comparison: it on the test bars of the night's candidate; None if it is of a later moment than the night.
        live: its live record, if it is the champion that the night began with and has one.
    """

    champion: Champion
    comparison: ComparisonRecord | None
    live: LiveRecord | None


class DecidedMeeting(NamedTuple):
    """A decision, and what it was taken on."""

    decision: PromotionDecision
    meeting: Meeting | None
    comparison_ref: Ref[ComparisonRecord] | None
    opponent: Opponent | None


def decide_candidate(
    night: Night,
    registered: RegisteredCandidate,
    champion: Champion | None,
    snapshot: ChampionSnapshot,
    history: Sequence[Entry],
) -> DecidedMeeting:
    """Let a night's candidate meet the champion, and decide where it goes.

    Args:
        night: its thresholds and its rule of promotion.
        registered: the candidate.
        champion: who is in Production now; None if nothing is.
        snapshot: the champion that the night began with, and its live record.
        history: the ledger's entries of the model.
    """
    opponent, comparison_ref = None, None
    if champion is not None:
        opponent, comparison_ref = meet_champion(night, registered.candidate, champion, snapshot)
    entrant = entrant_of(night.store, registered)
    decision, meeting = decide_entrant(
        night, entrant, opponent, history, night.store.get(BARS, registered.candidate.bars_ref)
    )
    # A night that was killed after the approval finds its version in Production: it has been approved.
    entered = stages(history).get(registered.version) == "Production"
    if night.settings.promotion.mode == "manual" and not entered:
        decision = await_approval(decision)
    return DecidedMeeting(decision, meeting, comparison_ref, opponent)


def meet_champion(
    night: Night, candidate: Candidate, champion: Champion, snapshot: ChampionSnapshot
) -> tuple[Opponent, Ref[ComparisonRecord] | None]:
    """The champion on the candidate's test bars, with its live record.

    Args:
        night: holds the models and bars.
        candidate: whose bars and costs they are.
        champion: who is in Production now.
        snapshot: the champion that the night began with, and its live record.
    """
    store = night.store
    # A champion of a later moment may have been trained on these very bars: there is nothing to compare.
    if champion.as_of_ms > night.plan.as_of_ms:
        return Opponent(champion, None, None), None
    known = snapshot.champion is not None and snapshot.champion.bundle_digest == champion.bundle_digest
    live = store.get(LIVE_RECORD, snapshot.live_ref) if known and snapshot.live_ref is not None else None
    comparison_ref = compare_with_champion(store, candidate, champion)
    return Opponent(champion, store.get(COMPARISON, comparison_ref), live), comparison_ref


def decide_entrant(
    night: Night, entrant: Entrant, opponent: Opponent | None, history: Sequence[Entry], market: Bars
) -> tuple[PromotionDecision, Meeting | None]:
    """Let an entrant meet the champion, and decide where it goes by the one rule there is.

    Args:
        night: its thresholds and its rule of promotion.
        entrant: who wants to enter.
        opponent: the champion; None if nothing is in Production.
        history: the ledger's entries of the model.
        market: the night's bars, which a live record has to be of.
    """
    held = quarantined(history).get(entrant.version)
    meeting = None if opponent is None else _meeting(night, entrant, opponent, history, market)
    decision = decide_promotion(
        entrant.verdict,
        candidate_sharpe=entrant.metrics["sharpe"],
        meeting=meeting,
        rule=_rule(night.settings.promotion),
        held="" if held is None else f"{held.action} on {held.at}, {held.reason}",
    )
    return decision, meeting


def entrant_of(store: Store, registered: RegisteredCandidate) -> Entrant:
    """A night's own candidate, as its backtest has it.

    Args:
        store: holds its artifacts.
        registered: the candidate.
    """
    candidate = registered.candidate
    spec, backtest = store.get(MODEL, candidate.model_ref).spec, store.get(BACKTEST, candidate.backtest_ref)
    return Entrant(
        version=registered.version,
        bundle_digest=candidate.bundle_digest,
        tag=candidate.tag,
        verdict=store.get(VERDICT, candidate.verdict_ref),
        metrics=backtest.metrics,
        equity=backtest.equity,
        initial_equity=spec.limits.initial_equity,
        bars_per_year=spec.bars_per_year,
        alpha_t=alpha_t_of(store.get(EVIDENCE, candidate.evidence_ref)),
        backtest_se=finite(backtest.metrics.get("sharpe_daily_se")),
    )


def alpha_t_of(evidence: Evidence) -> Number:
    """The t of a model's return beyond the market's; None if its evidence has none.

    Args:
        evidence: of the model.
    """
    return finite(evidence.checks.get("benchmark", {}).get("alpha_t"))


def own_record_of(night: Night, bundle_digest: str, market: Bars, backtest_se: Number) -> LiveRecord | None:
    """The record of a model that traded as a study or as a version, up to the moment of a night; None without one.

    Args:
        night: where the journals are, and as of when.
        bundle_digest: of the model.
        market: the night's bars; a record of others is none.
        backtest_se: standard error of the Sharpe ratio that the model's own night showed; None if it is not known.
    """
    return live_record_of(
        night.runtime,
        night.settings.gates,
        bundle_digest,
        market,
        backtest_se,
        until_ms=night.plan.as_of_ms,
        study=True,
    )


def trade_again(store: Store, candidate: Candidate, model: TradingModel) -> BacktestResult:
    """Trade another model over a candidate's test bars at the candidate's costs and on its instrument.

    Args:
        store: holds the candidate's model and bars.
        candidate: whose bars and costs they are.
        model: what trades.
    """
    from trading.simulation.backtest import run_backtest

    own = store.get(MODEL, candidate.model_ref).spec
    spec = model.spec.model_copy(update={"costs": own.costs, "instrument": own.instrument})
    part = store.get(SPLITS, candidate.splits_ref).test
    return run_backtest(replace(model, spec=spec), store.get(BARS, candidate.bars_ref), part.start, part.stop)


def compare_with_champion(store: Store, candidate: Candidate, champion: Champion) -> Ref[ComparisonRecord]:
    """Trade the champion over the candidate's test bars at the candidate's costs, and match the regimes of both.

    Args:
        store: holds the models and bars.
        candidate: whose bars and costs they are.
        champion: what trades.
    """
    held = store.get(MODEL, champion.model_ref)
    result = trade_again(store, candidate, held)
    record = ComparisonRecord(
        version=champion.version,
        bundle_digest=champion.bundle_digest,
        champion=dict(result.metrics),
        candidate=store.get(BACKTEST, candidate.backtest_ref).metrics,
        regimes=match_regimes(store.get(MODEL, candidate.model_ref), held),
        ts=result.ts,
        equity=result.equity,
        outcomes=outcomes_of(result),
    )
    return store.put(COMPARISON, record)


def outcomes_of(result: BacktestResult) -> str:
    """One character a trade that closed, in order: 1 if it gained, else 0.

    Args:
        result: of a backtest.
    """
    return "".join("1" if pnl > 0.0 else "0" for pnl in result.closed[:, TRADE_PNL].tolist())


def _meeting(night: Night, entrant: Entrant, opponent: Opponent, history: Sequence[Entry], market: Bars) -> Meeting:
    champion, comparison, limits = opponent.champion, opponent.comparison, night.settings.gates.model_dump()
    shadow = own_record_of(night, entrant.bundle_digest, market, entrant.backtest_se)
    met = Meeting(
        candidate=_side(entrant.version, entrant.tag, entrant.metrics),
        champion=_side(champion.version, champion.tag, {} if comparison is None else comparison.champion),
        contest=1 + len(contested_since_entry(history, champion.version) - {entrant.version}),
        alpha_t=entrant.alpha_t,
        live=live_answer(opponent.live, limits) if comparison is not None else LiveAnswer.NO_RECORD,
        shadow=live_answer(shadow, limits),
        decayed=comparison is not None and decayed(opponent.live, limits),
    )
    if comparison is None:
        return met
    # Its own gates: a night with stricter ones for its candidates retires nobody.
    own_limits = {**limits, **champion.thresholds}
    failed = failed_metrics(comparison.champion, own_limits, outcomes=comparison.outcomes)
    failures = tuple(rule.message for rule in failed)
    found = _paired(night, entrant, champion, comparison)
    return met.compared(found, len(entrant.equity) / MEAN_BLOCK).model_copy(update={"champion_failures": failures})


def _rule(spec: PromotionSpec) -> PromotionRule:
    return PromotionRule(
        min_improvement=spec.min_improvement,
        significance=spec.significance,
        min_alpha_t=spec.min_alpha_t,
        max_deficit=spec.max_deficit,
    )


def _paired(night: Night, entrant: Entrant, champion: Champion, other: ComparisonRecord) -> PairedDifference:
    """The paired bootstrap of both over the test bars; a number that cannot be told is None."""
    held = night.store.get(MODEL, champion.model_ref).spec
    found = paired_sharpe_difference(
        bar_returns(entrant.equity, entrant.initial_equity),
        bar_returns(other.equity, held.limits.initial_equity),
        periods_per_year=entrant.bars_per_year,
        seed=seed_for(night.plan.seeds["root"], night.symbol, "promotion", entrant.bundle_digest),
    )
    return found._make(map(finite, found))


def _side(version: int, tag: str, metrics: Mapping[str, float]) -> Side:
    shown = {name: finite(metrics.get(name)) for name in ("sharpe", "max_drawdown", "total_return")}
    return Side(version=version, tag=tag, **shown)
