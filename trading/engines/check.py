"""What every engine promises, tried on a market: batch equals streaming, no look-ahead, the same twice, warm-up, speed.

``sevengates engine check NAME`` runs it, so a user's engine is held to the same as the built-in ones.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.engines.base import Engine, EngineSetup, TrainingData, engine_lookback
from trading.engines.checked import first_difference
from trading.engines.series import compute_features
from trading.market.bars import Bars
from trading.results import CheckResult
from trading.steps.features import FEATURE_NAMES, FeatureWindows, warmup_bars
from trading.steps.opinion import DIRECTION, OPINION_FIELDS, OPINION_SIZE
from trading.values import Frozen

SLOWEST_BAR_US = 2_000.0


@dataclass(frozen=True, eq=False, kw_only=True)
class CheckedMarket:
    """Bars to try an engine on, and their standardised features; the first part fits the engine.

    Attributes:
        bars: oldest first.
        features: shape (n, F).
        fitted_until: bars up to here fit the engine.
        windows: of the features.
    """

    bars: Bars
    features: Floats
    fitted_until: int
    windows: FeatureWindows


def checked_market(bars: Bars, windows: FeatureWindows) -> CheckedMarket:
    """A market to try engines on: the first half fits, all of it is judged.

    Args:
        bars: at least a few hundred beyond the features' warm-up.
        windows: of the features.
    """
    raw, half = compute_features(bars, windows), len(bars) // 2
    known = raw[warmup_bars(windows) : half]
    features = (raw - known.mean(axis=0)) / known.std(axis=0)
    return CheckedMarket(bars=bars, features=features, fitted_until=half, windows=windows)


def check_engine(kind: type[Engine], options: Frozen, market: CheckedMarket, *, seed: int = 7) -> list[CheckResult]:
    """Try an engine.

    Args:
        kind: its class.
        options: of its :attr:`Engine.Options`.
        market: to try it on.
        seed: of its fit, and of the moments that are tried.

    Returns:
        One result for each promise; a warning about what is odd and not wrong.
    """
    setup = _fitted(kind, options, market, seed)
    streamed, microseconds = _streamed(kind(setup), market)
    rng = np.random.default_rng(seed)
    n = len(market.bars)
    cuts = sorted({int(cut) for cut in rng.integers(n // 4, n, size=6)} | {n - 1})
    return [
        _opinions_are_numbers(streamed),
        _batch_equals_streaming(kind, setup, market, streamed, cuts),
        _knows_no_later_bar(kind, setup, market, streamed, cuts),
        _is_the_same_twice(kind, options, market, streamed, seed),
        _saves_and_goes_on(kind, setup, market, streamed, cuts[0]),
        _lookback_is_enough(kind, setup, market, streamed, cuts),
        _is_fast_enough(microseconds),
    ]


def _fitted(kind: type[Engine], options: Frozen, market: CheckedMarket, seed: int) -> EngineSetup:
    first = warmup_bars(market.windows)
    part = slice(first, market.fitted_until)
    bars = market.bars.slice(first, market.fitted_until)
    before = market.bars.close[first - 1 : market.fitted_until - 1]
    data = TrainingData(
        bars=bars,
        returns=np.log(bars.close / before),
        features=market.features[part],
        feature_names=FEATURE_NAMES,
        seed=seed,
    )
    fitted = kind.fit(data, options)
    return EngineSetup(options=fitted.options, arrays=fitted.arrays, feature_names=FEATURE_NAMES)


def _streamed(engine: Engine, market: CheckedMarket) -> tuple[Floats, float]:
    """Opinions bar by bar, and microseconds a bar."""
    rows = np.empty((len(market.bars), OPINION_SIZE))
    begun = time.perf_counter()
    for t, bar in enumerate(market.bars.rows()):
        engine.write(bar, market.features[t], rows[t])
    return rows, (time.perf_counter() - begun) / len(rows) * 1e6


def _opinions_are_numbers(rows: Floats) -> CheckResult:
    warm = ~np.isnan(rows[:, DIRECTION])
    broken = warm & ~np.isfinite(rows).all(axis=1)
    if broken.any():
        first = int(np.argmax(broken))
        return _broken("opinions", f"bar {first} has an opinion with NaN or infinity in it", int(broken.sum()))
    directed = int((rows[warm, DIRECTION] != 0.0).sum())
    if directed == 0:
        return CheckResult(
            name="opinions",
            passed=False,
            severity="warn",
            observed=0,
            code=ReasonCode.TRAINING_NO_DECISIONS,
            message="it never has a direction on this market",
            remedy="Lower its thresholds, or try it on bars of the market it is meant for.",
        )
    return CheckResult(
        name="opinions", passed=True, observed=directed, message=f"of {int(warm.sum())} bars have a side"
    )


def _batch_equals_streaming(
    kind: type[Engine], setup: EngineSetup, market: CheckedMarket, streamed: Floats, cuts: Sequence[int]
) -> CheckResult:
    whole = kind(setup).opinions(market.bars, market.features)
    problem = _difference(whole, streamed)
    if not problem and not kind.whole_series:
        engine, parts, begin = kind(setup), [], 0
        for cut in (*cuts, len(market.bars)):
            parts.append(engine.opinions(market.bars.slice(begin, cut), market.features[begin:cut]))
            begin = cut
        problem = _difference(np.concatenate(parts), streamed)
    if problem:
        return _broken("batch equals streaming", f"opinions() says otherwise than on_bar(): {problem}", 1)
    return _kept("batch equals streaming", len(streamed))


def _knows_no_later_bar(
    kind: type[Engine], setup: EngineSetup, market: CheckedMarket, streamed: Floats, cuts: Sequence[int]
) -> CheckResult:
    for cut in cuts:
        part = kind(setup).opinions(market.bars.slice(0, cut), market.features[:cut])
        problem = _difference(part, streamed[:cut])
        if problem:
            return _broken("no look-ahead", f"without the bars after {cut} it says something else: {problem}", 1)
    return _kept("no look-ahead", len(cuts))


def _is_the_same_twice(
    kind: type[Engine], options: Frozen, market: CheckedMarket, streamed: Floats, seed: int
) -> CheckResult:
    again, _ = _streamed(kind(_fitted(kind, options, market, seed)), market)
    if again.tobytes() != streamed.tobytes():
        return _broken("deterministic", f"fitted and run again it differs: {_difference(again, streamed)}", 1)
    return _kept("deterministic", len(streamed))


def _saves_and_goes_on(
    kind: type[Engine], setup: EngineSetup, market: CheckedMarket, streamed: Floats, cut: int
) -> CheckResult:
    first = kind(setup)
    first.opinions(market.bars.slice(0, cut), market.features[:cut])
    state = first.save()
    if state is None:
        return CheckResult(
            name="save and restore",
            passed=True,
            severity="warn",
            message="it cannot save its state: a runner shows it every bar again at each start",
        )
    second = kind(setup)
    second.restore(state)
    rest = second.opinions(market.bars.slice(cut), market.features[cut:])
    problem = _difference(rest, streamed[cut:])
    if problem:
        return _broken("save and restore", f"restored after bar {cut} it says something else: {problem}", 1)
    return _kept("save and restore", len(rest))


def _lookback_is_enough(
    kind: type[Engine], setup: EngineSetup, market: CheckedMarket, streamed: Floats, cuts: Sequence[int]
) -> CheckResult:
    """An engine that forgets everything before its look-back says the same when it never saw it."""
    back = max(engine_lookback(kind(setup)), warmup_bars(market.windows))
    changed = 0
    for cut in cuts:
        begin = max(cut - back, 0)
        late = kind(setup).opinions(market.bars.slice(begin, cut + 1), market.features[begin : cut + 1])[-1]
        changed += bool(_difference(late[None, :], streamed[cut : cut + 1]))
    if changed:
        return CheckResult(
            name="look-back",
            passed=False,
            severity="warn",
            observed=changed,
            threshold=0,
            code=ReasonCode.ENGINE_CHECK,
            message=f"at {changed} of {len(cuts)} bars its opinion depends on bars more than {back} back",
            remedy="Return more from lookback() if it forgets; a recursive filter never quite does.",
        )
    return _kept("look-back", back)


def _is_fast_enough(microseconds: float) -> CheckResult:
    passed = microseconds <= SLOWEST_BAR_US
    return CheckResult(
        name="microseconds a bar",
        passed=passed,
        severity="warn",
        observed=round(microseconds, 1),
        threshold=SLOWEST_BAR_US,
        code=ReasonCode.OK if passed else ReasonCode.ABOVE_MAXIMUM,
        remedy="" if passed else "Override opinions() with a vectorised form: a night runs it over many series.",
    )


def _difference(found: Floats, expected: Floats) -> str:
    """Where two stretches of opinions differ first, or nothing."""
    if found.shape != expected.shape:
        return f"its shape is {found.shape}, expected {expected.shape}"
    place = first_difference(found, expected)
    if place is None:
        return ""
    row, column = place
    return f"{OPINION_FIELDS[column]} of bar {row} is {found[row, column]:.6g}, expected {expected[row, column]:.6g}"


def _kept(name: str, observed: int) -> CheckResult:
    return CheckResult(name=name, passed=True, observed=observed)


def _broken(name: str, message: str, observed: int) -> CheckResult:
    return CheckResult(
        name=name,
        passed=False,
        observed=observed,
        threshold=0,
        code=ReasonCode.ENGINE_CHECK,
        message=message,
        remedy="Mend the engine; trading.engines.base says what each method promises.",
    )
