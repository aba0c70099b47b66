"""The canary of fitting: parts fitted again on bars with another future must come out as the same bytes.

It trusts no record: whatever saw a bar beyond the validation split, by whatever way, comes out differently.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trading.codes import ReasonCode
from trading.market.bars import COLUMNS, Bars
from trading.model.model import POLICY_PREFIX, TradingModel
from trading.results import CheckResult, rule


def other_future(bars: Bars, start: int) -> Bars:
    """The same bars up to a position, and from there on another market: mirrored, twice as volatile, volumes reversed.

    Args:
        bars: of the night.
        start: position of the first bar that is another.
    """
    mirrored = {"open": "open", "high": "low", "low": "high", "close": "close"}
    base = float(bars.close[start - 1])
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    for name, source in mirrored.items():
        columns[name][start:] = base * (base / getattr(bars, source)[start:]) ** 2
    columns["volume"][start:] = 3.0 * bars.volume[start:][::-1]
    return replace(bars, **columns)


def check_refit(model: TradingModel, refitted: TradingModel, *, asked: bool) -> CheckResult:
    """Refuse a scaler, engine or calibrator that differs when the bars after the validation split are others.

    The observed number is how many arrays differ. The policy is not trained again: it takes too long, and its own
    record says what it saw.

    Args:
        model: the candidate.
        refitted: the same fits on :func:`other_future`.
        asked: False if the settings leave the second fit out, which the result then says.
    """
    if not asked:
        note = "leakage.refit is false: nothing was fitted again"
        return CheckResult(name="refit", passed=True, observed="not asked", message=note)
    one, other = model.arrays(), refitted.arrays()
    names = [name for name in sorted(one.keys() | other.keys()) if not name.startswith(POLICY_PREFIX)]
    changed = [name for name in names if not _same_bytes(one.get(name), other.get(name))]
    if model.spec != refitted.spec.model_copy(update={"policy": model.spec.policy}):
        changed.append("spec")
    return rule(
        "refit",
        passed=not changed,
        observed=len(changed),
        threshold=0,
        code=ReasonCode.LEAK_FIT,
        message=f"{', '.join(changed)} came out differently with other bars after the validation split",
        remedy="Fit scaler and engine on the train split and the calibrator on the validation split; an engine's fit "
        "sees what it is given, draws from its seed alone, and reads nothing else.",
        evidence={"changed": changed},
    )


def _same_bytes(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is not None and other is not None and one.shape == other.shape and one.tobytes() == other.tobytes()
