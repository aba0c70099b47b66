"""Which of a night's candidates meets the champion, and what becomes of the others."""

from __future__ import annotations

import math

from trading.codes import ReasonCode
from trading.night.artifacts import BACKTEST, VERDICT
from trading.night.outcome import Candidate, OtherCandidate, RegisteredCandidate
from trading.registry.contest import PromotionRule
from trading.registry.promotion import PromotionDecision, decide_promotion
from trading.store import Store


def choose_candidate(store: Store, candidates: tuple[Candidate, ...]) -> int:
    """The place of the best approved candidate by Sharpe ratio on the test split; if none is approved, of the best.

    All candidates of a night are measured on the same bars at the same costs. Of equal ones the first counts.

    Args:
        store: holds their verdicts and backtests.
        candidates: of the night, one for each engine, in the order of the settings.
    """

    def rank(place: int) -> tuple[bool, float]:
        candidate = candidates[place]
        sharpe = sharpe_of(store, candidate)
        return store.get(VERDICT, candidate.verdict_ref).approved, sharpe if math.isfinite(sharpe) else -math.inf

    return max(range(len(candidates)), key=lambda place: (rank(place), -place))


def decide_other(
    store: Store, other: RegisteredCandidate, chosen: RegisteredCandidate
) -> tuple[PromotionDecision, OtherCandidate]:
    """What becomes of a candidate that another engine's has beaten: staged if it was approved, else rejected.

    Args:
        store: holds verdicts and backtests.
        other: the candidate.
        chosen: the one that meets the champion.
    """
    verdict, own = store.get(VERDICT, other.candidate.verdict_ref), sharpe_of(store, other.candidate)
    if verdict.approved:
        best = sharpe_of(store, chosen.candidate)
        decision = PromotionDecision(
            action="staging",
            code=ReasonCode.ENGINE_NOT_BEST,
            reason=f"Approved with a Sharpe ratio of {own:.3f}; version {chosen.version} of the engine "
            f"{chosen.candidate.engine} has {best:.3f} on the same bars and meets the champion.",
            paper_only=verdict.paper_only,
        )
    else:
        decision = decide_promotion(verdict, candidate_sharpe=own, meeting=None, rule=PromotionRule())
    status = "staged" if decision.action == "staging" else "rejected"
    return decision, OtherCandidate(
        candidate=other.candidate, version=other.version, status=status, code=decision.code, reason=decision.reason
    )


def sharpe_of(store: Store, candidate: Candidate) -> float:
    """A candidate's Sharpe ratio on the test split; NaN if nothing moved.

    Args:
        store: holds its backtest.
        candidate: whose it is.
    """
    return store.get(BACKTEST, candidate.backtest_ref).metrics["sharpe"]
