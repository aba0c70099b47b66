"""The stream of signals of one model: bars in, one or many at a time; features, opinion and confidence out."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trading.arrays import Floats, Ints
from trading.engines.base import engine_errors, engine_lookback
from trading.engines.table import open_engine
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.model.rules import NamedRegime, named_regime, rule_table
from trading.steps.bar import Bar
from trading.steps.features import (
    FEATURE_NAMES,
    FEATURES,
    LOG_VOLATILITY_MEDIUM,
    Scaling,
    feature_step,
    new_ring,
    scale_step,
    warmup_bars,
)
from trading.steps.market_regime import cash_step, market_regime_step
from trading.steps.observation import Signal, SignalColumns, View
from trading.steps.opinion import OPINION_SIZE, confidence_step, is_warm, side_step

RING, COUNT, ENGINE_PREFIX = "ring", "count", "engine."


@dataclass(frozen=True, eq=False, kw_only=True)
class Signals:
    """What a model sees and believes on every bar, before any account.

    Attributes:
        log_volatility: shape (n,), logarithm of the standard deviation of one bar's log return; NaN while warming up.
        features: shape (n, F), in training standard deviations; NaN during the warm-up.
        opinions: shape (n, OPINION_SIZE), of the engine; NaN while it has none.
        warm: shape (n,), 1 once the engine has an opinion.
        direction: shape (n,), 1 long, -1 short, 0 none.
        confidence: shape (n,), effective: calibrated times the modifier of training depth; 0 without a direction.
        cash: shape (n,), 1 where a rule calls the market a crisis, and nothing may be held.
    """

    log_volatility: Floats
    features: Floats
    opinions: Floats
    warm: Ints
    direction: Ints
    confidence: Floats
    cash: Ints

    def columns(self) -> SignalColumns:
        """The same as compiled loops take it."""
        return SignalColumns(
            self.log_volatility, self.features, self.opinions, self.warm, self.direction, self.confidence, self.cash
        )

    def slice(self, start: int, stop: int) -> Signals:
        """The bars ``start`` up to but without ``stop``.

        Args:
            start: position of the first bar.
            stop: position after the last bar.
        """
        return Signals(**{name: column[start:stop] for name, column in self.columns()._asdict().items()})


class SignalStream:
    """Features, engine and calibrator of one model, fed bar by bar or stretch by stretch.

    Args:
        model: whose signals these are.

    Attributes:
        engine: of the model, at the last bar.
        count: bars seen.
    """

    def __init__(self, model: TradingModel) -> None:
        self.engine = open_engine(model)
        self.count = 0
        self._model = model
        self._rules = rule_table(model.spec)
        self._windows = model.spec.windows.as_step()
        self._ring = new_ring(self._windows)
        chosen = np.array([FEATURE_NAMES.index(name) for name in model.spec.feature_names], dtype=np.int64)
        self._scaling = Scaling(chosen, model.scaler_mean, model.scaler_deviation)
        self._raw = np.full(FEATURES, math.nan)
        self._features = np.full(len(chosen), math.nan)
        self._opinion = np.full(OPINION_SIZE, math.nan)

    def on_bar(self, bar: Bar) -> View:
        """Take in one closed bar; the arrays in the answer are written again at the next.

        Args:
            bar: the one that follows the last bar seen; all of it is known.
        """
        model = self._model
        feature_step(self._ring, self.count, self._windows, bar, self._raw)
        scale_step(self._raw, self._scaling, self._features)
        with engine_errors(model.spec.engine.name, f"give an opinion of the bar of {bar.ts}"):
            self.engine.write(bar, self._features, self._opinion)
        self.count += 1
        direction = side_step(self._opinion)
        confidence = float(confidence_step(self._opinion, self._features, model.calibrator, model.spec.modifier))
        signal = Signal(
            close_ts=bar.ts + model.spec.interval,
            close=bar.close,
            log_volatility=float(self._raw[LOG_VOLATILITY_MEDIUM]),
            warm=is_warm(self._opinion),
            direction=direction,
            confidence=confidence,
            cash=cash_step(self._rules, direction, confidence, self._opinion, self._features),
        )
        return View(signal, self._features, self._opinion)

    def market_regime(self, view: View) -> NamedRegime:
        """What the model's rules call the market of a bar, and why.

        Args:
            view: what :meth:`on_bar` said of it.
        """
        signal = view.signal
        rule = market_regime_step(self._rules, signal.direction, signal.confidence, view.opinion, view.features)
        return named_regime(self._model.spec, self._rules, rule)

    def advance(self, bars: Bars) -> Signals:
        """Take in the next stretch of bars by compiled loops; the same numbers as bar by bar.

        Args:
            bars: the ones that follow the last bar seen, oldest first.
        """
        from trading.engines.series import cash_loop, scaled_loop, side_loop

        n, model = len(bars), self._model
        log_volatility, features = np.empty(n), np.empty((n, len(self._features)))
        scaled_loop(
            bars.columns(),
            self._windows,
            self._scaling,
            self._ring,
            self.count,
            self._raw,
            log_volatility,
            features,
        )
        self.count += n
        with engine_errors(model.spec.engine.name, f"give opinions of {n} bars"):
            opinions = self._opinions(bars, features)
        signals = Signals(
            log_volatility=log_volatility,
            features=features,
            opinions=opinions,
            warm=np.empty(n, dtype=np.int64),
            direction=np.empty(n, dtype=np.int64),
            confidence=np.empty(n),
            cash=np.empty(n, dtype=np.int64),
        )
        columns = (signals.warm, signals.direction, signals.confidence)
        side_loop(opinions, features, model.calibrator, model.spec.modifier, *columns)
        cash_loop(self._rules, signals.direction, signals.confidence, opinions, features, signals.cash)
        return signals

    def copy(self) -> SignalStream:
        """A stream that stands where this one stands and goes its own way."""
        return copy.deepcopy(self)

    def save(self) -> dict[str, Floats] | None:
        """Everything the stream remembers, or None if its engine can only be shown the bars again."""
        own = {RING: self._ring.copy(), COUNT: np.array([float(self.count)])}
        with engine_errors(self._model.spec.engine.name, "save what it remembers"):
            engine = self.engine.save()
            return None if engine is None else own | {f"{ENGINE_PREFIX}{name}": engine[name] for name in engine}

    def restore(self, state: Mapping[str, Floats]) -> None:
        """Go on where a stream of the same model was saved.

        Args:
            state: from :meth:`save`.
        """
        self._ring[:] = state[RING]
        self.count = int(state[COUNT][0])
        prefix = len(ENGINE_PREFIX)
        with engine_errors(self._model.spec.engine.name, "go on where it was saved"):
            self.engine.restore({name[prefix:]: state[name] for name in state if name.startswith(ENGINE_PREFIX)})

    def _opinions(self, bars: Bars, features: Floats) -> Floats:
        """What the engine says of the next stretch of bars, in its own form for series."""
        return np.ascontiguousarray(self.engine.opinions(bars, features), dtype=np.float64)


def compute_signals(model: TradingModel, bars: Bars) -> Signals:
    """Signals of a whole series, first bar to last.

    Args:
        model: whose signals these are.
        bars: oldest first.
    """
    return SignalStream(model).advance(bars)


def joined_signals(parts: Sequence[Signals]) -> Signals:
    """Signals of stretches that follow each other, as one.

    Args:
        parts: at least one, oldest first.
    """
    columns = zip(*(part.columns() for part in parts), strict=True)
    return Signals(**dict(zip(SignalColumns._fields, map(np.concatenate, columns), strict=True)))


def model_lookback(model: TradingModel) -> int:
    """Bars before its own that a signal depends on: the longest of the features' and the engine's.

    Args:
        model: its windows and its engine's options set the two look-backs.
    """
    return max(warmup_bars(model.spec.windows.as_step()), engine_lookback(open_engine(model)))
