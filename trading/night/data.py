"""First stages of a night: bars as of a moment, their features, and the splits."""

from __future__ import annotations

from pathlib import Path

from trading.settings.models import CalibrationSpec, CostSpec, FeatureSpec, MarketSpec, PolicySpec, Spec, SplitSpec
from trading.splits import make_splits, refuse_overlaps
from trading.steps.features import warmup_bars
from trading.store import Ref, Store


class Loaded(Spec):
    """Bars that keep the contract, and the report of every check."""

    bars: Ref
    report: Ref


def load(store: Store, *, market: MarketSpec, symbol: str, as_of_ms: int, quarantine: Path) -> Loaded:
    """Read, check, resample and cut one symbol's bars.

    Args:
        store: receives bars and report.
        market: source, interval, limits and repairs.
        symbol: the market.
        as_of_ms: nothing that closes later is seen.
        quarantine: folder for files that breach the contract.

    Raises:
        DataError: with the code of the rule that failed; the file then lies in quarantine with a report.
    """
    from trading.market.load import load_bars

    loaded = load_bars(market, symbol, as_of_ms, quarantine)
    return Loaded(
        bars=store.put_bars(loaded.bars),
        report=store.put_json("load-report", loaded.report.model_dump(mode="json")),
    )


def features(store: Store, *, bars: Ref, spec: FeatureSpec) -> Ref:
    """Feature vectors of every bar, shape (n, FEATURES)."""
    from trading.engines.series import compute_features

    return store.put_arrays("features", {"values": compute_features(store.get_bars(bars), spec.windows)})


def splits(
    store: Store,
    *,
    bars: Ref,
    shares: SplitSpec,
    features: FeatureSpec,
    policy: PolicySpec,
    costs: CostSpec,
    calibration: CalibrationSpec,
) -> Ref:
    """Train, validation and test ranges, as far apart as look-back and the longest outcome demand.

    Raises:
        DataError: ``BARS_TOO_FEW`` or ``SPLIT_OVERLAP``.
    """
    known = store.get_bars(bars)
    warmup = warmup_bars(features.windows)
    made = make_splits(
        len(known),
        shares,
        lookback=warmup,
        max_holding=max(policy.max_duration + costs.latency_bars, calibration.horizon_bars),
        warmup=warmup,
    )
    refuse_overlaps(made, known.ts)
    return store.put_json("splits", made.model_dump(mode="json"))
