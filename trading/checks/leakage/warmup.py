"""Warm-up sensitivity: whether a signal depends on more of the past than it declares."""

from __future__ import annotations

import numpy as np

from trading.codes import ReasonCode
from trading.engines.stream import Signals, SignalStream, model_lookback
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.results import CheckResult, rule

FEATURE_TOLERANCE = 1e-9


def check_warmup(
    model: TradingModel, bars: Bars, *, points: int, most_changed: float, seed: int, first: int = 0
) -> CheckResult:
    """Compare the signals of many bars, after all bars before them, with those after the declared look-back alone.

    The gaps between the splits and the start of a runner rest on the declared look-back. Features must have the same
    value after it. A recursive filter never quite forgets, so a direction may still differ at some bars after it, which
    is told, but at no more than ``most_changed`` of them after twice as long. The observed number is that share.

    Args:
        model: the candidate.
        bars: all bars of the night.
        points: how many bars to look at.
        most_changed: largest share of them with another direction.
        seed: of the bars.
        first: position from which on bars are drawn.
    """
    back = model_lookback(model)
    low = max(first, 2 * back)
    if low >= len(bars):
        return rule(
            "warmup",
            passed=False,
            observed=None,
            threshold=most_changed,
            code=ReasonCode.EVIDENCE_MISSING,
            message=f"{len(bars)} bars are too few to look {2 * back} bars back",
            remedy="Give a longer history.",
        )
    # Opening an engine looks through the installed packages, so one stream is opened and copied while it is fresh.
    fresh = SignalStream(model)
    whole = fresh.copy().advance(bars)
    drawn = np.random.default_rng(seed).integers(low, len(bars), size=points)
    features, shares = set[str](), list[float]()
    for bars_before in (back, 2 * back):
        turned = 0
        for at in map(int, drawn):
            short = fresh.copy().advance(bars.slice(at - bars_before, at + 1))
            features.update(_changed_features(model, whole, at, short))
            turned += bool(short.direction[-1] != whole.direction[at])
        shares.append(turned / points)
    told = f"after {back} bars of warm-up {shares[0]:.0%} of the directions differ, after {2 * back} {shares[1]:.0%}"
    wrong = f"features {', '.join(sorted(features))} differ after the declared look-back of {back} bars; "
    return rule(
        "warmup",
        passed=not features and shares[1] <= most_changed,
        observed=shares[1],
        threshold=most_changed,
        code=ReasonCode.LEAK_WARMUP,
        message=(wrong if features else "") + told,
        remedy="Return more from the engine's lookback(), or let what it remembers fade.",
        evidence={"lookback": back, "changed": shares, "features": sorted(features)},
    )


def _changed_features(model: TradingModel, whole: Signals, at: int, short: Signals) -> set[str]:
    same = np.isclose(
        whole.features[at], short.features[-1], rtol=FEATURE_TOLERANCE, atol=FEATURE_TOLERANCE, equal_nan=True
    )
    return {name for name, equal in zip(model.spec.feature_names, same, strict=True) if not equal}
