"""The market regime step: which rule of a table describes a bar, by what the engine says of it and by its features."""

from __future__ import annotations

from typing import NamedTuple

from trading.arrays import Floats, Ints
from trading.steps.numbers import quantised
from trading.steps.opinion import EXTRA_NUMBERS, EXTRAS

MARKET_REGIMES = ("choppy", "bull_momentum", "bear_defensive", "theme_driven", "crisis")
"""What a market can be called; the first is what it is where no rule holds."""
CHOPPY, BULL_MOMENTUM, BEAR_DEFENSIVE, THEME_DRIVEN, CRISIS = range(len(MARKET_REGIMES))

SIGNAL_INPUTS = ("direction", "confidence")
"""What a rule may ask of the signal; the engine's further numbers and the model's features come after."""
FIRST_FEATURE = len(SIGNAL_INPUTS) + EXTRA_NUMBERS
NO_RULE = 0


class RuleTable(NamedTuple):
    """R rules over C conditions, in their order; a rule holds if each of its conditions does.

    Attributes:
        regime: shape (R,), place in :data:`MARKET_REGIMES`.
        ends: shape (R,), place after the last condition of each rule.
        inputs: shape (C,), place of what is asked: :data:`SIGNAL_INPUTS`, the engine's further numbers, the features.
        low: shape (C,), least value; minus infinity asks for none.
        high: shape (C,), greatest value; infinity asks for none.
    """

    regime: Ints
    ends: Ints
    inputs: Ints
    low: Floats
    high: Floats


def market_regime_step(table: RuleTable, direction: int, confidence: float, opinion: Floats, features: Floats) -> int:
    """The first rule that holds.

    Args:
        table: of the model.
        direction: of the signal.
        confidence: effective.
        opinion: shape (OPINION_SIZE,), of the engine.
        features: shape (F,), standardised.

    Returns:
        Its number from 1, or ``NO_RULE``.
    """
    begin = 0
    for rule in range(table.regime.shape[0]):
        holds = True
        for c in range(begin, table.ends[rule]):
            # A last digit of compiled or plain arithmetic must not turn a rule.
            value = quantised(input_step(table.inputs[c], direction, confidence, opinion, features))
            # Written so that what is no number keeps a rule from holding.
            if not table.low[c] <= value <= table.high[c]:
                holds = False
        if holds:
            return rule + 1
        begin = table.ends[rule]
    return NO_RULE


def input_step(place: int, direction: int, confidence: float, opinion: Floats, features: Floats) -> float:
    """What a condition looks at.

    Args:
        place: see :class:`RuleTable`.
        direction: of the signal.
        confidence: effective.
        opinion: shape (OPINION_SIZE,), of the engine.
        features: shape (F,), standardised.
    """
    if place == 0:
        return float(direction)
    if place == 1:
        return confidence
    if place < FIRST_FEATURE:
        return float(opinion[EXTRAS + place - len(SIGNAL_INPUTS)])
    return float(features[place - FIRST_FEATURE])


def regime_of(table: RuleTable, rule: int) -> int:
    """Place of a rule's regime in :data:`MARKET_REGIMES`; choppy of none.

    Args:
        table: of the model.
        rule: what :func:`market_regime_step` returned.
    """
    return CHOPPY if rule == NO_RULE else int(table.regime[rule - 1])


def cash_step(table: RuleTable, direction: int, confidence: float, opinion: Floats, features: Floats) -> int:
    """1 on a bar on which nothing may be held, because its market is in a crisis; else 0.

    Args:
        table: of the model.
        direction: of the signal.
        confidence: effective.
        opinion: shape (OPINION_SIZE,), of the engine.
        features: shape (F,), standardised.
    """
    rule = market_regime_step(table, direction, confidence, opinion, features)
    return 1 if regime_of(table, rule) == CRISIS else 0
