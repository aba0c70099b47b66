"""First stages of a night: bars as of a moment, their features, and the splits."""

from __future__ import annotations

from trading.engines.choice import EngineChoice
from trading.market.bars import Bars
from trading.night.artifacts import BARS, FEATURES, LOAD_REPORT, SPLITS, Features, Report
from trading.night.reads import reads
from trading.night.workspace import Night
from trading.settings.models import SevengatesSettings
from trading.splits import Splits, refuse_overlaps
from trading.steps.features import warmup_bars
from trading.store import Ref
from trading.values import Frozen


class CheckedBars(Frozen):
    """Bars that keep the contract, and the report of every check."""

    bars_ref: Ref[Bars]
    report_ref: Ref[Report]


@reads("market", "symbol", "source", "funding", "holidays", "as_of_ms")
def load_bars(night: Night) -> CheckedBars:
    """Read, check, resample, charge and cut the symbol's bars; nothing later than the moment of the night is seen.

    Args:
        night: whose market it is.

    Raises:
        DataError: with the code of the rule that failed; the file then lies in quarantine with a report.
    """
    from trading.market import load

    market, quarantine = night.settings.market, night.places.quarantine
    loaded = load.load_bars(market, night.symbol, night.plan.as_of_ms, quarantine)
    return CheckedBars(
        bars_ref=night.store.put(BARS, loaded.bars),
        report_ref=night.store.put(LOAD_REPORT, loaded.report.model_dump(mode="json")),
    )


@reads("features")
def compute_features(night: Night, bars_ref: Ref[Bars]) -> Ref[Features]:
    """Feature vectors of every bar, shape (n, FEATURES).

    Args:
        night: how features look back.
        bars_ref: of the night.
    """
    from trading.engines import series

    bars = night.store.get(BARS, bars_ref)
    return night.store.put(FEATURES, series.compute_features(bars, night.settings.features.windows))


@reads("splits", "features", "policy", "costs", "calibration")
def make_splits(night: Night, bars_ref: Ref[Bars], engines: tuple[EngineChoice, ...]) -> Ref[Splits]:
    """Train, validation and test ranges, as far apart as the longest look-back and the longest outcome demand.

    Args:
        night: shares, look-backs and holding times.
        bars_ref: of the night.
        engines: that are trained on these splits.

    Raises:
        DataError: ``BARS_TOO_FEW`` or ``SPLIT_OVERLAP``.
    """
    from trading import splits

    settings, bars = night.settings, night.store.get(BARS, bars_ref)
    warmup = max(warmup_bars(settings.features.windows), *(engine.lookback for engine in engines))
    made = splits.make_splits(
        len(bars),
        settings.splits,
        lookback=warmup,
        max_holding=max(longest_holding(settings, bars.interval), settings.calibration.horizon_bars),
        warmup=warmup,
    )
    refuse_overlaps(made, bars.ts)
    return night.store.put(SPLITS, made)


def longest_holding(settings: SevengatesSettings, interval: int) -> int:
    """Bars from a decision to the last bar of its trade, apart from exits that volume delays.

    Args:
        settings: bound of the holding time, and latency, which entry and exit both wait for.
        interval: milliseconds of a bar.
    """
    from trading.training.assemble import model_costs

    costs = model_costs(settings.costs)
    latency = max(costs.latency_bars, costs.latency_ms // interval)
    return settings.policy.max_duration + 2 * latency
