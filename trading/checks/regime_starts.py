"""Starts of the regime model: what the night would have found had EM begun elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from trading.arrays import Ints
from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.results import Number, is_finite
from trading.values import Measured

if TYPE_CHECKING:
    from trading.engines.stream import Signals
    from trading.model.model import TradingModel


class StartResult(Measured):
    """What following the regimes of one start would have earned on the test split.

    Attributes:
        log_likelihood: of the training bars, nats a bar.
        agreement: share of test bars on which it is sure enough of the side that the chosen start takes, or of none as
            that one is.
        sharpe: annualised, of bar returns.
        max_drawdown: share.
        trades: closed, the last position included.
    """

    log_likelihood: Number = None
    agreement: Number = None
    sharpe: Number = None
    max_drawdown: Number = None
    trades: Number = None


class RegimeStartsEvidence(CheckEvidence):
    """The ten best starts, the chosen one first; an engine without starts has none.

    Attributes:
        starts: of the regime model.
        results: one for each of the ten.
    """

    check: ClassVar[str] = "regime_starts"

    starts: Number = None
    results: tuple[StartResult, ...] = ()

    @property
    def agreement(self) -> Number:
        """The least of them; None if nothing was measured, or one is no number."""
        shares = [found.agreement for found in self.results if found.agreement is not None]
        complete = len(shares) == len(self.results) > 0 and all(is_finite(share) for share in shares)
        return min(shares) if complete else None

    def numbers(self) -> dict[str, Number]:
        return {"regime_starts.agreement": self.agreement}


def _measure(subject: Subject) -> RegimeStartsEvidence:
    report: Any = subject.fit_report.get("engine", {})
    if subject.model.spec.engine.name != "regimes" or "others" not in report:
        return RegimeStartsEvidence(starts=0)
    # The simulation compiles when it is imported, and gates read the evidence above without it.
    from trading.checks.track import run_returns
    from trading.engines.stream import compute_signals
    from trading.simulation.metrics.drawdown import max_drawdown
    from trading.simulation.metrics.ratios import sharpe
    from trading.simulation.rivals import follow_signal

    model, test = subject.model, subject.splits.test
    bars = subject.bars.slice(0, test.stop)
    chosen, results = _sides(model, compute_signals(model, bars).slice(*test)), list[StartResult]()
    others = [(each["log_likelihood"], _other(model, each)) for each in report["others"]]
    for log_likelihood, start in [(report["log_likelihood"], model), *others]:
        signals = compute_signals(start, bars).slice(*test)
        run = follow_signal(start, bars.slice(*test), signals)
        results.append(
            StartResult(
                log_likelihood=log_likelihood,
                agreement=float(np.mean(_sides(model, signals) == chosen)),
                sharpe=sharpe(run_returns(start, run), model.spec.bars_per_year),
                max_drawdown=max_drawdown(run.settled_equity, model.spec.limits.initial_equity),
                trades=len(run.settled_trades),
            )
        )
    return RegimeStartsEvidence(starts=len(report["starts"]), results=tuple(results))


def _sides(model: TradingModel, signals: Signals) -> Ints:
    """Shape (n,): where the model would trade, and to which side; to lean without being sure is to no side."""
    return np.where(signals.confidence >= model.spec.limits.min_confidence, signals.direction, 0)


def _other(model: TradingModel, start: dict[str, Any]) -> TradingModel:
    """The model with the regimes of another start."""
    from dataclasses import replace

    engine = model.spec.engine
    options = {**engine.options, "signs": start["signs"]}
    arrays = {name: np.array(start[name], dtype=np.float64) for name in model.engine}
    return replace(model, spec=model.spec.changed(engine={**engine.model_dump(), "options": options}), engine=arrays)


REGIME_STARTS = Check(evidence=RegimeStartsEvidence, measure=_measure, parts=("bars", "splits", "model", "fit_report"))
