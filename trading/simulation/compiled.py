"""Compilation of the step functions: registers each for numba and keys the disk cache by their source.

numba's cache does not see an edit of a function in another file, so the cache folder is named by a digest of every
file whose code can be compiled. The step modules themselves never import numba.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
STEP_FILES = (
    "features/names.py",
    "features/steps.py",
    "regimes/filter.py",
    "policy/observation.py",
    "policy/inference.py",
    "risk/breakers.py",
    "risk/sizing.py",
    "simulation/state.py",
    "simulation/steps.py",
    "simulation/decision.py",
    "simulation/lanes.py",
    "features/batch.py",
    "regimes/batch.py",
)


def source_digest(root: Path = _ROOT) -> str:
    """SHA-256 over the text of every file that is compiled."""
    digest = hashlib.sha256()
    for name in STEP_FILES:
        digest.update(name.encode() + b"\0" + (root / name).read_bytes())
    return digest.hexdigest()


def _cache_folder() -> Path:
    return Path(os.environ.get("SEVENGATES_HOME", "var")).resolve() / "cache" / "numba" / source_digest()[:16]


# numba reads the variable when it is first imported, so it is set before that import.
os.environ["NUMBA_CACHE_DIR"] = str(_cache_folder())

import numba  # noqa: E402
from numba.core import config as numba_config  # noqa: E402
from numba.extending import register_jitable  # noqa: E402

from trading.features import steps as feature_steps  # noqa: E402
from trading.policy import inference, observation  # noqa: E402
from trading.regimes import filter as regime_filter  # noqa: E402
from trading.risk import breakers, sizing  # noqa: E402
from trading.simulation import decision, steps  # noqa: E402

# Whatever else in this process imported numba first has fixed its cache folder; this line moves it all the same.
numba_config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]  # pyright: ignore[reportAttributeAccessIssue]  # set at run time

STEPS = (
    feature_steps.write,
    feature_steps.window_moments,
    feature_steps.window_vwap,
    feature_steps.feature_step,
    regime_filter.quantised,
    regime_filter.interpolate,
    regime_filter.filter_step,
    regime_filter.direction_step,
    regime_filter.confidence_step,
    observation.observation_step,
    inference.policy_step,
    steps.lots,
    steps.ticks,
    steps.market_price,
    steps.book,
    steps.enter,
    steps.leave,
    steps.bracket,
    steps.close_trade,
    steps.venue_step,
    breakers.breaker_step,
    sizing.unit,
    sizing.order_step,
    decision.bar_volatility,
    decision.signal_step,
    decision.side_step,
    decision.ready_step,
    decision.close_step,
)
for _step in STEPS:
    register_jitable(_step)


def compile_loop(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop over step functions: no Python objects, other threads run meanwhile, kept on disk."""
    return numba.njit(cache=True, nogil=True)(loop)
