"""The meeting of a candidate with the champion, as numbers: what the promotion rule decides on and people are shown."""

from __future__ import annotations

import math

from scipy.stats import t as student_t

from trading.gates.live_consistency import LiveAnswer
from trading.results import Number, is_finite
from trading.statistics.paired import PairedDifference
from trading.statistics.sequential import spent_alpha
from trading.values import Frozen, Measured


class PromotionRule(Frozen):
    """When a candidate replaces a champion, see the settings table ``[promotion]``.

    Attributes:
        min_improvement: Sharpe gained on the same bars.
        significance: chance of ever replacing a champion by one that is no better, over all its contests.
        min_alpha_t: t of the candidate's return beyond the market's.
        max_deficit: Sharpe by which the successor of a retired champion may be worse, at 95 %.
    """

    min_improvement: float = 0.05
    significance: float = 0.01
    min_alpha_t: float = 2.33
    max_deficit: float = 0.5


class Side(Measured):
    """One of the two that meet, on the same bars.

    Attributes:
        version: in the registry.
        tag: of its engine.
        sharpe: annualised.
        max_drawdown: share of equity.
        total_return: share of the initial equity.
    """

    version: int
    tag: str = ""
    sharpe: Number = None
    max_drawdown: Number = None
    total_return: Number = None


class Meeting(Measured):
    """A candidate and the champion.

    Attributes:
        candidate: who wants to enter.
        champion: who is in Production.
        difference: the candidate's Sharpe ratio less the champion's.
        se: standard error of the difference, by a paired bootstrap.
        low: the difference is not under this, at 95 %.
        high: the difference is not over this, at 95 %.
        p: one-sided, of such a difference if the candidate is not better.
        correlation: of the returns of both.
        blocks: of the bootstrap, how many the bars hold.
        contest: number of this contest since the champion entered, from one.
        alpha_t: t of the candidate's return beyond the market's.
        live: what the champion's live record says.
        shadow: what the candidate's own record says, traded as a study.
        decayed: whether the champion's record proves decay.
        champion_failures: rules of performance and risk that the champion does not keep on these bars, as sentences.
    """

    candidate: Side
    champion: Side
    difference: Number = None
    se: Number = None
    low: Number = None
    high: Number = None
    p: Number = None
    correlation: Number = None
    blocks: Number = None
    contest: int = 1
    alpha_t: Number = None
    live: LiveAnswer = LiveAnswer.NO_RECORD
    shadow: LiveAnswer = LiveAnswer.NO_RECORD
    decayed: bool = False
    champion_failures: tuple[str, ...] = ()

    def compared(self, paired: PairedDifference, blocks: float) -> Meeting:
        """The same meeting with what a paired bootstrap found.

        Args:
            paired: of the returns of both.
            blocks: how many blocks the bars hold.
        """
        return self.model_copy(update={**paired._asdict(), "blocks": blocks})

    @property
    def out(self) -> str:
        """Why the champion has to leave whatever the candidate is, as a sentence; empty if it may stay."""
        if self.live is LiveAnswer.FAIL:
            return "its live record, error added, is under the owner's share of its backtest"
        if self.decayed:
            return "its live record proves that it does not keep the owner's share of what was promised"
        if self.champion_failures:
            return f"it fails its own gates on the newest bars: {'; '.join(self.champion_failures)}"
        return ""


def needed_difference(meeting: Meeting, rule: PromotionRule) -> float:
    """The Sharpe difference from which a contest would be won; NaN if it cannot be told.

    Args:
        meeting: with the error of the difference.
        rule: when a candidate replaces a champion.
    """
    se, blocks = meeting.se, meeting.blocks
    if se is None or blocks is None or not (is_finite(se) and blocks > 1.0):
        return math.nan
    alpha = spent_alpha(rule.significance, meeting.contest)
    return max(rule.min_improvement, float(se * student_t.isf(alpha, blocks - 1.0)))


def meeting_numbers(meeting: Meeting, rule: PromotionRule) -> dict[str, float]:
    """The numbers of a meeting that are finite, by name, as a decision keeps them.

    Args:
        meeting: of candidate and champion.
        rule: when a candidate replaces a champion.
    """
    sides = {"candidate": meeting.candidate, "champion": meeting.champion}
    found: dict[str, Number] = {
        f"{name}_{field}": getattr(side, field)
        for name, side in sides.items()
        for field in ("sharpe", "max_drawdown", "total_return")
    }
    found |= {name: getattr(meeting, name) for name in ("se", "low", "high", "p", "correlation", "alpha_t")}
    found |= {
        "improvement": improvement_of(meeting),
        "required": rule.min_improvement,
        "required_alpha_t": rule.min_alpha_t,
        "contest": meeting.contest,
        "alpha_spent": spent_alpha(rule.significance, meeting.contest),
        "needed": needed_difference(meeting, rule),
    }
    return {name: float(value) for name, value in found.items() if value is not None and math.isfinite(value)}


def improvement_of(meeting: Meeting) -> float:
    """The candidate's Sharpe ratio less the champion's, to nine digits; NaN if one is missing or not finite.

    The ninth digit of a Sharpe ratio means nothing, and binary fractions must not decide at the limit.

    Args:
        meeting: of both.
    """
    own, other = meeting.candidate.sharpe, meeting.champion.sharpe
    if own is None or other is None or not (math.isfinite(own) and math.isfinite(other)):
        return math.nan
    return round(own - other, 9)
