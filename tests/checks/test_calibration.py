from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import brier_score_loss

from tests.checks.samples import only
from trading.arrays import Floats
from trading.checks.calibration import (
    CalibrationEvidence,
    TradeOutcomes,
    base_rates,
    brier,
    ece,
    measure_calibration,
    reference_of,
    reliability,
)
from trading.checks.skill import Forecasts
from trading.gates.calibration import CALIBRATION
from trading.gates.gate import GateResult, ask_gate
from trading.settings.models import GateSpec


def measured(p: ArrayLike, y: ArrayLike, *, base: float = 0.5, **changed: Any) -> CalibrationEvidence:
    """Evidence of long signals on consecutive bars, each of which became a trade."""
    stated, won = np.asarray(p, dtype=float), np.asarray(y)
    given: dict[str, Any] = {
        "at": np.arange(len(stated)),
        "side": np.ones(len(stated), dtype=np.int64),
        "stated": stated,
        "reference": np.full(len(stated), base),
        "won": won,
        "bars": max(len(stated), 1),
        "horizon_bars": 1,
    }
    trades = TradeOutcomes(stated, won)
    return measure_calibration(Forecasts(**given | changed), trades, base=base, bins=10, informative=True, seed=3)


def verdict_of(evidence: CalibrationEvidence) -> GateResult:
    return ask_gate(CALIBRATION, only(evidence), GateSpec().model_dump())


def failing(evidence: CalibrationEvidence) -> set[str]:
    return {rule.name for rule in verdict_of(evidence).rules if not rule.passed}


def skilled(seed: int, n: int = 6_000) -> tuple[Floats, NDArray[np.bool_]]:
    """True probabilities between 0.4 and 0.9, and what happened."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.4, 0.9, n)
    return p, rng.random(n) < p


def test_true_probabilities_pass():
    p, y = skilled(1)
    evidence = measured(p, y, base=0.65)
    assert verdict_of(evidence).passed
    assert evidence.bss == pytest.approx(np.var(p) / (np.mean(y) * (1 - np.mean(y))), abs=0.02)
    assert evidence.trades_brier == evidence.brier


@pytest.mark.parametrize("constant", [0.61, 0.65, 0.7])
def test_a_constant_has_no_skill_and_fails_however_true_it_is(constant: float):
    _, y = skilled(2)
    evidence = measured(np.full(len(y), constant), y, base=0.65)
    assert evidence.brier is not None
    assert evidence.brier < 0.25
    assert {"brier_skill_low", "share_at_mode"} <= failing(evidence)


def test_a_true_constant_that_says_what_the_base_rate_says_has_a_skill_of_nothing():
    _, y = skilled(3)
    evidence = measured(np.full(len(y), 0.65), y, base=0.65)
    assert (evidence.bss, evidence.bss_low) == (0.0, 0.0)
    assert {"brier_skill", "brier_skill_low", "share_at_mode"} <= failing(evidence)


def test_a_confidence_of_its_own_shuffled_or_reversed_fails():
    p, y = skilled(4)
    assert "brier_skill" in failing(measured(np.random.default_rng(0).permutation(p), y, base=0.65))
    assert "brier_skill" in failing(measured(2 * p.mean() - p, y, base=0.65))


def test_two_sides_that_are_told_the_same_fail_though_both_together_are_right():
    rng = np.random.default_rng(5)
    side = np.where(np.arange(6_000) // 100 % 2 == 0, 1, -1)
    y = rng.random(6_000) < np.where(side > 0, 0.85, 0.5)
    p = np.clip(0.675 + 0.02 * rng.standard_normal(6_000), 0.0, 1.0)
    evidence = measured(p, y, side=side, reference=np.where(side > 0, 0.85, 0.5))
    assert evidence.ece is not None
    assert evidence.ece < 0.10
    assert {"brier_skill", "ece_long", "ece_short"} <= failing(evidence)
    assert [row.side for row in evidence.per_side] == ["long", "short"]
    assert sum(int(row.outcomes or 0) for row in evidence.per_side) == 6_000


def test_what_is_stated_of_trades_is_judged_by_the_trades():
    p, y = skilled(6)
    evidence = measured(p, y, base=0.65).model_copy(
        update={"trades_brier": brier(np.full(40, 0.8), np.arange(40) % 2 == 0)}
    )
    assert failing(evidence) == {"trades_brier"}


@pytest.mark.parametrize("number", ["bss", "bss_low", "share_at_mode", "trades_brier"])
def test_a_skill_that_was_never_measured_fails(number: str):
    p, y = skilled(7)
    assert not verdict_of(measured(p, y, base=0.65).model_copy(update={number: None})).passed


def test_a_base_rate_is_known_for_each_side_and_borrowed_by_one_that_was_never_taken():
    side, won = np.array([1, 1, 1, -1]), np.array([True, True, False, False])
    assert base_rates(side, won) == {1: 3 / 5, -1: 1 / 3}
    assert base_rates(side[:3], won[:3]) == {1: 3 / 5, -1: 3 / 5}
    assert reference_of(side, {1: 0.6, -1: 0.25}).tolist() == [0.6, 0.6, 0.6, 0.25]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50), st.integers(2, 20))
def test_brier_is_scikit_learns_and_the_table_holds_every_decision(data: list[tuple[float, bool]], bins: int):
    p, y = np.array([row[0] for row in data]), np.array([row[1] for row in data])
    assert brier(p, y) == pytest.approx(brier_score_loss(y, p, labels=[False, True]))
    assert sum(row.count for row in reliability(p, y, bins)) == len(data)
    assert 0.0 <= ece(p, y, bins) <= 1.0


def test_ece_of_a_small_table_by_hand():
    p = [0.1, 0.15, 0.9, 1.0]
    y = [False, True, True, True]
    assert ece(p, y, 10) == pytest.approx((2 * abs(0.125 - 0.5) + 2 * abs(0.95 - 1.0)) / 4)


@pytest.mark.parametrize(("p", "y"), [([], []), ([0.5, math.nan], [True, False]), ([1.2], [True]), ([0.5], [math.nan])])
def test_nothing_to_measure_or_a_nan_gives_nan_and_fails_the_gate(p: list[float], y: list[float]):
    assert math.isnan(brier(p, y))
    assert math.isnan(ece(p, y, 10))
    evidence = measured(p, y)
    assert not verdict_of(evidence).passed
