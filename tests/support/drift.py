"""What the drift gate says of a market: features, newest bars and levels, without a model."""

from __future__ import annotations

from tests.checks.samples import drift_of, only
from tests.support.null_markets import Shift, mirror, spread, trend, volatility, volume
from trading.arrays import Floats
from trading.checks.drift.features import measure_drift
from trading.checks.drift.row import recent_drift
from trading.engines.series import compute_features
from trading.gates.drift import DRIFT
from trading.gates.gate import GateResult, ask_gate
from trading.market.bars import Bars
from trading.settings.models import DriftSpec, FeatureSpec, GateSpec, SplitSpec
from trading.splits import Splits, make_splits
from trading.steps.features import FEATURE_NAMES

SPEC = DriftSpec()
MONTH, QUARTER = 720, 2_160
WHOLE: dict[str, Shift] = {
    "volatility x1.5": volatility(1.5),
    "volatility x2": volatility(2.0),
    "volatility x3": volatility(3.0),
    "volatility x0.5": volatility(0.5),
    "mirrored": mirror,
    "drift +0.05 sd": trend(0.05),
}
"""Changes of the whole test split."""
RECENT: dict[str, tuple[Shift, int]] = {
    "volatility x3, 30 days": (volatility(3.0), MONTH),
    "volatility x5, 30 days": (volatility(5.0), MONTH),
    "volatility x3, 90 days": (volatility(3.0), QUARTER),
    "volatility x5, 90 days": (volatility(5.0), QUARTER),
    "volatility x1/3, 30 days": (volatility(1.0 / 3.0), MONTH),
    "volatility and volume x3, 30 days": (
        lambda bars, start: volume(3.0)(volatility(3.0)(bars, start), start),
        MONTH,
    ),
    "volume x10, 30 days": (volume(10.0), MONTH),
    "volume x0.1, 30 days": (volume(0.1), MONTH),
    "spread +50 bps a side, 30 days": (spread(0.005), MONTH),
}
"""Changes of the newest bars."""


def splits_of(bars: Bars) -> Splits:
    """The splits of a night with default settings."""
    return make_splits(len(bars), SplitSpec(), lookback=97, max_holding=98, warmup=97)


def market_verdict(
    bars: Bars, spec: DriftSpec = SPEC, *, seed: int = 1, names: tuple[str, ...] = FeatureSpec().names
) -> GateResult:
    """What the gate says of a model that knows some features, if its outputs are what they were."""
    splits = splits_of(bars)
    features = compute_features(bars, FeatureSpec().windows)[:, [FEATURE_NAMES.index(name) for name in names]]
    train, test = (features[part.start : part.stop] for part in (splits.train, splits.test))
    columns: dict[str, Floats] = dict(zip(names, features.T, strict=True))
    newest = recent_drift(bars, columns, splits, spec, seed=seed)
    calm = drift_of(0.0, 0.0)
    measured = measure_drift(train, test, names, spec, seed=seed)
    found = measured.model_copy(
        update={
            "recent": newest,
            "outputs": calm.outputs,
            "conditional": calm.conditional,
            "insufficient": (*measured.insufficient, *(() if newest else ("recent",))),
        }
    )
    return ask_gate(DRIFT, only(found), GateSpec().model_dump())


def whole(name: str, bars: Bars) -> Bars:
    """A market whose test split has changed."""
    return WHOLE[name](bars, splits_of(bars).test.start)


def recent(name: str, bars: Bars) -> Bars:
    """A market whose newest bars have changed."""
    shift, count = RECENT[name]
    return shift(bars, len(bars) - count)
