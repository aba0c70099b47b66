"""Collects what the evaluation page of one candidate shows: its test split traded again, and everything around it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from trading.arrays import Floats, Ints
from trading.checks.drift_bands import psi_bands
from trading.checks.evidence import read_evidence
from trading.checks.stress import run_stress
from trading.engines.stream import Signals, compute_signals
from trading.errors import SevengatesError
from trading.gates.verdict import read_verdict
from trading.market.bars import Bars
from trading.model.bundle import Bundle
from trading.model.model import TradingModel
from trading.reports.page import DriftView, Market, PageData, Path, Rival, Traded, Training
from trading.settings.models import DriftSpec, StressSpec
from trading.simulation.backtest import BacktestResult, regime_names, result_of, run_backtest
from trading.simulation.cost_sensitivity import COST_FACTORS, trade_at_costs
from trading.simulation.lanes import LaneRun
from trading.simulation.metrics.bands import EquityBands, equity_bands, trade_bands
from trading.simulation.metrics.drawdown import max_drawdown
from trading.simulation.metrics.ratios import sharpe, sortino, volatility
from trading.simulation.metrics.returns import bar_returns, daily_returns
from trading.simulation.metrics.summary import daily_metrics
from trading.simulation.metrics.trades import trade_columns
from trading.simulation.trades import closed_trade
from trading.splits import Range, Splits
from trading.statistics.bootstrap import covering_block
from trading.steps.opinion import EXTRAS

Say = Callable[[str], None]
"""Is told what is done next, one sentence."""

BAND_POINTS, SCENARIO_POINTS = 200, 200
RIVAL_DRAWS = 150
_SEED = 0
"""Of the bands' draws: equal bundles have equal pages, whenever and wherever they are drawn."""
_SAME = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class RivalSource:
    """The champion that a candidate met, or that it followed.

    Attributes:
        name: for people.
        model: what trades on the candidate's bars and at its costs.
        why: why there is none; then the model is None.
    """

    name: str = ""
    model: TradingModel | None = None
    why: str = "Production was empty when its night began."


@dataclass(frozen=True, eq=False, kw_only=True)
class PageSubject:
    """Whose page it is.

    Attributes:
        name: of the version, or of the bundle.
        fate: what became of it, a sentence; empty if nothing is known.
        bundle: of the candidate.
        bars: that it was trained and judged on; None if they are not at hand.
        splits: of these bars.
        why_no_bars: why there are none.
        rival: the champion.
        training: reports of how it was trained.
        why_no_training: why one of them is missing.
    """

    name: str
    fate: str
    bundle: Bundle
    bars: Bars | None
    splits: Splits | None
    why_no_bars: str
    rival: RivalSource
    training: Training
    why_no_training: str = ""


def collect(subject: PageSubject, say: Say = lambda _: None) -> PageData:
    """Everything that the page of a candidate shows.

    Args:
        subject: whose page it is.
        say: is told what is done next.

    Raises:
        ValueError: if the bundle's evidence or verdict cannot be read.
    """
    bundle, splits = subject.bundle, subject.splits
    traded = None
    if subject.bars is not None and splits is not None:
        traded = _traded(subject, subject.bars, splits, say)
    parts = {} if splits is None else {"train": splits.train, "validation": splits.validation, "test": splits.test}
    return PageData(
        name=subject.name,
        fate=subject.fate,
        bundle_digest=bundle.digest,
        lineage=bundle.lineage,
        spec=bundle.model.spec,
        engine=bundle.model.engine,
        evidence=read_evidence(bundle.evidence),
        verdict=read_verdict(bundle.gates),
        training=subject.training,
        why_no_training=subject.why_no_training,
        traded=traded,
        why_not_traded=subject.why_no_bars,
        bars={name: part.size for name, part in parts.items()},
    )


def scenario_paths(model: TradingModel, bars: Bars, part: Range, *, seed: int, points: Ints) -> dict[str, list[Floats]]:
    """Equity under each scenario of the stress test, one path or more, at some bars of the test split.

    Args:
        model: the candidate.
        bars: the whole series.
        part: the test split.
        seed: of the stress test of its night, so that its shocks come again where they came.
        points: bars of the split that are kept.
    """
    paths: dict[str, list[Floats]] = {}
    guard = threading.Lock()

    def keep(name: str, _draw: int, result: BacktestResult) -> None:
        # Scenarios end in several threads; the quantiles over paths do not ask for their order.
        with guard:
            paths.setdefault(name, []).append(result.equity[points])

    _, judged = run_stress(model, bars, part.start, part.stop, spec=StressSpec(), seed=seed, look=keep)
    return {result.name: paths[result.name] for result in judged}


def _traded(subject: PageSubject, bars: Bars, splits: Splits, say: Say) -> Traded:
    model, part = subject.bundle.model, splits.test
    names = regime_names(model.spec.engine.extras)
    say(f"Trading {part.size} bars of the test split again, at up to {COST_FACTORS[-1]:g} times the costs.")
    signals = compute_signals(model, bars)
    market = _market(bars, signals, part, names)
    runs = dict(zip(COST_FACTORS, trade_at_costs(model, bars, part.start, part.stop), strict=True))
    own = runs[1.0]
    records = np.concatenate([own.trades, own.last])
    length = _mean_run(market.regime if names else market.direction)
    # The very block that the gate's error has.
    block = math.ceil(covering_block(part.size, length, trade_columns(records).held))
    drawn = _Drawn(model, bars, part, names, block)
    say("Drawing the bands of its errors.")
    candidate = drawn.path(own)
    champion, why_no_champion = _champion(subject.rival, drawn)
    points = np.unique(np.linspace(0, part.size - 1, SCENARIO_POINTS).astype(np.int64))
    say("Playing the stress scenarios again.")
    scenarios = scenario_paths(model, bars, part, seed=subject.bundle.lineage.seeds.get("stress", 0), points=points)
    return Traded(
        market=market,
        candidate=candidate,
        trades=[closed_trade(record) for record in records.tolist()],
        holding=Rival(name="holding", path=drawn.holding()),
        champion=champion,
        why_no_champion=why_no_champion,
        at_costs={factor: candidate if factor == 1.0 else drawn.path(run, RIVAL_DRAWS) for factor, run in runs.items()},
        initial=model.spec.limits.initial_equity,
        differing=_differing(candidate.metrics, subject.bundle.evidence.get("metrics", {})),
        drift=_drift(model, signals, splits, drawn.block),
        scenarios=scenarios,
        scenario_points=points,
        regime_bars=_regime_bars(_regimes(signals, slice(0, part.start), names), names),
    )


def _champion(rival: RivalSource, drawn: _Drawn) -> tuple[Rival | None, str]:
    """The champion on the same bars, or None and why: an engine of it may not be installed here."""
    if rival.model is None:
        return None, rival.why
    try:
        return Rival(name=rival.name, path=drawn.champion(rival.model)), ""
    except SevengatesError as error:
        return None, f"The {rival.name} is not shown: {error.message}"


@dataclass(frozen=True, eq=False)
class _Drawn:
    """The stretch that paths are drawn on."""

    model: TradingModel
    bars: Bars
    part: Range
    names: tuple[str, ...]
    block: int

    @property
    def ts(self) -> Ints:
        return self.bars.ts[self.part.start : self.part.stop]

    @property
    def initial(self) -> float:
        return self.model.spec.limits.initial_equity

    def path(self, run: LaneRun, draws: int | None = None) -> Path:
        """What a lane did; in its metrics the open position is closed at the last close."""
        records = np.concatenate([run.trades, run.last])
        bands = trade_bands(trade_columns(records, self.names), self.names, bars=self.part.size, seed=_SEED)
        result = result_of(self.model, self.ts, run)
        return Path(equity=run.equity, metrics=result.metrics, bands=self._bands(run.equity, draws), trade_bands=bands)

    def champion(self, model: TradingModel) -> Path:
        """What another model does on these bars, at the costs and units of this one."""
        spec = self.model.spec
        held = replace(model, spec=model.spec.changed(costs=spec.costs, instrument=spec.instrument))
        result = run_backtest(held, self.bars, self.part.start, self.part.stop)
        # Champions may start with another equity than candidates; a page compares growth.
        equity = result.equity * (self.initial / held.spec.limits.initial_equity)
        names = regime_names(held.spec.engine.extras)
        bands = trade_bands(trade_columns(result.closed, names), names, bars=self.part.size, seed=_SEED)
        return Path(equity=equity, metrics=result.metrics, bands=self._bands(equity, RIVAL_DRAWS), trade_bands=bands)

    def holding(self) -> Path:
        """Buying at the first open and holding, without costs."""
        close = self.bars.close[self.part.start : self.part.stop]
        equity = self.initial * close / float(self.bars.open[self.part.start])
        per_year = self.model.spec.bars_per_year
        returns = bar_returns(equity, self.initial)
        metrics = {
            "sharpe": sharpe(returns, per_year),
            "sortino": sortino(returns, per_year),
            "max_drawdown": max_drawdown(equity, self.initial),
            "volatility": volatility(returns, per_year),
            "total_return": float(equity[-1]) / self.initial - 1.0,
            **daily_metrics(daily_returns(self.ts, equity, self.initial)),
        }
        return Path(equity=equity, metrics=metrics, bands=self._bands(equity, RIVAL_DRAWS))

    def _bands(self, equity: Floats, draws: int | None) -> EquityBands:
        points = np.unique(np.linspace(0, len(equity) - 1, BAND_POINTS).astype(np.int64))
        options = {} if draws is None else {"draws": draws}
        return equity_bands(
            self.ts,
            equity,
            self.initial,
            self.model.spec.bars_per_year,
            block=self.block,
            points=points,
            seed=_SEED,
            **options,
        )


def _market(bars: Bars, signals: Signals, part: Range, names: tuple[str, ...]) -> Market:
    rows = slice(part.start, part.stop)
    return Market(
        ts=bars.ts[rows],
        close=bars.close[rows],
        direction=signals.direction[rows],
        regime=_regimes(signals, rows, names),
        regimes=names,
    )


def _regimes(signals: Signals, rows: slice, names: tuple[str, ...]) -> Ints:
    """The most probable regime of some bars; -1 where there is none."""
    direction = signals.direction[rows]
    if not names:
        return np.full(len(direction), -1, dtype=np.int64)
    beliefs = signals.opinions[rows, EXTRAS : EXTRAS + len(names)]
    known = np.isfinite(beliefs).all(axis=1)
    return np.where(known, np.argmax(np.where(known.reshape(-1, 1), beliefs, 0.0), axis=1), -1)


def _regime_bars(regimes: Ints, names: tuple[str, ...]) -> dict[str, int]:
    return {name: int(np.count_nonzero(regimes == place)) for place, name in enumerate(names)}


def _mean_run(labels: Ints) -> float:
    """Mean length of a stretch of equal labels, bars; NaN if there is none."""
    return len(labels) / (np.count_nonzero(np.diff(labels)) + 1) if len(labels) else math.nan


def _drift(model: TradingModel, signals: Signals, splits: Splits, block: int) -> DriftView:
    names = model.spec.feature_names
    train, test = (signals.features[slice(*part)] for part in (splits.train, splits.test))
    bands = psi_bands(train, test, names, bins=DriftSpec().bins, block=block, seed=_SEED)
    return DriftView(names=names, train=train, test=test, psi_bands=bands)


def _differing(found: Mapping[str, float], judged: Mapping[str, float | str | None]) -> tuple[str, ...]:
    """Metrics that both have and that are not the same to nine digits."""
    names: list[str] = []
    for name, value in found.items():
        if name not in judged:
            continue
        told = judged[name]
        other = math.nan if told is None else float(told)
        if math.isnan(value) and math.isnan(other):
            continue
        if not math.isclose(value, other, rel_tol=_SAME, abs_tol=_SAME):
            names.append(name)
    return tuple(names)
