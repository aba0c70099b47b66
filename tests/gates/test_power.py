"""What the rules beside the first release's are for: riders and short records without skill, through the real checks.

Few of each, so that it takes seconds; ``tests/campaigns/test_skill.py`` has the table.
"""

from __future__ import annotations

from tests.support.judged import BEFORE, BRACKETS, drifting_market, guesser, judged, rider

WIDE = BRACKETS["stop 6, target 8, 96 bars"]


def test_riders_that_the_first_rules_let_pass_fail_by_the_market_they_ride() -> None:
    found = [judged(rider(WIDE), drifting_market(seed, BEFORE + 8_000, sharpe=3.0)) for seed in range(12)]
    assert sum(one.before for one in found) >= 4
    # Significance against nothing does not help: most of what they earned is significant.
    assert sum(one.holds("psr0") for one in found) >= 6
    assert sum(one.holds("alpha_t") for one in found) <= 3
    assert [one.passed for one in found].count(True) <= 1


def test_short_records_without_skill_pass_the_first_rules_and_none_of_them_those_of_today() -> None:
    found = [
        judged(guesser(WIDE), drifting_market(seed, BEFORE + bars, sharpe=0.0))
        for bars in (300, 1_000)
        for seed in range(20)
    ]
    assert sum(one.before for one in found) >= 4
    assert not [one for one in found if one.passed]
    assert all("trades" in one.failed for one in found)
