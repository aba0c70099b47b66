"""Models without skill on markets without edge, and what the gates of performance and risk say of them.

A rider holds long whatever the market does; a guesser follows a moving average where there is no trend. Both trade
fixed actions through the real engine, fills and costs, and are measured by the real checks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tests.support.models import HOUR_MS, KNOWN, USUAL_WINDOWS, limits_of, make_model, one_map, regimes_of
from trading.checks.baselines import BASELINES
from trading.checks.benchmark import BENCHMARK
from trading.checks.check import Check, Subject
from trading.checks.evidence import Evidence, gather
from trading.checks.significance import SIGNIFICANCE
from trading.checks.trials import Trials
from trading.engines.series import compute_features
from trading.gates.gate import GateResult, Limits, ask_gate
from trading.gates.table import GATES
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.model.spec import ActionBounds, EngineIdentity, PolicyShape
from trading.settings.models import GateSpec
from trading.simulation.backtest import run_backtest
from trading.splits import Range, Splits

YEAR_BARS = 8_766.0
WARMUP, TRAIN, VALIDATION = 200, 500, 400
BEFORE = WARMUP + TRAIN + VALIDATION
"""Bars before the test split."""

BRACKETS = {
    "stop 6, target 8, 96 bars": (1.0, 1.0, 1.0, 1.0),
    "stop 6, target 3, 96 bars": (1.0, 1.0, 1.0, -0.43),
    "middle, 24 bars": (1.0, 0.0, 0.0, 0.0),
    "stop 3, target 8, 96 bars": (1.0, 1.0, -1.0, 1.0),
    "stop 6, target 1, 24 bars": (1.0, 0.0, 1.0, -1.0),
}
"""Fixed actions: stop and target in deviations of a medium-horizon return, and the longest holding."""

OWNER = ("trades", "sharpe", "win_rate", "profit_factor", "max_drawdown", "volatility", "max_consecutive_losses")
"""The rules of the first release; of trades it asked for one."""

_LIMITS: Limits = GateSpec().model_dump()
_USUAL = ActionBounds(min_duration=6, max_duration=96, min_stop=3.0, max_stop=6.0, min_target=1.0, max_target=8.0)


class Judged(NamedTuple):
    """What the gates of performance and risk said of one model.

    Attributes:
        evidence: that they were asked about.
        before: whether the rules of the first release let it pass.
        passed: whether all rules of today do.
        held: names of the rules of today that hold.
        failed: names of those that do not.
    """

    evidence: Evidence
    before: bool
    passed: bool
    held: tuple[str, ...]
    failed: tuple[str, ...]

    def holds(self, rule: str) -> bool:
        """Whether one rule of today was asked and lets it pass.

        Args:
            rule: its name.
        """
        return rule in self.held


def drifting_market(seed: int, bars: int, *, sharpe: float) -> Bars:
    """Hourly bars of a GARCH(1, 1) with Student's t of 4 degrees, 60 % a year, and a drift.

    Args:
        seed: of its random numbers.
        bars: how many.
        sharpe: true ratio of buying and holding, annualised.
    """
    rng = np.random.default_rng([seed, 8])
    deviation = 0.6 / np.sqrt(YEAR_BARS)
    shocks = rng.standard_t(4, bars) / np.sqrt(2.0)
    returns, variance = np.empty(bars), 1.0
    for t in range(bars):
        returns[t] = np.sqrt(variance) * shocks[t]
        variance = 0.02 + 0.08 * returns[t] ** 2 + 0.9 * variance
    moves = deviation * (np.clip(returns, -15.0, 15.0) + sharpe / np.sqrt(YEAR_BARS))
    close = 100.0 * np.cumprod(1.0 + moves)
    opened = np.r_[100.0, close[:-1]]
    wicks = np.exp(0.4 * deviation * np.abs(rng.normal(size=(2, bars))))
    return Bars(
        symbol="SIM",
        interval=HOUR_MS,
        ts=1_600_000_000_000 // HOUR_MS * HOUR_MS + HOUR_MS * np.arange(bars, dtype=np.int64),
        open=opened,
        high=np.maximum(opened, close) * wicks[0],
        low=np.minimum(opened, close) / wicks[1],
        close=close,
        volume=1e6 * np.exp(0.3 * rng.normal(size=bars)),
    )


def rider(action: tuple[float, ...]) -> TradingModel:
    """A model without timing: its regime chain can only be bull, and it is always as sure.

    Args:
        action: that it always takes.
    """
    engine = {
        "engine.startprob": np.array([1.0, 0.0, 0.0]),
        "engine.transmat": np.tile([1.0, 0.0, 0.0], (3, 1)),
        "engine.means": np.zeros((3, 2)),
        "engine.covars": np.stack([np.eye(2)] * 3),
    }
    return _model(engine, regimes_of(("log_return_medium", "log_return_slow"), threshold=0.2), action)


def guesser(action: tuple[float, ...], *, fast: int = 24, slow: int = 168) -> TradingModel:
    """A model that follows a moving average, long and short.

    Args:
        action: that it always takes.
        fast: length of the fast average, bars.
        slow: length of the slow average, bars.
    """
    options = {"fast": fast, "slow": slow, "band": 0.5}
    engine = EngineIdentity(name="moving_average", tag="ma_v1", revision=1, options=options, extras=("gap",))
    return _model({}, engine, action)


def judged(model: TradingModel, bars: Bars, *, trials: Trials | None = None) -> Judged:
    """Measure a model on all bars after the first :data:`BEFORE`, and ask the gates of performance and risk.

    Args:
        model: the candidate.
        bars: of its market.
        trials: earlier candidates; none by default.
    """
    subject_of = parts_of(model, bars, trials=trials)
    part = Range(BEFORE, len(bars))
    metrics = run_backtest(model, bars, *part).metrics
    evidence = gather(
        "SIM",
        inputs={},
        metrics=metrics,
        checks=[measured(check, subject_of) for check in (SIGNIFICANCE, BENCHMARK, BASELINES)],
        live=None,
    )
    results = [ask_gate(GATES[name], evidence, _LIMITS) for name in ("performance", "risk")]
    rules = [rule for result in results for rule in result.rules]
    held, failed = (tuple(rule.name for rule in rules if rule.passed is passed) for passed in (True, False))
    return Judged(evidence, _as_before(results, evidence), all(result.passed for result in results), held, failed)


def parts_of(model: TradingModel, bars: Bars, *, trials: Trials | None = None) -> dict[str, Any]:
    """What checks look at of a candidate whose test split is all bars after the first :data:`BEFORE`.

    Args:
        model: the candidate.
        bars: of its market.
        trials: earlier candidates; none by default.
    """
    train, validation = Range(WARMUP, WARMUP + TRAIN), Range(WARMUP + TRAIN, BEFORE)
    return {
        "bars": bars,
        "features": compute_features(bars, model.spec.windows.as_step()),
        "splits": Splits(
            train=train,
            validation=validation,
            test=Range(BEFORE, len(bars)),
            bars=len(bars),
            lookback=169,
            max_holding=96,
        ),
        "model": model,
        "trials": trials or Trials(),
    }


def measured(check: Check, parts: dict[str, Any], *, seed: int = 1) -> Any:
    """What one check measures.

    Args:
        check: its row.
        parts: all that there are.
        seed: of its random numbers.
    """
    shown = {name: parts[name] for name in check.parts}
    return check.measure(Subject(check=check.name, parts=shown, random_seed=seed if check.seeded else None))


def _as_before(results: list[GateResult], evidence: Evidence) -> bool:
    """Whether the rules of the first release hold."""
    rules = {rule.name: rule for result in results for rule in result.rules}
    trades = evidence.metrics["trades"] or 0
    return trades >= 1 and all(rules[name].passed for name in OWNER if name != "trades")


def _model(engine: dict[str, Any], identity: EngineIdentity, action: tuple[float, ...]) -> TradingModel:
    arrays = {
        "scaler.mean": np.zeros(len(KNOWN)),
        "scaler.deviation": np.ones(len(KNOWN)),
        **one_map([0.0, 1.0], [0.6, 0.6]),
        **engine,
    }
    return make_model(
        arrays,
        windows=USUAL_WINDOWS,
        engine=identity,
        policy=PolicyShape(kind="fixed", action=action),
        actions=_USUAL,
        limits=limits_of(min_confidence=0.5, cooldown_bars=12),
    )
