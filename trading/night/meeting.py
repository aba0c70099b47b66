"""The meeting of a night's candidate with the champion: both on the same bars, their records, and the decision."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from trading.checks.evidence import LiveRecord
from trading.engines.regimes.matching import match_regimes
from trading.gates.live_consistency import LiveAnswer, decayed, live_answer
from trading.gates.metrics import failed_metrics
from trading.market.bars import Bars
from trading.night.artifacts import (
    BACKTEST,
    BARS,
    COMPARISON,
    EVIDENCE,
    LIVE_RECORD,
    MODEL,
    SPLITS,
    VERDICT,
    BacktestRecord,
    ComparisonRecord,
)
from trading.night.outcome import Candidate, Champion, ChampionSnapshot, RegisteredCandidate
from trading.night.workspace import Night
from trading.registry.contest import Meeting, PromotionRule, Side
from trading.registry.entries import Entry, contests_since_entry, quarantined, stages
from trading.registry.promotion import PromotionDecision, await_approval, decide_promotion
from trading.results import Number
from trading.seeds import seed_for
from trading.settings.locations import locations
from trading.settings.models import PromotionSpec
from trading.simulation.metrics.returns import bar_returns
from trading.statistics.paired import MEAN_BLOCK, PairedDifference, paired_sharpe_difference
from trading.steps.account import TRADE_PNL
from trading.store import Ref, Store


class DecidedMeeting(NamedTuple):
    """A decision, and what it was taken on."""

    decision: PromotionDecision
    meeting: Meeting | None
    comparison_ref: Ref[ComparisonRecord] | None


def decide_candidate(
    night: Night,
    registered: RegisteredCandidate,
    champion: Champion | None,
    snapshot: ChampionSnapshot,
    history: Sequence[Entry],
) -> DecidedMeeting:
    """Let a candidate meet the champion, and decide where it goes.

    Args:
        night: its thresholds and its rule of promotion.
        registered: the candidate.
        champion: who is in Production now; None if nothing is.
        snapshot: the champion that the night began with, and its live record.
        history: the ledger's entries of the model.
    """
    store, candidate = night.store, registered.candidate
    backtest = store.get(BACKTEST, candidate.backtest_ref)
    held = quarantined(history).get(registered.version)
    # A champion of a later moment may have been trained on these very bars: there is nothing to compare.
    comparable = champion is not None and champion.as_of_ms <= night.plan.as_of_ms
    comparison_ref = compare_with_champion(store, candidate, champion) if champion and comparable else None
    meeting: Meeting | None = None
    if champion is not None:
        comparison = None if comparison_ref is None else store.get(COMPARISON, comparison_ref)
        meeting = _meeting(night, registered, champion, snapshot, history, comparison)
    decision = decide_promotion(
        store.get(VERDICT, candidate.verdict_ref),
        candidate_sharpe=backtest.metrics["sharpe"],
        meeting=meeting,
        rule=_rule(night.settings.promotion),
        held="" if held is None else f"{held.action} on {held.at}, {held.reason}",
    )
    # A night that was killed after the approval finds its version in Production: it has been approved.
    entered = stages(history).get(registered.version) == "Production"
    if night.settings.promotion.mode == "manual" and not entered:
        decision = await_approval(decision)
    return DecidedMeeting(decision, meeting, comparison_ref)


def compare_with_champion(store: Store, candidate: Candidate, champion: Champion) -> Ref[ComparisonRecord]:
    """Trade the champion over the candidate's test bars at the candidate's costs, and match the regimes of both.

    Args:
        store: holds the models and bars.
        candidate: whose bars and costs they are.
        champion: what trades.
    """
    from trading.simulation.backtest import run_backtest

    model, held = store.get(MODEL, candidate.model_ref), store.get(MODEL, champion.model_ref)
    held = replace(
        held, spec=held.spec.model_copy(update={"costs": model.spec.costs, "instrument": model.spec.instrument})
    )
    part = store.get(SPLITS, candidate.splits_ref).test
    result = run_backtest(held, store.get(BARS, candidate.bars_ref), part.start, part.stop)
    record = ComparisonRecord(
        version=champion.version,
        bundle_digest=champion.bundle_digest,
        champion=dict(result.metrics),
        candidate=store.get(BACKTEST, candidate.backtest_ref).metrics,
        regimes=match_regimes(model, held),
        ts=result.ts,
        equity=result.equity,
        outcomes="".join("1" if pnl > 0.0 else "0" for pnl in result.closed[:, TRADE_PNL].tolist()),
    )
    return store.put(COMPARISON, record)


def live_record_of(
    night: Night, bundle_digest: str, market: Bars, backtest_se: float | None, *, study: bool = False
) -> LiveRecord | None:
    """The longest record that any runner's journal holds of a model, up to the moment of the night.

    Args:
        night: where the journals are, and as of when.
        bundle_digest: of the model.
        market: the night's bars; a record of others is none.
        backtest_se: standard error of the backtest's Sharpe ratio; None if it is not known.
        study: count a bundle that was traded by its folder too; else only what traded as a registered version.
    """
    from trading.live.record import Promise, live_record
    from trading.live.status import journals

    promise = Promise(math.nan if backtest_se is None else backtest_se, night.settings.gates.min_live_ratio)
    found = [
        live_record(journal, digest=bundle_digest, until_ms=night.plan.as_of_ms, market=market, promise=promise)
        for journal in journals(locations(night.runtime).live)
    ]
    records = [record for record in found if record is not None and (study or record.version)]
    return max(records, key=lambda record: record.bars or 0, default=None)


def backtest_error(evidence: Mapping[str, Any]) -> float | None:
    """Standard error of the Sharpe ratio that a bundle's evidence shows; None if it does not say.

    Args:
        evidence: JSON of a bundle.
    """
    return _finite(evidence.get("metrics", {}).get("sharpe_daily_se"))


def _meeting(
    night: Night,
    registered: RegisteredCandidate,
    champion: Champion,
    snapshot: ChampionSnapshot,
    history: Sequence[Entry],
    comparison: ComparisonRecord | None,
) -> Meeting:
    store, candidate, limits = night.store, registered.candidate, night.settings.gates.model_dump()
    own = store.get(BACKTEST, candidate.backtest_ref)
    known = snapshot.champion is not None and snapshot.champion.bundle_digest == champion.bundle_digest
    live = store.get(LIVE_RECORD, snapshot.live_ref) if known and snapshot.live_ref is not None else None
    shadow = live_record_of(
        night,
        candidate.bundle_digest,
        store.get(BARS, candidate.bars_ref),
        _finite(own.metrics.get("sharpe_daily_se")),
        study=True,
    )
    met = Meeting(
        candidate=_side(registered.version, candidate.tag, own.metrics),
        champion=_side(champion.version, champion.tag, {} if comparison is None else comparison.champion),
        contest=1 + contests_since_entry(history, champion.version, besides=registered.version),
        alpha_t=_finite(store.get(EVIDENCE, candidate.evidence_ref).checks.get("benchmark", {}).get("alpha_t")),
        live=live_answer(live, limits) if comparison is not None else LiveAnswer.NO_RECORD,
        shadow=live_answer(shadow, limits),
        decayed=comparison is not None and decayed(live, limits),
    )
    if comparison is None:
        return met
    # Its own gates: a night with stricter ones for its candidates retires nobody.
    own_limits = {**limits, **champion.thresholds}
    failed = failed_metrics(comparison.champion, own_limits, outcomes=comparison.outcomes)
    failures = tuple(rule.message for rule in failed)
    return met.compared(_paired(night, candidate, champion, own, comparison), len(own.ts) / MEAN_BLOCK).model_copy(
        update={"champion_failures": failures}
    )


def _rule(spec: PromotionSpec) -> PromotionRule:
    return PromotionRule(
        min_improvement=spec.min_improvement,
        significance=spec.significance,
        min_alpha_t=spec.min_alpha_t,
        max_deficit=spec.max_deficit,
    )


def _paired(
    night: Night, candidate: Candidate, champion: Champion, own: BacktestRecord, other: ComparisonRecord
) -> PairedDifference:
    """The paired bootstrap of both over the test bars; a number that cannot be told is None."""
    store = night.store
    spec, held = store.get(MODEL, candidate.model_ref).spec, store.get(MODEL, champion.model_ref).spec
    found = paired_sharpe_difference(
        bar_returns(own.equity, spec.limits.initial_equity),
        bar_returns(other.equity, held.limits.initial_equity),
        periods_per_year=spec.bars_per_year,
        seed=seed_for(night.plan.seeds["root"], night.symbol, "promotion", candidate.bundle_digest),
    )
    return found._make(map(_finite, found))


def _side(version: int, tag: str, metrics: Mapping[str, float]) -> Side:
    shown = {name: _finite(metrics.get(name)) for name in ("sharpe", "max_drawdown", "total_return")}
    return Side(version=version, tag=tag, **shown)


def _finite(value: Any) -> Number:
    """A finite number, or None; JSON keeps NaN and infinity as text."""
    try:
        number = math.nan if value is None else float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
