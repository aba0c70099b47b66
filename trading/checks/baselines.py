"""Baselines: what simpler rules earned on the same bars at the same costs, and by how much the candidate beat each."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.results import Number
from trading.values import Measured

if TYPE_CHECKING:
    from trading.arrays import Floats
    from trading.checks.track import Track
    from trading.engines.stream import Signals
    from trading.model.model import TradingModel
    from trading.simulation.lanes import LaneRun

BaselineName = Literal["mean_action", "constant_action", "follow_signal", "buy_and_hold", "moving_average"]

OWN_RULES: tuple[BaselineName, ...] = ("mean_action", "follow_signal")
"""The baselines that a policy has to beat to be worth more than its own engine."""

GRID = tuple(product((-0.5, 0.25, 1.0), (-1.0, 0.0, 1.0), (-1.0, 1.0), (-1.0, 1.0)))
"""Constant actions that are tried on the validation split: size, duration, stop and target, each -1 to 1."""

TREND_ACTION = (1.0, 1.0, 0.0, 1.0)
"""What the moving average trades with: largest size, longest holding, middle stop, widest target."""


class BaselineResult(Measured):
    """One baseline on the test split, and the candidate against it.

    Attributes:
        name: of the baseline.
        action: size, duration, stop and target if it is one action; else empty.
        sharpe: annualised, of bar returns.
        total_return: share.
        trades: closed, the last position included.
        difference: Sharpe ratio of the candidate less this one.
        difference_se: its standard error by a stationary bootstrap of both in the same blocks.
        low: 5th percentile of the difference.
        high: 95th percentile.
        p: one-sided probability of such a difference if there is none.
        correlation: of the bar returns of both.
    """

    name: BaselineName
    action: tuple[float, ...] = ()
    sharpe: Number = None
    total_return: Number = None
    trades: Number = None
    difference: Number = None
    difference_se: Number = None
    low: Number = None
    high: Number = None
    p: Number = None
    correlation: Number = None


class BaselinesEvidence(CheckEvidence):
    """The candidate against simpler rules, in a fixed order.

    Attributes:
        results: one for each baseline; empty was never measured.
    """

    check: ClassVar[str] = "baselines"

    results: tuple[BaselineResult, ...] = ()

    def result(self, name: BaselineName) -> BaselineResult:
        """One of them; nothing was measured of one that is not there.

        Args:
            name: of the baseline.
        """
        return next((found for found in self.results if found.name == name), BaselineResult(name=name))

    def numbers(self) -> dict[str, Number]:
        sharpes = {f"baselines.{found.name}.sharpe": found.sharpe for found in self.results}
        return sharpes | {f"baselines.{found.name}.difference": found.difference for found in self.results}


class _Rival(NamedTuple):
    """What a baseline did, or None if it could not trade at all."""

    run: LaneRun | None
    action: tuple[float, ...] = ()


def _measure(subject: Subject) -> BaselinesEvidence:
    # The simulation compiles when it is imported, and gates read the evidence above without it.
    from trading.checks.track import track_of
    from trading.engines.checked import checked_signals
    from trading.simulation.rivals import buy_and_hold, follow_signal

    splits, model = subject.splits, subject.model
    signals = checked_signals(model, subject.bars.slice(0, splits.test.stop))
    track = track_of(model, subject.bars, signals, splits.test)
    own, constant = _mean_action(track), _best_constant(subject, signals)
    rivals: dict[BaselineName, _Rival] = {
        "mean_action": own,
        "constant_action": _Rival(_with_action(track, constant), constant),
        "follow_signal": _Rival(follow_signal(model, track.bars, track.signals)),
        "buy_and_hold": _Rival(buy_and_hold(model, track.bars, track.signals)),
        "moving_average": _Rival(_moving_average(subject), TREND_ACTION),
    }
    return BaselinesEvidence(
        results=tuple(_compared(track, name, rival, subject.seed) for name, rival in rivals.items())
    )


def _compared(track: Track, name: BaselineName, rival: _Rival, seed: int) -> BaselineResult:
    from trading.checks.track import DRAWS, run_returns
    from trading.seeds import seed_for
    from trading.simulation.metrics.ratios import sharpe
    from trading.statistics.paired import paired_sharpe_difference

    if rival.run is None:
        return BaselineResult(name=name)
    returns = run_returns(track.model, rival.run)
    found = paired_sharpe_difference(
        track.returns,
        returns,
        periods_per_year=track.bars_per_year,
        mean_block=track.block,
        draws=DRAWS,
        seed=seed_for(seed, name),
    )
    initial = track.model.spec.limits.initial_equity
    return BaselineResult(
        name=name,
        action=rival.action,
        sharpe=sharpe(returns, track.bars_per_year),
        total_return=float(rival.run.settled_equity[-1]) / initial - 1.0,
        trades=len(rival.run.settled_trades),
        difference=found.difference,
        difference_se=found.se,
        low=found.low,
        high=found.high,
        p=found.p,
        correlation=found.correlation,
    )


def _mean_action(track: Track) -> _Rival:
    """The mean of the candidate's own actions on these very bars, always; nothing if it decided nothing."""
    from trading.simulation.rivals import chosen_actions
    from trading.steps.numbers import quantised

    actions = chosen_actions(track.model, track.bars, track.signals, track.run.codes)
    if not len(actions):
        return _Rival(None)
    action = tuple(quantised(value) for value in actions.mean(axis=0).tolist())
    return _Rival(_with_action(track, action), action)


def _with_action(track: Track, action: tuple[float, ...]) -> LaneRun:
    import numpy as np

    from trading.simulation.rivals import run_actions

    return run_actions(track.model, track.bars, track.signals, np.array([action]))[0]


def _best_constant(subject: Subject, signals: Signals) -> tuple[float, ...]:
    """The action of the grid with the best Sharpe ratio on the validation split; the first of those that are equal."""
    import numpy as np

    from trading.checks.track import run_returns
    from trading.simulation.metrics.ratios import sharpe
    from trading.simulation.rivals import run_actions

    part, model = subject.splits.validation, subject.model
    runs = run_actions(model, subject.bars.slice(*part), signals.slice(*part), np.array(GRID))
    found: Floats = np.array([sharpe(run_returns(model, run), model.spec.bars_per_year) for run in runs])
    return GRID[int(np.argmax(np.where(np.isfinite(found), found, -np.inf)))]


def _moving_average(subject: Subject) -> LaneRun:
    """The moving average engine with its own defaults, at full size; its confidence is no probability and no limit."""
    from dataclasses import replace

    import numpy as np

    from trading.engines.stream import compute_signals
    from trading.model.spec import PolicyShape
    from trading.simulation.rivals import run_model

    part, model = subject.splits.test, _trend_model(subject)
    limits = model.spec.limits.model_copy(update={"min_confidence": 0.0})
    policy = PolicyShape(kind="fixed", action=TREND_ACTION)
    model = replace(model, spec=model.spec.changed(limits=limits.model_dump(), policy=policy.model_dump()))
    signals = compute_signals(model, subject.bars.slice(0, part.stop)).slice(*part)
    full = replace(signals, confidence=np.where(signals.direction != 0, 1.0, 0.0))
    return run_model(model, subject.bars.slice(*part), full)


def _trend_model(subject: Subject) -> TradingModel:
    """The candidate with the moving average in place of its engine, fitted on the same training split."""
    from dataclasses import replace

    import numpy as np

    from trading.engines.base import TrainingData
    from trading.engines.table import engine_class, engine_tag
    from trading.model.spec import ConfidenceMeaning, EngineIdentity
    from trading.simulation.parameters import raw_calibrator
    from trading.steps.features import FEATURE_NAMES, LOG_RETURN_1

    name, model, rows = "moving_average", subject.model, slice(*subject.splits.train)
    kind, raw = engine_class(name), subject.features[rows]
    known = [FEATURE_NAMES.index(feature) for feature in model.spec.feature_names]
    data = TrainingData(
        bars=subject.bars.slice(*subject.splits.train),
        returns=raw[:, LOG_RETURN_1],
        features=(raw[:, known] - model.scaler_mean) / model.scaler_deviation,
        feature_names=model.spec.feature_names,
        seed=subject.seed,
    )
    fitted = kind.fit(data, kind.Options())
    engine = EngineIdentity(
        name=name,
        tag=engine_tag(name),
        revision=kind.revision,
        options=dict(fitted.options),
        extras=kind.extras,
    )
    arrays = {key: np.ascontiguousarray(array, dtype=np.float64) for key, array in fitted.arrays.items()}
    return replace(
        model,
        # Its confidence is no probability, so it sizes nothing, and no lack of training makes a rival weaker. Rules may
        # ask for numbers of the candidate's engine, which it does not have.
        spec=model.spec.changed(
            engine=engine.model_dump(), confidence=ConfidenceMeaning(), depth=None, market_rules=()
        ),
        engine=arrays,
        calibrator=raw_calibrator(len(model.spec.feature_names)),
        layers=None,
    )


BASELINES = Check(
    evidence=BaselinesEvidence,
    measure=_measure,
    parts=("bars", "features", "splits", "model"),
    seeded=True,
)
