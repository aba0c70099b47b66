"""What an evaluation page is drawn from: plain values; what is not known is None, with the reason beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trading.arrays import Floats, Ints
from trading.checks.evidence import Evidence
from trading.gates.verdict import Verdict
from trading.model.lineage import Lineage
from trading.model.spec import ModelSpec
from trading.simulation.metrics.bands import EquityBands
from trading.simulation.trades import ClosedTrade
from trading.statistics.resample import Band


@dataclass(frozen=True, eq=False, kw_only=True)
class Market:
    """What the market did, and what the engine said of it, on every bar of the test split.

    Attributes:
        ts: shape (n,), open of each bar, UTC milliseconds.
        close: shape (n,), price at each close.
        direction: shape (n,), what the engine said: 1 long, -1 short, 0 none.
        regime: shape (n,), the most probable one, a position in ``regimes``; -1 where none is known.
        regimes: names; empty for an engine without.
    """

    ts: Ints
    close: Floats
    direction: Ints
    regime: Ints
    regimes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Path:
    """An equity on the bars of the test split, its metrics, and how sure they are.

    Attributes:
        equity: shape (n,), at every close, quote currency.
        metrics: by name, see :mod:`trading.simulation.metrics`.
        bands: of the equity and of the metrics of its returns.
        trade_bands: of the metrics of its trades, by name.
    """

    equity: Floats
    metrics: Mapping[str, float]
    bands: EquityBands
    trade_bands: Mapping[str, Band] = field(default_factory=dict[str, Band])

    def band(self, name: str) -> Band | None:
        """How sure a metric is, or None if it has no error or none is known.

        Args:
            name: of the metric.
        """
        return self.bands.metrics.get(name) or self.trade_bands.get(name)


@dataclass(frozen=True, eq=False, kw_only=True)
class Rival:
    """Somebody else on the same bars.

    Attributes:
        name: for people.
        path: what it did.
    """

    name: str
    path: Path


@dataclass(frozen=True, eq=False, kw_only=True)
class DriftView:
    """Features of two splits, in standard deviations of the training split.

    Attributes:
        names: of the F features.
        train: shape (n, F).
        test: shape (m, F).
        psi_bands: 90 % band of each feature's PSI, by name.
    """

    names: tuple[str, ...]
    train: Floats
    test: Floats
    psi_bands: Mapping[str, Band]


@dataclass(frozen=True, eq=False, kw_only=True)
class Traded:
    """The test split, traded again for the page.

    Attributes:
        market: bars and signals.
        candidate: what it did.
        trades: closed, in the order of closing; the last may be the position that was open at the end.
        holding: what buying at the first close and holding did.
        champion: the version it met or followed, or None.
        why_no_champion: why there is none.
        at_costs: the candidate at several times its costs, by the factor.
        initial: equity before the first bar.
        differing: names of the metrics that are not.
        drift: features of the splits.
        scenarios: paths of equity by the name of a scenario, one or more, each over the bars of ``scenario_points``.
        scenario_points: bars of the split at which a scenario's equity is known.
        regime_bars: bars of training and validation that each regime held, by name.
    """

    market: Market
    candidate: Path
    trades: Sequence[ClosedTrade]
    holding: Rival
    champion: Rival | None
    why_no_champion: str
    at_costs: Mapping[float, Path]
    initial: float
    differing: tuple[str, ...]
    drift: DriftView
    scenarios: Mapping[str, Sequence[Floats]]
    scenario_points: Ints
    regime_bars: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, eq=False, kw_only=True)
class Training:
    """How it was trained, as the stages of its night reported.

    Attributes:
        fit: report of scaler, engine and calibrator.
        policy: report of the policies, with their curves.
    """

    fit: Mapping[str, Any] | None = None
    policy: Mapping[str, Any] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class PageData:
    """Everything that one page shows.

    Attributes:
        name: of the version, or of the bundle.
        fate: what became of it, a sentence; empty if nothing is known.
        bundle_digest: of its bundle.
        lineage: where it came from.
        spec: of the model.
        engine: arrays of the engine by name.
        evidence: what the gates were asked about.
        verdict: what they said.
        training: how it was trained.
        why_no_training: why one of its reports is missing.
        traded: the test split, or None if its bars are not at hand.
        why_not_traded: why they are not.
        bars: number of bars of each split, by name; empty if unknown.
    """

    name: str
    fate: str
    bundle_digest: str
    lineage: Lineage
    spec: ModelSpec
    engine: Mapping[str, Floats]
    evidence: Evidence
    verdict: Verdict
    training: Training
    why_no_training: str = ""
    traded: Traded | None = None
    why_not_traded: str = ""
    bars: Mapping[str, int] = field(default_factory=dict[str, int])
