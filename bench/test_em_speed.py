"""Speed of the compiled EM against hmmlearn's faster setting, from the same start, as ratios measured in one run.

Set ``OMP_NUM_THREADS=1``: with several BLAS threads hmmlearn is many times slower at this size.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
from hmmlearn.hmm import GaussianHMM

from trading.engines.regimes.em import HmmParameters, fit_em

ROWS, SIZE, STATES, ITERATIONS, ROUNDS = 50_000, 5, 3, 20, 5
WANTED, HELD = 18.0, 10.0
"""What is wanted, and what a change must not lose of the 14 to 17 that were reached."""


def test_em_speed() -> None:
    rng = np.random.default_rng(0)
    state = np.repeat(rng.integers(0, STATES, ROWS // 50), 50)
    rows = rng.normal(size=(ROWS, SIZE)) * np.array([1.0, 0.5, 2.0])[state][:, None]
    start = HmmParameters(
        np.full(STATES, 1.0 / STATES),
        np.full((STATES, STATES), 0.05) + 0.85 * np.eye(STATES),
        rng.normal(size=(STATES, SIZE)) * 0.1,
        np.stack([np.eye(SIZE) * scale for scale in (0.8, 0.4, 3.0)]),
    )
    fit_em(rows[:100], start, iterations=2, tolerance=-np.inf)
    own, peer = list[float](), list[float]()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        fit = fit_em(rows, start, iterations=ITERATIONS, tolerance=-np.inf)
        own.append(time.perf_counter() - began)
        hmm = _peer(start)
        began = time.perf_counter()
        hmm.fit(rows)
        peer.append(time.perf_counter() - began)
        np.testing.assert_allclose(fit.path, np.array(hmm.monitor_.history), rtol=1e-10)
    ratio = statistics.median(b / a for a, b in zip(own, peer, strict=True))
    print(f"\n{ITERATIONS} iterations of EM, {ROWS:,} rows, {SIZE} features, {STATES} states, full covariance")
    print(f"{'hmmlearn, scaling':24} {1e3 * statistics.median(peer):8.1f} ms")
    print(f"{'compiled':24} {1e3 * statistics.median(own):8.1f} ms  {ratio:.1f}x, wanted {WANTED:.0f}")
    assert ratio > HELD


def _peer(start: HmmParameters) -> Any:
    hmm: Any = GaussianHMM(
        n_components=STATES,
        covariance_type="full",
        n_iter=ITERATIONS,
        tol=-np.inf,
        init_params="",
        implementation="scaling",
    )
    hmm.startprob_, hmm.transmat_, hmm.means_, hmm.covars_, _ = start
    return hmm
