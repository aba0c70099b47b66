from __future__ import annotations

import numpy as np
import pytest

from trading.codes import ReasonCode
from trading.engines.base import TrainingData
from trading.engines.regimes.choice import fit_best
from trading.engines.regimes.hmm import fit_regimes
from trading.engines.regimes.states import choose_states
from trading.errors import TrainingError
from trading.market.bars import Bars
from trading.settings.models import RegimeSpec

SPEC = RegimeSpec(seeds=6, states="auto", features=("close_location",), alternatives=(), min_bars=1.0)
ROWS, LEARNED = 9_000, 6_000


def market_of(states: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Rows of states three deviations apart that last 50 rows, and returns that mean nothing."""
    rng = np.random.default_rng(seed)
    state, numbers = 0, np.empty(ROWS, dtype=np.int64)
    for t in range(ROWS):
        if rng.random() < 1.0 / 50.0:
            state = int((state + rng.integers(1, states)) % states)
        numbers[t] = state
    return (1.5 * numbers + 0.5 * rng.standard_normal(ROWS))[:, None], 0.01 * rng.standard_normal(ROWS)


@pytest.mark.parametrize("states", [2, 3, 4])
def test_the_number_of_states_that_a_market_has_is_found(states: int) -> None:
    rows, returns = market_of(states)
    chosen = choose_states(rows, returns, SPEC, seed=3, learned=LEARNED)
    assert chosen.states == states == len(chosen.fit.signs)
    assert [row["states"] for row in chosen.scored] == [2, 3, 4, 5]
    own = chosen.scored[states - 2]
    assert own["behind_t"] is None or own["behind_t"] <= 1.0
    # With fewer of them later rows are surely foretold worse.
    assert all(row["behind_t"] > 1.0 for row in chosen.scored[: states - 2])


def test_later_rows_judge_and_do_not_teach() -> None:
    rows, returns = market_of(3)
    other = rows.copy()
    other[LEARNED:] *= -1.0
    one, two = (choose_states(given, returns, SPEC, seed=3, learned=LEARNED) for given in (rows, other))
    usual = fit_regimes(rows[:LEARNED], returns[:LEARNED], SPEC.model_copy(update={"states": one.states}), seed=3)
    np.testing.assert_array_equal(one.fit.parameters.means, usual.parameters.means)
    assert [row["log_likelihood"] for row in one.scored] != [row["log_likelihood"] for row in two.scored]


def test_a_number_that_cannot_be_fitted_says_why_and_is_not_taken() -> None:
    rows, returns = market_of(2)
    chosen = choose_states(rows, returns, SPEC.model_copy(update={"min_occupancy": 0.3}), seed=3, learned=LEARNED)
    assert chosen.states == 2
    problems = [row["problem"] for row in chosen.scored if row["log_likelihood"] is None]
    assert problems
    assert all("starts gave a usable" in problem for problem in problems)
    with pytest.raises(TrainingError) as error:
        choose_states(rows, returns, SPEC.model_copy(update={"min_occupancy": 0.9}), seed=3, learned=LEARNED)
    assert error.value.code is ReasonCode.HMM_DEGENERATE


def data_of(rows: np.ndarray, returns: np.ndarray) -> TrainingData:
    ones = np.ones(ROWS)
    ts = 3_600_000 * np.arange(ROWS, dtype=np.int64)
    bars = Bars(symbol="SIM", interval=3_600_000, ts=ts, open=ones, high=ones, low=ones, close=ones, volume=ones)
    return TrainingData(bars=bars, returns=returns, features=rows, feature_names=("close_location",), seed=3)


def test_the_fit_on_all_training_rows_has_the_number_that_was_chosen_and_the_report_says_by_what() -> None:
    data = data_of(*market_of(4))
    features, fit = fit_best(data, SPEC)
    assert features == SPEC.features
    assert len(fit.signs) == 4
    scored = fit.report["states_scored"]
    assert max(scored, key=lambda row: row["log_likelihood"])["states"] in (4, 5)
    _, again = fit_best(data, SPEC)
    assert again.report == fit.report
    _, fixed = fit_best(data, SPEC.model_copy(update={"states": 4}))
    assert "states_scored" not in fixed.report
    np.testing.assert_array_equal(fixed.parameters.means, fit.parameters.means)


def test_where_no_number_can_be_fitted_the_night_says_so() -> None:
    with pytest.raises(TrainingError) as error:
        fit_best(data_of(*market_of(2)), SPEC.model_copy(update={"min_occupancy": 0.9}))
    assert error.value.code is ReasonCode.HMM_DEGENERATE


def test_a_number_of_states_beyond_those_that_can_be_asked_for_is_refused() -> None:
    for number in (1, 6, "many"):
        with pytest.raises(ValueError, match="states"):
            RegimeSpec.model_validate({"states": number})
