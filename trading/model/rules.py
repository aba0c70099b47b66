"""The rules that name a market, from what a bundle says to what the steps take."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trading.model.spec import ModelSpec
from trading.steps.market_regime import FIRST_FEATURE, MARKET_REGIMES, NO_RULE, SIGNAL_INPUTS, RuleTable, regime_of


class NamedRegime(NamedTuple):
    """What the market of a bar is called, and why.

    Attributes:
        regime: one of :data:`trading.steps.market_regime.MARKET_REGIMES`.
        rule: number of the rule that fired, from 1; 0 if none did.
        reason: of that rule.
    """

    regime: str
    rule: int
    reason: str


def rule_inputs(spec: ModelSpec) -> dict[str, int]:
    """Everything that a rule of this model may ask for, and its place among the inputs of the step.

    Args:
        spec: of the model: its engine's further numbers and its features.
    """
    features = {name: FIRST_FEATURE + place for place, name in enumerate(spec.feature_names)}
    extras = {name: len(SIGNAL_INPUTS) + place for place, name in enumerate(spec.engine.extras)}
    # Whatever an engine calls its numbers, the signal's keep their names.
    return features | extras | {name: place for place, name in enumerate(SIGNAL_INPUTS)}


def unknown_inputs(spec: ModelSpec) -> list[str]:
    """What rules of a model ask for and it does not have.

    Args:
        spec: of the model.
    """
    known = rule_inputs(spec)
    return sorted({one.input for rule in spec.market_rules for one in rule.when if one.input not in known})


def rule_table(spec: ModelSpec) -> RuleTable:
    """The rules of a model as the steps take them.

    Args:
        spec: of a model that has everything its rules ask for.
    """
    known, conditions = rule_inputs(spec), [one for rule in spec.market_rules for one in rule.when]
    return RuleTable(
        regime=np.array([MARKET_REGIMES.index(rule.regime) for rule in spec.market_rules], dtype=np.int64),
        ends=np.cumsum([len(rule.when) for rule in spec.market_rules], dtype=np.int64),
        inputs=np.array([known[one.input] for one in conditions], dtype=np.int64),
        low=np.array([-math.inf if one.at_least is None else one.at_least for one in conditions], dtype=np.float64),
        high=np.array([math.inf if one.at_most is None else one.at_most for one in conditions], dtype=np.float64),
    )


def named_regime(spec: ModelSpec, table: RuleTable, rule: int) -> NamedRegime:
    """What the market is called by the rule that fired.

    Args:
        spec: of the model.
        table: of its rules.
        rule: number of the rule, from 1; 0 if none fired.
    """
    reason = "no rule holds" if rule == NO_RULE else spec.market_rules[rule - 1].reason
    return NamedRegime(MARKET_REGIMES[regime_of(table, rule)], rule, reason)
