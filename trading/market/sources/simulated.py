"""The embedded market: a documented stochastic model with regimes to find, for nights without any data file.

Model, per bar of length dt (in days):

* a hidden regime (bull, bear, chop) stays with probability ``exp(-dt / days[k])`` and else moves to one of the
  others with equal chance;
* log return ``r = edge * drift[k] * dt + s[k] * sqrt(g * dt) * z``, with ``s[k]`` the regime's daily volatility;
* ``g`` clusters volatility within a regime, a GARCH(1, 1) driven by the observed returns (Bollerslev 1986):
  ``g' = (1 - a - b) + a * (r / (s_mean * sqrt(dt)))**2 + b * g``, capped so that it cannot explode;
* ``z`` is a Student-t innovation of unit variance or, with probability ``jumps_per_day * dt``, a normal jump
  ``jump_scale`` times as wide (Merton 1976);
* log volume rises with volatility and with ``abs(z)``, plus noise;
* high and low come from a Brownian bridge of the bar's volatility between open and close.

Because ``g`` depends on observed returns only, the exact Bayes filter of the regime is known:
:func:`true_filter` is what no fitted model can beat.

Random numbers are drawn in blocks of one day from the seed tree ``(seed, symbol, day)``, so a longer path has the
shorter one as its prefix.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.market.bars import Bars
from trading.moments import DAY_MS, interval_ms, moment_ms

BULL, BEAR, CHOP = 0, 1, 2

# Log volume: its base, how it rises with volatility and with the surprise of a bar, and its noise.
_VOLUME_NOISE = 0.7
_VOLUME_BASE = 17.0
_VOLUME_ON_SCALE = 0.9
_VOLUME_ON_SURPRISE = 0.25
_BRIDGE_STEPS = 12


@dataclass(frozen=True)
class SimulatedMarket:
    """Parameters of the embedded market; every one can be set in the source string, ``sim:edge=1,seed=7``.

    Attributes:
        edge: scales the regimes' drift; 0 means that nothing can be learned.
        seed: root of the random numbers.
        interval: length of a bar, for example ``1h``.
        start: UTC date of the first bar, ISO.
        bull_days: mean length of the bull regime, days.
        bear_days: mean length of the bear regime, days.
        chop_days: mean length of the chop regime, days.
        bull_drift: daily log drift of the bull regime at edge 1.
        bear_drift: daily log drift of the bear regime at edge 1.
        bull_volatility: daily volatility of the bull regime.
        bear_volatility: daily volatility of the bear regime.
        chop_volatility: daily volatility of the chop regime.
        volatility: daily volatility of every regime alike, which then says nothing of them; 0 leaves each its own.
        tail: degrees of freedom of the Student-t innovations.
        garch_reaction: weight of the last squared return in the volatility factor.
        garch_days: half-life of the volatility factor, days.
        jumps_per_day: how often a jump takes the place of an innovation.
        jump_scale: how many times wider than an innovation a jump is.
    """

    edge: float = 1.0
    seed: int = 7
    interval: str = "1h"
    start: str = "2021-01-01"
    bull_days: float = 10.0
    bear_days: float = 7.0
    chop_days: float = 9.0
    bull_drift: float = 0.014
    bear_drift: float = -0.020
    bull_volatility: float = 0.015
    bear_volatility: float = 0.027
    chop_volatility: float = 0.008
    volatility: float = 0.0
    tail: float = 6.0
    garch_reaction: float = 0.03
    garch_days: float = 1.5
    jumps_per_day: float = 0.05
    jump_scale: float = 4.0


@dataclass(frozen=True, eq=False)
class SimulatedPath:
    """A path and what only the simulation knows.

    Attributes:
        bars: the visible market.
        regime: shape (n,), true regime of each bar: 0 bull, 1 bear, 2 chop.
        factor: shape (n,), the volatility factor ``g`` that was in force on each bar.
    """

    bars: Bars
    regime: NDArray[np.int64]
    factor: Floats


POSITIVE = (
    "bull_days",
    "bear_days",
    "chop_days",
    "bull_volatility",
    "bear_volatility",
    "chop_volatility",
    "garch_days",
    "jump_scale",
)


def require_possible(market: SimulatedMarket) -> None:
    """Refuse parameters under which there is no such market, before their arithmetic fails far from here.

    Args:
        market: the parameters.

    Raises:
        ConfigError: naming the first that cannot be.
    """
    dt = interval_ms(market.interval) / DAY_MS
    _start_day(market)
    rules: list[tuple[str, bool, str]] = [
        *((name, getattr(market, name) > 0.0, "over 0") for name in POSITIVE),
        *(
            (name, getattr(market, name) >= 0.0, "at least 0")
            for name in ("seed", "volatility", "garch_reaction", "jumps_per_day")
        ),
        ("jumps_per_day", market.jumps_per_day * dt <= 1.0, "at most one a bar"),
        ("tail", market.tail > 2.0, "over 2, where the variance is finite"),
    ]
    if market.garch_days > 0.0:
        memory = 0.5 ** (dt / market.garch_days)
        rules.append(("garch_reaction", market.garch_reaction <= memory, f"at most {memory:.4g} at this half-life"))
    for name, possible, wanted in rules:
        if not possible:
            raise _bad(f"embedded market parameter {name}={getattr(market, name)} has to be {wanted}", "Change it.")


def simulate(market: SimulatedMarket, until_ms: int, symbol: str = "SIM") -> SimulatedPath:
    """The path of a symbol from the market's start to the last bar that has closed at a moment.

    Args:
        market: parameters.
        until_ms: UTC milliseconds; no bar closes later.
        symbol: symbols share the model, not the random numbers.
    """
    step = interval_ms(market.interval)
    per_day = DAY_MS // step
    if per_day < 1 or DAY_MS % step:
        raise _bad(f"interval {market.interval} does not divide a day", "Use for example 15m or 1h.")
    first_day = _start_day(market)
    days = max(0, -(-(until_ms - first_day * DAY_MS) // DAY_MS))
    blocks = [_draw_day(market, symbol, first_day + day, per_day) for day in range(days)]
    if not blocks:
        raise _bad(f"the market starts at {market.start}, after the moment asked for", "Set an earlier start.")
    draws = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    regime, factor, returns, scale, surprise = _evolve(market, draws, step / DAY_MS)
    bars = _bars(symbol, first_day * DAY_MS, step, draws, returns, scale, surprise)
    count = len(bars.until(until_ms))
    return SimulatedPath(bars.slice(0, count), regime[:count], factor[:count])


def true_filter(market: SimulatedMarket, path: SimulatedPath) -> Floats:
    """Causal regime probabilities with the true parameters, shape (n, 3): the bound for every fitted filter.

    Args:
        market: the parameters that made the path.
        path: bars, and the volatility factor of each.
    """
    dt = interval_ms(market.interval) / DAY_MS
    drift, volatility = _drift(market), _volatility(market)
    transition = _transition(market, dt)
    log_close = np.log(path.bars.close)
    returns = np.diff(log_close, prepend=math.log(path.bars.open[0]))
    log_volume = np.log(path.bars.volume)
    out = np.empty((len(returns), 3))
    belief = np.full(3, 1.0 / 3.0)
    for t in range(len(returns)):
        scale = volatility * math.sqrt(path.factor[t] * dt)
        z = (returns[t] - drift * dt) / scale
        density = _innovation_density(market, z, dt) / scale
        noise = (log_volume[t] - _log_volume_mean(scale, np.abs(z), dt)) / _VOLUME_NOISE
        belief = (transition.T @ belief) * density * np.exp(-0.5 * noise**2)
        belief /= belief.sum()
        out[t] = belief
    return out


def _draw_day(market: SimulatedMarket, symbol: str, day: int, n: int) -> dict[str, NDArray[np.float64]]:
    rng = np.random.default_rng([market.seed, zlib.crc32(symbol.encode()), day])
    return {
        "switch": rng.random(n),
        "other": rng.random(n),
        "jump": rng.random(n),
        "normal": rng.standard_normal(n),
        "student": rng.standard_t(market.tail, n) * math.sqrt((market.tail - 2.0) / market.tail),
        "volume": rng.standard_normal(n),
        "bridge": rng.standard_normal((n, _BRIDGE_STEPS)),
    }


def _evolve(
    market: SimulatedMarket, draws: dict[str, NDArray[np.float64]], dt: float
) -> tuple[NDArray[np.int64], Floats, Floats, Floats, Floats]:
    drift, volatility = _drift(market).tolist(), _volatility(market).tolist()
    mean_variance = float(np.mean(_volatility(market) ** 2)) * dt
    reaction = market.garch_reaction
    memory = 0.5 ** (dt / market.garch_days) - reaction
    leave = (1.0 - _stay(market, dt)).tolist()
    jump_chance = market.jumps_per_day * dt
    surprise = np.where(draws["jump"] < jump_chance, draws["normal"] * market.jump_scale, draws["student"])
    innovation = surprise.tolist()
    switch, other = draws["switch"].tolist(), draws["other"].tolist()
    n = len(innovation)
    regime, factor, returns, scale = [0] * n, [0.0] * n, [0.0] * n, [0.0] * n
    state, g = CHOP, 1.0
    for t in range(n):
        if switch[t] < leave[state]:
            state = (state + (1 if other[t] < 0.5 else 2)) % 3
        sigma = volatility[state] * math.sqrt(g * dt)
        r = drift[state] * dt + sigma * innovation[t]
        regime[t], factor[t], returns[t], scale[t] = state, g, r, sigma
        g = min(1.0 - reaction - memory + reaction * r * r / mean_variance + memory * g, 6.0)
    return np.array(regime), np.array(factor), np.array(returns), np.array(scale), np.abs(surprise)


def _bars(
    symbol: str,
    start_ms: int,
    step: int,
    draws: dict[str, NDArray[np.float64]],
    returns: Floats,
    scale: Floats,
    surprise: Floats,
) -> Bars:
    dt = step / DAY_MS
    close = 100.0 * np.exp(np.cumsum(returns))
    opening = np.r_[100.0, close[:-1]]
    walk = np.cumsum(draws["bridge"], axis=1) / math.sqrt(_BRIDGE_STEPS)
    along = np.arange(1, _BRIDGE_STEPS + 1) / _BRIDGE_STEPS
    bridge = scale[:, None] * (walk - walk[:, -1:] * along) + returns[:, None] * along
    high = opening * np.exp(np.maximum(bridge.max(axis=1), 0.0))
    low = opening * np.exp(np.minimum(bridge.min(axis=1), 0.0))
    volume = np.exp(_log_volume_mean(scale, surprise, dt) + _VOLUME_NOISE * draws["volume"])
    return Bars(
        symbol=symbol,
        interval=step,
        ts=start_ms + step * np.arange(len(returns), dtype=np.int64),
        open=opening,
        high=np.maximum(high, np.maximum(opening, close)),
        low=np.minimum(low, np.minimum(opening, close)),
        close=close,
        volume=volume,
    )


def _log_volume_mean(scale: Floats, surprise: Floats, dt: float) -> Floats:
    return (
        _VOLUME_BASE
        + math.log(dt)
        + _VOLUME_ON_SCALE * np.log(scale / (0.02 * math.sqrt(dt)))
        + _VOLUME_ON_SURPRISE * surprise
    )


def _innovation_density(market: SimulatedMarket, z: Floats, dt: float) -> Floats:
    nu = market.tail
    width = math.sqrt((nu - 2.0) / nu)
    log_norm = math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi) - math.log(width)
    student = np.exp(log_norm - (nu + 1) / 2 * np.log1p((z / width) ** 2 / nu))
    jump = np.exp(-0.5 * (z / market.jump_scale) ** 2) / (market.jump_scale * math.sqrt(2 * math.pi))
    chance = market.jumps_per_day * dt
    return (1.0 - chance) * student + chance * jump


def _drift(market: SimulatedMarket) -> Floats:
    return market.edge * np.array([market.bull_drift, market.bear_drift, 0.0])


def _volatility(market: SimulatedMarket) -> Floats:
    if market.volatility > 0.0:
        return np.full(3, market.volatility)
    return np.array([market.bull_volatility, market.bear_volatility, market.chop_volatility])


def _transition(market: SimulatedMarket, dt: float) -> Floats:
    stay = _stay(market, dt)
    leave_to_each = (1.0 - stay)[:, None] / 2.0
    return np.where(np.eye(3, dtype=np.bool_), stay[:, None], leave_to_each)


def _stay(market: SimulatedMarket, dt: float) -> Floats:
    return np.exp(-dt / np.array([market.bull_days, market.bear_days, market.chop_days]))


def _start_day(market: SimulatedMarket) -> int:
    start_ms = moment_ms(market.start, option="embedded market parameter start")
    if start_ms % DAY_MS:
        raise _bad(f"embedded market parameter start={market.start} is not midnight UTC", "Write a date.")
    return start_ms // DAY_MS


def _bad(message: str, remedy: str) -> ConfigError:
    return ConfigError(ReasonCode.CONFIG_INVALID, f"{message}.", remedy=remedy)
