"""How often models without skill pass the gates of performance and risk, by the first release's rules and by today's.

``pytest -m campaign tests/campaigns/test_skill.py -s`` prints the tables behind the one in ``docs/gates.md``. No model
is trained, so it takes minutes.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.support.judged import BEFORE, BRACKETS, Judged, drifting_market, guesser, judged, rider
from trading.checks.baselines import BaselinesEvidence

pytestmark = pytest.mark.campaign

PATHS = 40
TEST_BARS = 12_000
DRIFTS = (1.0, 2.0, 3.0)
SHORT = {100: 40, 300: 40, 600: 40, 1_000: 40, 1_500: 30, 3_000: 30, 6_000: 20, 12_000: 20}
"""Length of a test split, and how many markets are tried for each of the brackets."""

RULES = ("trades", "psr0", "alpha_t", "sharpe_over_market", "timing_p")


class Outcome(dict[str, bool]):
    """What holds for one model: ``before``, ``passed`` and each of :data:`RULES`."""


def _ride(task: tuple[int, float, str]) -> Outcome:
    seed, drift, bracket = task
    market = drifting_market(1_000 + seed, BEFORE + TEST_BARS, sharpe=drift)
    return _outcome(judged(rider(BRACKETS[bracket]), market))


def _guess(task: tuple[int, int, str]) -> Outcome:
    seed, bars, bracket = task
    return _outcome(judged(guesser(BRACKETS[bracket]), drifting_market(2_000 + seed, BEFORE + bars, sharpe=0.0)))


def _outcome(found: Judged) -> Outcome:
    assert len(found.evidence.section(BaselinesEvidence).results) == 5
    return Outcome(before=found.before, passed=found.passed, **{rule: found.holds(rule) for rule in RULES})


def _table(title: str, rows: Iterable[tuple[str, list[Outcome]]]) -> list[tuple[str, list[Outcome]]]:
    kept = list(rows)
    columns = ("before", *RULES, "passed")
    print(f"\n{title}\n{'':>34} {'n':>5} " + " ".join(f"{name:>18}" for name in columns))
    for name, outcomes in kept:
        shares = " ".join(f"{sum(one[column] for one in outcomes) / len(outcomes):18.1%}" for column in columns)
        print(f"{name:>34} {len(outcomes):5} {shares}")
    only = [one for _, outcomes in kept for one in outcomes if one["before"]]
    print(
        f"of {len(only)} that passed before: " + ", ".join(f"{rule} {sum(one[rule] for one in only)}" for rule in RULES)
    )
    return kept


@pytest.fixture(scope="module")
def pool() -> Iterable[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor


def test_riders_of_a_drift(pool: ProcessPoolExecutor) -> None:
    tasks = {
        f"drift {drift:g}, {bracket}": [(seed, drift, bracket) for seed in range(PATHS)]
        for drift in DRIFTS
        for bracket in list(BRACKETS)[:3]
    }
    rows = _table("riders", ((name, list(pool.map(_ride, some))) for name, some in tasks.items()))
    everything = [one for _, outcomes in rows for one in outcomes]
    assert sum(one["before"] for one in everything) > 0.1 * len(everything)
    assert sum(one["passed"] for one in everything) <= 0.03 * len(everything)


def test_short_records_without_skill(pool: ProcessPoolExecutor) -> None:
    tasks = {
        f"{bars} bars": [(seed, bars, bracket) for bracket in BRACKETS for seed in range(markets)]
        for bars, markets in SHORT.items()
    }
    rows = dict(_table("no skill", ((name, list(pool.map(_guess, some))) for name, some in tasks.items())))
    short = [one for bars in (300, 600, 1_000, 1_500) for one in rows[f"{bars} bars"]]
    assert sum(one["before"] for one in short) > 0.1 * len(short)
    assert sum(one["passed"] for outcomes in rows.values() for one in outcomes) <= 0.005 * sum(map(len, rows.values()))
