"""The corpus of leaks: each is planted in what a night runs, and looked for by the checks and the gate of a night.

Nothing here knows how a check works, and no check knows that a leak was planted. Beside them stand honest candidates,
on which nothing may be found.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import leak_engines as own
from tests.support.foresight import feed_lanes_ahead
from tests.support.nights import play_night
from trading.engines import series, stream, table
from trading.engines.base import Engine
from trading.errors import SevengatesError
from trading.market import load
from trading.market.bars import COLUMNS, Bars
from trading.night import fit
from trading.night.artifacts import VERDICT
from trading.night.examination import FeatureSet, examine
from trading.night.workspace import open_night
from trading.results import CheckResult, blocking_failures
from trading.settings.models import (
    CalibrationSpec,
    CostSpec,
    EngineSpec,
    FeatureSpec,
    MarketSpec,
    PolicySpec,
    RegimeSpec,
    RiskSpec,
    RuntimeSpec,
    SevengatesSettings,
    SplitSpec,
)
from trading.simulation import lanes
from trading.simulation.kernels import trade_loop
from trading.steps.features import FEATURE_NAMES
from trading.training import assemble, jobs
from trading.training.trainers import TRAINERS

Plant = Callable[[pytest.MonkeyPatch], object]
PRICES = ("open", "high", "low", "close")
LEAK_CODES = ("ENGINE_CHECK", "SPLIT_OVERLAP")
"""Errors by which a night itself refuses a leak, before there is any evidence."""

TRAINER = Path(__file__).parents[2] / "docs" / "examples" / "trainer" / "constant_action.py"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A candidate that is looked at.

    Attributes:
        name: for people.
        settings: of its night.
        plant: what is wrong with it; nothing by default.
        features: a feature set that is looked at too.
        trained: whether a policy is trained, and the whole night is played up to its verdict.
    """

    name: str
    settings: SevengatesSettings
    plant: Plant = lambda _: None
    features: FeatureSet | None = None
    trained: bool = False


def market(source: str = "sim:edge=0,seed=3", bars: int = 12_000, **changes: Any) -> SevengatesSettings:
    """Settings of a quick candidate: the engine ``moving_average`` unless they say otherwise, and a short fit."""
    given: dict[str, Any] = {
        "engine": EngineSpec(name="moving_average"),
        "regimes": RegimeSpec(seeds=1, iterations=15),
        **changes,
    }
    where = given.pop("market", {})
    return SevengatesSettings(market=MarketSpec(source=source, history_bars=bars, **where), **given)


def found_in(case: Case) -> list[str]:
    """The rules that refuse a case, by name; empty for one that nothing is found in.

    Args:
        case: planted, looked at, and removed again.
    """
    with pytest.MonkeyPatch.context() as patch:
        case.plant(patch)
        try:
            rules = (
                _verdict_rules(case, patch) if case.trained else examine(case.settings, features=case.features).results
            )
        except SevengatesError as error:
            if str(error.code) not in LEAK_CODES:
                raise
            return [str(error.code)]
    return [result.name for result in blocking_failures(rules)]


def _verdict_rules(case: Case, patch: pytest.MonkeyPatch) -> list[CheckResult]:
    """What the gate of leakage says in the verdict of a whole night."""
    spec = importlib.util.spec_from_file_location("constant_action", TRAINER)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    patch.setitem(TRAINERS, "constant_action", lambda: example.train)
    with tempfile.TemporaryDirectory() as folder:
        night = open_night(case.settings.model_copy(update={"runtime": RuntimeSpec(home=folder)}), "SIM")
        verdict = night.store.get(VERDICT, play_night(night).judged.verdict_ref)
    (leakage,) = (gate for gate in verdict.gates if gate.name == "leakage")
    return list(leakage.rules)


def with_engine(kind: type[Engine]) -> Plant:
    """Let a class be the engine of the case."""
    return lambda patch: patch.setitem(table.ENGINES, "moving_average", lambda: kind)


def with_bars(change: Callable[[Bars], Bars]) -> Plant:
    """Let the source give other bars."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        honest = load.load_bars

        def changed(*args: Any) -> Any:
            loaded = honest(*args)
            return replace(loaded, bars=change(loaded.bars))

        patch.setattr(load, "load_bars", changed)

    return plant


def loop_of_later_signals(patch: pytest.MonkeyPatch) -> None:
    def ahead(columns: Any, signals: Any, *rest: Any) -> int:
        rows = np.minimum(np.arange(len(signals.direction)) + 24, len(signals.direction) - 1)
        return trade_loop(columns, type(signals)(*(column[rows] for column in signals)), *rest)

    patch.setattr(lanes, "trade_loop", ahead)


def fills_of_later_prices(patch: pytest.MonkeyPatch) -> None:
    def later(columns: Any, *rest: Any) -> int:
        rows = np.minimum(np.arange(len(columns.close)) + 1, len(columns.close) - 1)
        return trade_loop(columns._replace(**{name: getattr(columns, name)[rows] for name in PRICES}), *rest)

    patch.setattr(lanes, "trade_loop", later)


def confidence_of_the_whole_sample(patch: pytest.MonkeyPatch) -> None:
    honest = stream.SignalStream.advance

    def scaled(self: stream.SignalStream, part: Bars) -> stream.Signals:
        signals = honest(self, part)
        scale = 0.5 / max(float(signals.confidence.mean()), 1e-9)
        return replace(signals, confidence=np.minimum(signals.confidence * scale, 1.0))

    patch.setattr(stream.SignalStream, "advance", scaled)


def features_of_the_next_bar(patch: pytest.MonkeyPatch) -> None:
    honest = series.compute_features

    def shifted(bars: Bars, windows: Any) -> Any:
        return np.vstack([honest(bars, windows)[1:], honest(bars, windows)[-1:]])

    patch.setattr(series, "compute_features", shifted)


def _whole_fit(patch: pytest.MonkeyPatch, change: Callable[..., None]) -> None:
    """Let a part of the fit see what the fit was given before its splits were cut out."""
    honest = assemble.fit_model

    def fit_model(bars: Bars, raw: Any, **named: Any) -> assemble.FittedParts:
        with pytest.MonkeyPatch.context() as inner:
            known = [FEATURE_NAMES.index(name) for name in named["settings"].features.names]
            change(inner, bars, raw[:, known])
            return honest(bars, raw, **named)

    patch.setattr(assemble, "fit_model", fit_model)


def scaler_of_all_bars(patch: pytest.MonkeyPatch) -> None:
    honest = assemble.fit_scaler

    def change(inner: pytest.MonkeyPatch, bars: Bars, raw: Any) -> None:
        inner.setattr(assemble, "fit_scaler", lambda *_: honest(raw[97:], bars.ts[97:]))

    _whole_fit(patch, change)


def scaler_that_lies(patch: pytest.MonkeyPatch) -> None:
    honest = assemble.fit_scaler

    def change(inner: pytest.MonkeyPatch, bars: Bars, raw: Any) -> None:
        def lying(rows: Any, ts: Any) -> Any:
            return honest(raw[97:], bars.ts[97:])._replace(record=honest(rows, ts).record)

        inner.setattr(assemble, "fit_scaler", lying)

    _whole_fit(patch, change)


def engine_of_all_bars(patch: pytest.MonkeyPatch) -> None:
    honest = assemble.TrainingData

    def change(inner: pytest.MonkeyPatch, bars: Bars, raw: Any) -> None:
        def everything(**named: Any) -> Any:
            rows = slice(97, None)
            scaled = (raw[rows] - raw[rows].mean(axis=0)) / raw[rows].std(axis=0)
            return honest(**{**named, "bars": bars.slice(97), "returns": raw[rows, 0], "features": scaled})

        inner.setattr(assemble, "TrainingData", everything)

    _whole_fit(patch, change)


def calibrator_of_the_test_split(patch: pytest.MonkeyPatch) -> None:
    honest: Any = vars(assemble)["_calibrate"]

    def on_the_test(model: Any, bars: Bars, train: tuple[int, int], validation: tuple[int, int], spec: Any) -> Any:
        return honest(model, bars, train, (validation[1] + 200, len(bars)), spec)

    patch.setattr(assemble, "_calibrate", on_the_test)


def _other_job(patch: pytest.MonkeyPatch, part: str) -> None:
    """Let a split of every training job be the test split, with the bars that it needs."""
    honest_train, honest_job = fit.train_policy, jobs.TrainingJob

    def train_policy(night: Any, bars_ref: Any, splits_ref: Any, model_ref: Any, **named: Any) -> Any:
        store = night.store
        bars, model = store.get(fit.BARS, bars_ref), store.get(fit.MODEL, model_ref)
        signals, test = stream.compute_signals(model, bars), store.get(fit.SPLITS, splits_ref).test

        def job(**given: Any) -> Any:
            return honest_job(**{**given, "bars": bars, "signals": signals, part: test})

        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(jobs, "TrainingJob", job)
            return honest_train(night, bars_ref, splits_ref, model_ref, **named)

    patch.setattr(fit, "train_policy", train_policy)


def policy_of_the_test_split(patch: pytest.MonkeyPatch) -> None:
    _other_job(patch, "train")


def choice_on_the_test_split(patch: pytest.MonkeyPatch) -> None:
    _other_job(patch, "validation")


def volume_that_knows(bars: Bars) -> Bars:
    """The return of the next day in the volume, under noise."""
    price = np.log(bars.close)
    target = np.r_[price[24:] - price[:-24], np.zeros(24)]
    noise = np.random.default_rng(1).standard_normal(len(bars))
    return replace(bars, volume=1e6 * np.exp(target / target.std() + 0.3 * noise))


def close_stamped(bars: Bars) -> Bars:
    """Closes from a feed that stamps them by the end of the bar, joined as if by its begin: they come a bar early."""
    close = np.r_[bars.close[1:], bars.close[-1:]]
    return replace(bars, close=close, high=np.maximum(bars.high, close), low=np.minimum(bars.low, close))


def repeated(bars: Bars) -> Bars:
    """A week of the train split once more in the test split, at the price level of the place."""
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    source, place = slice(1_000, 1_168), slice(len(bars) - 500, len(bars) - 332)
    level = bars.close[place.start - 1] / bars.close[source.start - 1]
    for name, column in columns.items():
        column[place] = column[source] * (level if name in PRICES else 1.0)
    return replace(bars, **columns)


def interpolated(bars: Bars) -> Bars:
    """An outage of a day, closed by a line between the bars around it."""
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    begin, end = len(bars) - 700, len(bars) - 676
    for column in columns.values():
        column[begin : end + 1] = np.linspace(column[begin], column[end], end - begin + 1)
    return replace(bars, **columns)


POLICY = PolicySpec(trainer="constant_action", seeds=2, workers=1)
TRAINED = market(bars=6_000, policy=POLICY)
REGIMES = market(engine=EngineSpec(name="regimes"))
EDGE = "sim:edge=1,seed=5"
LIVELY = market(EDGE, engine=EngineSpec(name="regimes"), risk=RiskSpec(min_confidence=0.0))
"""A candidate that trades: where nothing is decided, no decision can know the future."""

LEAKS = (
    Case(name="lanes are fed bars 24 ahead", settings=market(), plant=lambda patch: feed_lanes_ahead(patch, 24)),
    Case(name="lanes are fed the next bar", settings=market(), plant=lambda patch: feed_lanes_ahead(patch, 1)),
    Case(name="the loop trades signals of 24 bars later", settings=market(), plant=loop_of_later_signals),
    Case(name="orders fill at prices of the bar after", settings=LIVELY, plant=fills_of_later_prices),
    Case(name="confidence over its mean of the whole sample", settings=LIVELY, plant=confidence_of_the_whole_sample),
    Case(name="platform features of the next bar", settings=market(), plant=features_of_the_next_bar),
    Case(name="scaler fitted over the test split", settings=market(), plant=scaler_of_all_bars),
    Case(name="the same, and its record says otherwise", settings=market(), plant=scaler_that_lies),
    Case(name="HMM fitted over the test split", settings=REGIMES, plant=engine_of_all_bars),
    Case(name="calibrator fitted on the test split", settings=market(), plant=calibrator_of_the_test_split),
    Case(name="policy trained on the test split", settings=TRAINED, plant=policy_of_the_test_split, trained=True),
    Case(name="seed chosen on the test split", settings=TRAINED, plant=choice_on_the_test_split, trained=True),
    Case(
        name="HMM probabilities over the whole sequence",
        settings=REGIMES,
        plant=lambda patch: patch.setitem(table.ENGINES, "regimes", lambda: own.SmoothedRegimes),
    ),
    *(
        Case(name=f"engine: {(kind.__doc__ or '').strip().rstrip('.')}", settings=market(), plant=with_engine(kind))
        for kind in (
            own.NegativeShift,
            own.CentredWindow,
            own.WholeSampleScore,
            own.WrongLabel,
            own.SameDayRange,
            own.LastSwing,
            own.LongMemory,
        )
    ),
    *(
        Case(name=f"features: {(made.__doc__ or '').strip().rstrip('.')}", settings=market(), features=made)
        for made in (
            own.whole_sample_features,
            own.whole_sample_rank,
            own.centred_features,
            own.interpolated_features,
            own.backfilled_features,
            own.encoded_target,
            own.filtered_spectrum,
        )
    ),
    Case(
        name="features: The next return under three times its own noise, from a table that was made beforehand",
        settings=market(),
        features=own.disguised_target(),
    ),
    *(
        Case(name=f"bars: {(change.__doc__ or '').strip().rstrip('.')}", settings=market(), plant=with_bars(change))
        for change in (volume_that_knows, close_stamped, repeated, interpolated)
    ),
)
"""Every planted leak; what is wrong with it is its name."""

SHORT_WINDOWS = FeatureSpec(fast=3, medium=6, slow=24, vwap=12)
LONG_WINDOWS = FeatureSpec(fast=12, medium=48, slow=240, vwap=96)

HONEST = (
    *(
        Case(name=f"{name}, embedded market with an edge", settings=market(EDGE, engine=EngineSpec(name=name)))
        for name in table.ENGINES
    ),
    Case(name="every signal is traded", settings=LIVELY),
    Case(name="regimes, without an edge", settings=market(engine=EngineSpec(name="regimes"))),
    Case(
        name="regimes, 40,000 bars",
        settings=market("sim:edge=1,seed=12", bars=40_000, engine=EngineSpec(name="regimes")),
    ),
    Case(name="3,000 bars alone", settings=market("sim:edge=1,seed=9", bars=3_000)),
    Case(name="bars of 15 minutes", settings=market(f"{EDGE},interval=15m", market={"interval": "15m"})),
    Case(name="bars of 4 hours", settings=market(EDGE, bars=6_000, market={"interval": "4h"})),
    Case(name="bars of 5 minutes", settings=market("sim:edge=0,seed=4,interval=5m", market={"interval": "5m"})),
    Case(
        name="regimes over short windows",
        settings=market(EDGE, engine=EngineSpec(name="regimes"), features=SHORT_WINDOWS),
    ),
    Case(
        name="regimes over long windows",
        settings=market(EDGE, engine=EngineSpec(name="regimes"), features=LONG_WINDOWS),
    ),
    Case(name="a market of jumps", settings=market("sim:edge=1,seed=6,jumps_per_day=2,jump_scale=8")),
    Case(name="long regimes of strong trends", settings=market("sim:edge=2,seed=8,bull_days=30,bear_days=30")),
    Case(name="orders that wait two bars", settings=market(EDGE, costs=CostSpec(latency_bars=2))),
    Case(name="costs of the simple level", settings=market(EDGE, costs=CostSpec(realism="simple"))),
    Case(
        name="isotonic calibration over other splits",
        settings=market(
            EDGE, calibration=CalibrationSpec(method="isotonic"), splits=SplitSpec(train=0.5, validation=0.2)
        ),
    ),
    Case(name="an engine of one's own", settings=market(EDGE), plant=with_engine(own.TrailingMean)),
    *(
        Case(name=f"features of one's own: {made.__name__.replace('_', ' ')}", settings=market(EDGE), features=made)
        for made in (own.trailing_features, own.exponential_features, own.hour_features)
    ),
    Case(name="a trained policy", settings=TRAINED, trained=True),
)
"""Candidates in which there is nothing to find."""


def honest_on_real_bars(folder: Path) -> tuple[Case, ...]:
    """The same on real markets.

    Args:
        folder: the market data folder.
    """
    rows = (
        ("BTCUSDT-1h-2017-2022.parquet", "BTCUSDT", "1h", "regimes"),
        ("BTCUSDT-1h-2017-2022.parquet", "BTCUSDT", "4h", "liquidity"),
        ("BTCUSDT-1h-2017-2022.parquet", "BTCUSDT", "1d", "moving_average"),
        ("BTCUSDT-1m-2022.parquet", "BTCUSDT", "15m", "regimes"),
        ("BTCUSDT-1m-2022.parquet", "BTCUSDT", "5m", "mean_reversion"),
        ("DOGEUSDT-30m-2023-2024.csv.gz", "DOGEUSDT", "30m", "mean_reversion"),
        ("XRPUSDT-30m-2023-2024.csv.gz", "XRPUSDT", "30m", "event_fade"),
        ("SOLUSDT-30m-2023-2024.csv.gz", "SOLUSDT", "30m", "regimes"),
    )
    return tuple(
        Case(
            name=f"{engine}, {symbol} {interval}",
            settings=market(
                str(folder / file),
                bars=20_000,
                engine=EngineSpec(name=engine),
                market={"symbols": (symbol,), "interval": interval},
            ),
        )
        for file, symbol, interval, engine in rows
    )
