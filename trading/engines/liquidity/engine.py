"""The liquidity engine: with an imbalance of signed volume, while the market's spread is not wider than usual.

Sources: bulk volume classification by Easley, Lopez de Prado and O'Hara, "Flow toxicity and liquidity in a
high-frequency world", Review of Financial Studies 25 (2012); spread from close, high and low by Abdi and Ranaldo, "A
simple estimation of bid-ask spreads from daily close, high, and low prices", Review of Financial Studies 30 (2017);
order imbalance and later returns by Chordia, Roll and Subrahmanyam, Journal of Financial Economics 65 (2002).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import Field, FiniteFloat

from trading.arrays import Floats
from trading.engines.base import EngineOptions
from trading.engines.windowed import Judgement, PastBars, WindowEngine, clamped, confidence_of
from trading.values import Frozen


class LiquidityOptions(EngineOptions):
    """Horizons and thresholds of the liquidity engine."""

    length: int = Field(default=168, ge=10, le=20_000, description="Bars of volatility and of the usual spread.")
    recent: int = Field(default=12, ge=2, le=2_000, description="Bars of imbalance and of the present spread.")
    imbalance: FiniteFloat = Field(default=0.2, gt=0.0, lt=1.0, description="Least share of volume bought less sold.")
    widest: FiniteFloat = Field(default=1.5, gt=0.0, description="Largest present spread, share of the usual one.")


class Liquidity(WindowEngine):
    """Follows who presses the market, and stands aside while trading is dear."""

    tag: ClassVar[str] = "liquidity_v1"
    extras: ClassVar[tuple[str, ...]] = ("imbalance", "spread")
    Options: ClassVar[type[Frozen]] = LiquidityOptions

    @classmethod
    def window(cls, options: Any) -> int:
        return options.length + options.recent + 1

    def judge(self, windows: PastBars) -> Judgement:
        recent = self.options.recent
        returns = np.diff(windows.log_close, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            surprise = np.nan_to_num(returns[:, -recent:] / returns.std(axis=1)[:, None])
            volume = windows.volume[:, -recent:]
            imbalance = np.nan_to_num((volume * (2.0 * _normal_share(surprise) - 1.0)).sum(axis=1) / volume.sum(axis=1))
            spread = np.sqrt(np.maximum(_squared_spreads(windows), 0.0))
            ratio = np.nan_to_num(spread[:, -recent:].mean(axis=1) / spread.mean(axis=1), nan=1.0, posinf=2.0)
        strength = np.abs(imbalance) / self.options.imbalance
        direction = np.sign(imbalance) * ((strength >= 1.0) & (ratio <= self.options.widest))
        return Judgement(direction, confidence_of(strength), (clamped(imbalance), clamped(ratio - 1.0)))


def _normal_share(x: Floats) -> Floats:
    """The normal distribution function to 2e-4, by Page, Applied Statistics 26 (1977)."""
    return 0.5 * (1.0 + np.tanh(0.7978845608 * (x + 0.044715 * x**3)))


def _squared_spreads(windows: PastBars) -> Floats:
    """Abdi and Ranaldo's estimate for each pair of neighbouring bars, shape (m, W - 1)."""
    middle = 0.5 * (windows.log_high + windows.log_low)
    log_close = windows.log_close
    return 4.0 * (log_close[:, :-1] - middle[:, :-1]) * (log_close[:, :-1] - middle[:, 1:])
