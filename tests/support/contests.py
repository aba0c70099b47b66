"""Many nights of meetings, and many forward tests, of models whose true skill is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tests.checks.samples import good_evidence
from tests.support import HOUR_MS
from tests.support.twins import BARS_PER_YEAR, TEST_BARS, models
from trading.arrays import Floats
from trading.checks.evidence import LiveRecord
from trading.gates.live_consistency import LiveAnswer, live_answer
from trading.gates.verdict import judge
from trading.live.record import Promise, TradedBars, TradedModel, measure_record
from trading.registry.contest import Meeting, PromotionRule, Side
from trading.registry.promotion import decide_promotion
from trading.settings.models import GateSpec
from trading.statistics.paired import MEAN_BLOCK, paired_sharpe_difference

NIGHTS = 30
BARS_A_NIGHT = 24
LIMITS = GateSpec().model_dump()
VERDICT = judge(good_evidence(), LIMITS)
START_MS = 1_700_006_400_000


class Reign(NamedTuple):
    """What became of a champion in thirty nights.

    Attributes:
        replaced: how often another took its place.
        inflation: Sharpe ratio that the last champion shows over the mean of all candidates that night.
    """

    replaced: int
    inflation: float


def play_contests(seed: int, *, gain: float = 0.0, naive: bool = False, nights: int = NIGHTS) -> Reign:
    """Let a new candidate meet the champion every night, on a test window that moves on by a day.

    The live rule and the return beyond the market are taken as proven: what is tried is the contest alone.

    Args:
        seed: of the market.
        gain: annual Sharpe ratio by which the candidates are truly better than the first champion.
        naive: replace by the minimum improvement alone.
        nights: how many.
    """
    length = TEST_BARS + nights * BARS_A_NIGHT
    rows = models(seed, nights + 1, count=length, sharpes=(5.0, *(5.0 + gain,) * nights))
    champion, contests, replaced = 0, 0, 0
    for night in range(nights):
        window = rows[:, night * BARS_A_NIGHT : night * BARS_A_NIGHT + TEST_BARS]
        if naive:
            own, other = annual(window[[night + 1, champion]])
            enters, contested = own - other >= PromotionRule().min_improvement, False
        else:
            meeting = _meeting(window, night + 1, champion, contests + 1, seed)
            decision = decide_promotion(
                VERDICT, candidate_sharpe=meeting.candidate.sharpe, meeting=meeting, rule=PromotionRule()
            )
            enters, contested = decision.action == "production", decision.contested
        if enters:
            champion, contests, replaced = night + 1, 0, replaced + 1
        else:
            contests += contested
    last = annual(rows[:, -TEST_BARS:])
    return Reign(replaced, float(last[champion] - last[1:].mean()))


def forward_test(seed: int, *, backtest: float, true: float, bars: int, looks: int = 1) -> list[LiveAnswer]:
    """What a record says of a model, at its end or also night by night before.

    Args:
        seed: of the market.
        backtest: Sharpe ratio that the model showed, known to one a year.
        true: that it has.
        bars: of the record.
        looks: how many nights, the last at the end of the record.
    """
    (returns,) = models(seed, 1, count=bars, sharpe=true)
    ends = [bars - BARS_A_NIGHT * back for back in reversed(range(looks))]
    return [live_answer(record_of(returns[:end], backtest), LIMITS) for end in ends]


def record_of(returns: Floats, backtest: float) -> LiveRecord:
    """The record of a model that was always in the market.

    Args:
        returns: of each hour.
        backtest: Sharpe ratio that it showed.
    """
    count = len(returns)
    traded = TradedBars(
        ts=START_MS - START_MS % (24 * HOUR_MS) + HOUR_MS * np.arange(count),
        returns=returns,
        positions=np.ones(count),
        bars=np.empty((count, 5)),
        interval=HOUR_MS,
    )
    return measure_record(traded, TradedModel("ab" * 32, 1, 0, backtest, BARS_PER_YEAR), Promise(0.86), count // 50)


def annual(rows: Floats) -> Floats:
    """Annualised Sharpe ratio of each row."""
    return rows.mean(axis=1) / rows.std(axis=1, ddof=1) * BARS_PER_YEAR**0.5


def _meeting(window: Floats, candidate: int, champion: int, contest: int, seed: int) -> Meeting:
    pair = window[[candidate, champion]]
    own, other = (float(ratio) for ratio in annual(pair))
    paired = paired_sharpe_difference(
        pair[0], pair[1], periods_per_year=BARS_PER_YEAR, draws=1_000, seed=seed * 100 + candidate
    )
    return Meeting(
        candidate=Side(version=candidate + 1, sharpe=own),
        champion=Side(version=champion + 1, sharpe=other),
        contest=contest,
        alpha_t=9.0,
        live=LiveAnswer.PROVEN,
    ).compared(paired, TEST_BARS / MEAN_BLOCK)
