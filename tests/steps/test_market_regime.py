from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.steps.market_regime import (
    BULL_MOMENTUM,
    CHOPPY,
    CRISIS,
    FIRST_FEATURE,
    MARKET_REGIMES,
    NO_RULE,
    RuleTable,
    cash_step,
    market_regime_step,
    regime_of,
)
from trading.steps.numbers import quantised
from trading.steps.opinion import DOUBT, EXTRAS, OPINION_SIZE

INF = math.inf
Rule = tuple[int, list[tuple[int, float, float]]]
OPINION = np.array([1.0, 0.9, 0.2, 0.3, 0.5, 0.1])
FEATURES = np.array([-1.0, 2.5])
DIRECTION, CONFIDENCE, FIRST_EXTRA, SECOND_FEATURE = 0, 1, 2, FIRST_FEATURE + 1


def table_of(*rules: Rule) -> RuleTable:
    conditions = [one for _, when in rules for one in when]
    return RuleTable(
        np.array([regime for regime, _ in rules], dtype=np.int64),
        np.cumsum([len(when) for _, when in rules], dtype=np.int64),
        np.array([place for place, _, _ in conditions], dtype=np.int64),
        np.array([low for _, low, _ in conditions], dtype=np.float64),
        np.array([high for _, _, high in conditions], dtype=np.float64),
    )


def fired(*rules: Rule, direction: int = 1, confidence: float = 0.7) -> int:
    return market_regime_step(table_of(*rules), direction, confidence, OPINION, FEATURES)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (DIRECTION, 1.0),
        (CONFIDENCE, 0.7),
        (FIRST_EXTRA, OPINION[EXTRAS]),
        (FIRST_FEATURE - 1, OPINION[DOUBT - 1]),
        (FIRST_FEATURE, -1.0),
        (SECOND_FEATURE, 2.5),
    ],
)
def test_a_condition_is_met_from_its_least_to_its_greatest_value_and_nowhere_else(place: int, value: float) -> None:
    assert fired((CRISIS, [(place, value - 1e-7, value + 1e-7)])) == 1
    assert fired((CRISIS, [(place, value - 1e-7, INF)])) == 1
    assert fired((CRISIS, [(place, -INF, value + 1e-7)])) == 1
    assert fired((CRISIS, [(place, value + 1e-5, INF)])) == NO_RULE
    assert fired((CRISIS, [(place, -INF, value - 1e-5)])) == NO_RULE


def test_a_last_digit_does_not_turn_a_rule() -> None:
    for nudge in (-1e-12, 1e-12):
        features = np.array([0.0, 2.0 + nudge])
        table = table_of((CRISIS, [(SECOND_FEATURE, 2.0, INF)]))
        assert market_regime_step(table, 1, 0.7, OPINION, features) == 1


def test_a_rule_holds_if_all_of_its_conditions_do() -> None:
    met, missed = (DIRECTION, 1.0, 1.0), (CONFIDENCE, 0.71, INF)
    assert fired((CRISIS, [met, met])) == 1
    assert fired((CRISIS, [met, missed])) == NO_RULE
    assert fired((CRISIS, [missed, met])) == NO_RULE


def test_the_first_rule_that_holds_decides() -> None:
    met, missed = (DIRECTION, 1.0, 1.0), (DIRECTION, -INF, 0.0)
    table = table_of((CHOPPY, [missed, met]), (BULL_MOMENTUM, [met]), (CRISIS, [met]))
    rule = market_regime_step(table, 1, 0.7, OPINION, FEATURES)
    assert rule == 2
    assert regime_of(table, rule) == BULL_MOMENTUM


def test_where_no_rule_holds_the_market_is_choppy_and_so_it_is_without_rules() -> None:
    for table in (table_of(), table_of((CRISIS, [(DIRECTION, 2.0, INF)]))):
        rule = market_regime_step(table, 1, 0.7, OPINION, FEATURES)
        assert rule == NO_RULE
        assert MARKET_REGIMES[regime_of(table, rule)] == "choppy"
        assert cash_step(table, 1, 0.7, OPINION, FEATURES) == 0


def test_what_is_no_number_meets_no_condition_however_wide() -> None:
    unknown = np.full(OPINION_SIZE, math.nan)
    for place in range(CONFIDENCE, FIRST_FEATURE + 2):
        table = table_of((CRISIS, [(place, -INF, INF)]))
        assert market_regime_step(table, 0, math.nan, unknown, np.full(2, math.nan)) == NO_RULE


def test_nothing_is_held_where_the_rule_that_fires_says_crisis_and_only_there() -> None:
    for regime, name in enumerate(MARKET_REGIMES):
        table = table_of((regime, [(DIRECTION, 1.0, 1.0)]))
        assert cash_step(table, 1, 0.7, OPINION, FEATURES) == int(name == "crisis")
        assert cash_step(table, -1, 0.7, OPINION, FEATURES) == 0


@given(data=st.data())
def test_the_step_says_what_the_words_of_the_rules_say(data: st.DataObject) -> None:
    bound = st.sampled_from([-INF, -1.0, 0.0, 0.3, 0.7, 1.0, 2.5, INF])
    condition = st.tuples(st.integers(0, FIRST_FEATURE + 1), bound, bound)
    rule = st.tuples(st.integers(0, len(MARKET_REGIMES) - 1), st.lists(condition, min_size=1, max_size=3))
    rules = data.draw(st.lists(rule, max_size=5))
    direction, confidence = data.draw(st.sampled_from([-1, 0, 1])), data.draw(st.sampled_from([0.0, 0.3, 0.7, 1.0]))
    values = [direction, confidence, *OPINION[EXTRAS:DOUBT].tolist(), *FEATURES.tolist()]
    holding = [
        number
        for number, (_, when) in enumerate(rules, start=1)
        if all(low <= quantised(values[place]) <= high for place, low, high in when)
    ]
    assert fired(*rules, direction=direction, confidence=confidence) == (holding[0] if holding else NO_RULE)
