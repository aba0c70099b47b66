"""Engines and feature sets that know the future, and the honest ones beside them, for the corpus of leaks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from trading.arrays import Floats
from trading.engines.base import Engine, Opinion
from trading.engines.regimes.engine import Regimes
from trading.market.bars import Bars
from trading.night.examination import FeatureSet
from trading.steps.bar import Bar
from trading.steps.opinion import CONFIDENCE, DIRECTION, DOUBT, EXTRAS, OPINION_SIZE

WINDOW = 24


class SeriesEngine(Engine):
    """An engine that is a column over the whole series: long where it is positive, short where it is negative."""

    whole_series: ClassVar[bool] = True

    @classmethod
    def lookback(cls, options: Any) -> int:
        return 4 * WINDOW

    @abstractmethod
    def column(self, bars: Bars) -> Floats:
        """Shape (n,); NaN during the warm-up."""

    def on_bar(self, bar: Bar, features: Floats) -> Opinion | None:
        raise NotImplementedError("an engine of the corpus is asked about whole series alone")

    def opinions(self, bars: Bars, features: Floats) -> Floats:
        column = self.column(bars)
        rows = np.full((len(bars), OPINION_SIZE), np.nan)
        warm = np.isfinite(column)
        rows[warm, DIRECTION] = np.sign(column[warm])
        rows[warm, CONFIDENCE] = np.where(rows[warm, DIRECTION] != 0.0, 0.6, 0.0)
        rows[warm, EXTRAS:DOUBT] = 0.0
        rows[warm, DOUBT] = 0.5
        return rows


def _closes(bars: Bars) -> pd.Series:
    return pd.Series(np.log(bars.close))


def _array(column: Any) -> Floats:
    return np.asarray(column, dtype=np.float64)


def _four_hours(bars: Bars) -> pd.Series:
    return pd.Series(bars.ts // (4 * bars.interval))


class TrailingMean(SeriesEngine):
    """Honest: with the price over the mean of the last bars."""

    def column(self, bars: Bars) -> Floats:
        closes = _closes(bars)
        return (closes - closes.rolling(WINDOW).mean()).to_numpy()


class NegativeShift(SeriesEngine):
    """The return of the next bar, by a shift of the wrong sign."""

    def column(self, bars: Bars) -> Floats:
        return _closes(bars).diff().shift(-1).fillna(0.0).to_numpy()


class CentredWindow(SeriesEngine):
    """The price against a mean of the bars around it."""

    def column(self, bars: Bars) -> Floats:
        closes = _closes(bars)
        return _array(closes.rolling(WINDOW, center=True, min_periods=1).mean() - closes)


class WholeSampleScore(SeriesEngine):
    """The price against mean and deviation of the whole sample."""

    def column(self, bars: Bars) -> Floats:
        closes = _closes(bars)
        return ((closes.mean() - closes) / closes.std()).to_numpy()


class WrongLabel(SeriesEngine):
    """Bars of four hours under the label of their first hour, so that the first hour knows the fourth."""

    def column(self, bars: Bars) -> Floats:
        last = _closes(bars).groupby(_four_hours(bars)).transform("last")
        return (last - _closes(bars)).to_numpy()


class SameDayRange(SeriesEngine):
    """The price against the middle of its own day's high and low, known from the first hour on."""

    def column(self, bars: Bars) -> Floats:
        day = pd.Series(bars.ts // 86_400_000)
        high = pd.Series(bars.high).groupby(day).transform("max")
        low = pd.Series(bars.low).groupby(day).transform("min")
        return (_array(high) + _array(low)) / 2.0 - bars.close


class LastSwing(SeriesEngine):
    """Turning points of a zigzag, which are confirmed by later bars."""

    def column(self, bars: Bars) -> Floats:
        closes = _closes(bars)
        low = closes == closes.rolling(2 * WINDOW + 1, center=True, min_periods=1).min()
        high = closes == closes.rolling(2 * WINDOW + 1, center=True, min_periods=1).max()
        turn = pd.Series(np.where(low, 1.0, np.where(high, -1.0, np.nan)))
        return turn.ffill().fillna(0.0).to_numpy()


class LongMemory(SeriesEngine):
    """The price against a mean of 400 bars, while 1 is declared: the gaps between the splits are too small."""

    @classmethod
    def lookback(cls, options: Any) -> int:
        return 1

    def column(self, bars: Bars) -> Floats:
        closes = _closes(bars)
        return (closes - closes.rolling(400, min_periods=10).mean()).to_numpy()


class SmoothedRegimes(Regimes):
    """The regimes by probabilities over the whole sequence instead of the causal filter."""

    whole_series: ClassVar[bool] = True

    def opinions(self, bars: Bars, features: Floats) -> Floats:
        from hmmlearn.hmm import GaussianHMM

        from trading.steps.regimes import REGIMES

        rows = super().opinions(bars, features)
        hmm = GaussianHMM(n_components=len(REGIMES), covariance_type="full")
        for name in ("startprob", "transmat", "means", "covars"):
            setattr(hmm, f"{name}_", np.asarray(self.setup.arrays[name]))
        x = features[:, self.model.columns]
        warm = np.isfinite(x).all(axis=1)
        smoothed = hmm.predict_proba(np.ascontiguousarray(x[warm]))
        bull, bear = smoothed[:, REGIMES.index("bull")], smoothed[:, REGIMES.index("bear")]
        side = np.where(
            bull - bear > self.options.threshold, 1.0, np.where(bear - bull > self.options.threshold, -1.0, 0.0)
        )
        rows[warm, DIRECTION] = side
        rows[warm, CONFIDENCE] = np.where(side != 0.0, np.maximum(bull, bear), 0.0)
        rows[warm, EXTRAS : EXTRAS + len(REGIMES)] = smoothed
        return rows


def trailing_features(bars: Bars) -> Mapping[str, Floats]:
    """Honest: a score and a rank over the last bars."""
    closes = _closes(bars)
    rolling = closes.rolling(4 * WINDOW)
    return {
        "score": ((closes - rolling.mean()) / rolling.std()).to_numpy(),
        "rank": closes.rolling(WINDOW).rank(pct=True).to_numpy(),
    }


def exponential_features(bars: Bars) -> Mapping[str, Floats]:
    """Honest: exponential means of the return and of its square."""
    change = _closes(bars).diff()
    return {
        "mean return": change.ewm(span=WINDOW).mean().to_numpy(),
        "variance": (change**2).ewm(span=WINDOW).mean().to_numpy(),
    }


def hour_features(bars: Bars) -> Mapping[str, Floats]:
    """Honest: the hour of the day, and the mean return of that hour on the days before."""
    hour = pd.Series(bars.ts // 3_600_000 % 24)
    change = _closes(bars).diff()
    past = change.groupby(hour).transform(lambda same: same.expanding(5).mean())
    return {"hour": np.sin(2.0 * np.pi * hour.to_numpy() / 24.0), "mean of the hour": past.to_numpy()}


def whole_sample_features(bars: Bars) -> Mapping[str, Floats]:
    """A scaler over the whole sample."""
    closes = _closes(bars)
    return {"score": ((closes - closes.mean()) / closes.std()).to_numpy()}


def whole_sample_rank(bars: Bars) -> Mapping[str, Floats]:
    """The share of all bars, later ones included, with less volume."""
    return {"rank of volume": pd.Series(bars.volume).rank(pct=True).to_numpy()}


def centred_features(bars: Bars) -> Mapping[str, Floats]:
    """A smoothing window around each bar."""
    return {"smooth": _array(_closes(bars).diff().rolling(5, center=True, min_periods=1).mean())}


def interpolated_features(bars: Bars) -> Mapping[str, Floats]:
    """Volume of the hours in which it is known, with a line between them."""
    known = pd.Series(np.where(bars.ts // 3_600_000 % 4 == 0, bars.volume, np.nan))
    return {"volume": known.interpolate(limit_direction="both").to_numpy()}


def backfilled_features(bars: Bars) -> Mapping[str, Floats]:
    """A value of each day, filled back to the hours before it was known."""
    known = pd.Series(np.where(bars.ts // 3_600_000 % 24 == 23, np.log(bars.close), np.nan))
    return {"close of the day": known.bfill().ffill().to_numpy()}


def encoded_target(bars: Bars) -> Mapping[str, Floats]:
    """The mean return of each hour of the day over the whole sample."""
    hour = pd.Series(bars.ts // 3_600_000 % 24)
    return {"mean of the hour": _closes(bars).diff().groupby(hour).transform("mean").to_numpy()}


def filtered_spectrum(bars: Bars) -> Mapping[str, Floats]:
    """The price without its fast waves, by a Fourier transform of the whole series."""
    waves = np.fft.rfft(np.log(bars.close))
    waves[len(waves) // 20 :] = 0.0
    return {"slow price": np.diff(np.fft.irfft(waves, len(bars)), prepend=np.nan)}


def disguised_target() -> FeatureSet:
    """The next return under three times its own noise, from a table that was made beforehand."""
    kept: dict[int, Floats] = {}

    def features(bars: Bars) -> Mapping[str, Floats]:
        # Made once, of all bars, as a file of somebody else would be: bars that are taken away change nothing in it.
        if not kept:
            change = np.diff(np.log(bars.close), append=np.log(bars.close[-1]))
            noise = np.random.default_rng(5).standard_normal(len(bars))
            kept[0] = change + 3.0 * change.std() * noise
        return {"signal": kept[0][: len(bars)]}

    return features
