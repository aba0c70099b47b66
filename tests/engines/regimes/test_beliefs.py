from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import random_model
from trading.engines.regimes.beliefs import filtered_probabilities, foretold
from trading.engines.regimes.em import HmmParameters, log_likelihood
from trading.steps.regimes import BY_RANK, RegimeModel, emission_terms, filter_step


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1_000), n=st.integers(1, 60), cut=st.integers(1, 60))
def test_a_whole_series_equals_one_row_after_another_and_a_prefix_equals_the_beginning(
    seed: int, n: int, cut: int
) -> None:
    model = random_model(seed).engine
    parts = HmmParameters(model["startprob"], model["transmat"], model["means"], model["covars"])
    x = np.random.default_rng(seed).normal(size=(n, 3)) * 2
    whole = filtered_probabilities(parts, x)
    plain = RegimeModel(np.arange(3), np.array(BY_RANK), *parts[:3], *emission_terms(parts[3]), 0.0)
    belief, started = np.empty(3), 0
    for t in range(n):
        started = filter_step(belief, np.empty((2, 3)), started, plain, x[t])
        np.testing.assert_allclose(whole[t], belief, rtol=1e-12)
    np.testing.assert_array_equal(filtered_probabilities(parts, x[:cut]), whole[:cut])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1_000), n=st.integers(2, 60), cut=st.integers(1, 60))
def test_what_was_foretold_of_every_row_adds_up_to_the_likelihood_and_knows_no_later_row(
    seed: int, n: int, cut: int
) -> None:
    model = random_model(seed).engine
    parts = HmmParameters(model["startprob"], model["transmat"], model["means"], model["covars"])
    x = np.random.default_rng(seed).normal(size=(n, 3)) * 2
    whole = foretold(parts, x)
    np.testing.assert_allclose(whole.sum(), log_likelihood(x, parts), rtol=1e-9)
    np.testing.assert_array_equal(foretold(parts, x[:cut]), whole[:cut])
