"""Overfitting: whether choosing the best of the trained seeds finds anything that holds on other bars."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from trading.arrays import Floats
from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.results import Number
from trading.splits import Splits
from trading.steps.policy import Layers

PARTS = 16
"""Parts that the record is divided into, as in the paper: 12,870 ways to halve them."""


class OverfittingEvidence(CheckEvidence):
    """Probability of backtest overfitting over the seeds, on the test ranges of all folds and the test split.

    Attributes:
        seeds: policies that were trained; with fewer than two there was no choice, and nothing else is measured.
        bars: of all test ranges.
        divisions: ways in which these bars were halved.
        probability: share of them in which the seed that is best on one half is in the lower half on the other.
        logit: mean log odds of its rank there; 0 is chance.
    """

    check: ClassVar[str] = "overfitting"

    seeds: Number = None
    bars: Number = None
    divisions: Number = None
    probability: Number = None
    logit: Number = None

    def numbers(self) -> dict[str, Number]:
        return {"overfitting.probability": self.probability}


def _measure(subject: Subject) -> OverfittingEvidence:
    policies = subject.policies
    if len(policies) < 2:
        return OverfittingEvidence(seeds=len(policies))
    from trading.statistics.overfitting import overfitting

    own = seed_returns(subject.model, subject.bars, subject.splits, policies)
    returns = np.concatenate([*(fold.seeds for fold in subject.folds), own])
    found = overfitting(returns, parts=PARTS)
    return OverfittingEvidence(
        seeds=len(policies),
        bars=len(returns),
        divisions=found.divisions,
        probability=found.probability,
        logit=found.logit,
    )


def seed_returns(model: TradingModel, bars: Bars, splits: Splits, policies: tuple[Layers, ...]) -> Floats:
    """What the policy of every seed earns on a test range, shape (n, number of seeds), return of each bar.

    Args:
        model: with the policy of one of the seeds.
        bars: of the night.
        splits: whose test range is traded.
        policies: of the seeds; none if the action is fixed.
    """
    # The simulation compiles when it is imported, and gates read the evidence above without it.
    from trading.checks.track import run_returns
    from trading.engines.checked import checked_signals
    from trading.simulation.rivals import run_model

    part = splits.test
    if not policies:
        return np.zeros((part.size, 0))
    signals, traded = checked_signals(model, bars.slice(0, part.stop)).slice(*part), bars.slice(*part)
    rivals = [replace(model, layers=layers) for layers in policies]
    return np.stack([run_returns(rival, run_model(rival, traded, signals)) for rival in rivals], axis=1)


OVERFITTING = Check(
    evidence=OverfittingEvidence, measure=_measure, parts=("bars", "splits", "model", "policies", "folds")
)
