"""Skill of stated probabilities: against a base rate, with the error that dependent outcomes leave, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.statistics.bootstrap import block_sums, stationary_blocks

BLOCK_BARS = 240
"""Mean block of the bootstrap: several regimes of an hourly market, and never under twice the horizon of an outcome."""
DRAWS = 1_000
LOWER = 0.05
"""Quantile of the draws that is the lower 95 % bound."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Forecasts:
    """What was stated on bars of one split, and what happened.

    Attributes:
        at: shape (m,), bar of each, counted from the first of the split.
        side: shape (m,), 1 long, -1 short.
        stated: shape (m,), probability of being right.
        reference: shape (m,), the base rate that it has to beat.
        won: shape (m,), whether it was right.
        bars: of the split.
        horizon_bars: bars until an outcome is known.
    """

    at: Ints
    side: Ints
    stated: Floats
    reference: Floats
    won: NDArray[np.bool_]
    bars: int
    horizon_bars: int

    def of_side(self, side: int) -> Forecasts:
        """Those of one side.

        Args:
            side: 1 long, -1 short.
        """
        which = self.side == side
        return replace(
            self,
            at=self.at[which],
            side=self.side[which],
            stated=self.stated[which],
            reference=self.reference[which],
            won=self.won[which],
        )


@dataclass(frozen=True)
class Skill:
    """Skill of some forecasts.

    Attributes:
        score: Brier skill: the share of the reference's squared error that the forecasts save; 0 is no skill.
        low: its lower 95 % bound.
        n_effective: independent outcomes that would tell as much as these dependent ones.
    """

    score: float
    low: float
    n_effective: float


def brier_skill(forecasts: Forecasts, rng: np.random.Generator) -> Skill:
    """Brier skill score (Murphy 1973) with a lower bound by the stationary bootstrap (Politis and Romano 1994).

    Bars are drawn in blocks, with all that was stated on them, so that outcomes that overlap, and sides that last, stay
    together. All three are NaN where there is nothing to measure.

    Args:
        forecasts: on one split.
        rng: draws the blocks.
    """
    if not len(forecasts.at):
        return Skill(np.nan, np.nan, np.nan)
    won = forecasts.won.astype(np.float64)
    mean_block = float(max(BLOCK_BARS, 2 * forecasts.horizon_bars))
    blocks = stationary_blocks(rng, forecasts.bars, DRAWS, mean_block)

    def drawn(values: Floats) -> Floats:
        laid = np.zeros(forecasts.bars)
        laid[forecasts.at] = values
        return block_sums(np.r_[laid, laid], *blocks)

    reference = (forecasts.reference - won) ** 2
    saved = reference - (forecasts.stated - won) ** 2
    counts, saved_draws, reference_draws, won_draws = map(drawn, (np.ones_like(won), saved, reference, won))
    # A draw that met no decision at all has no skill to speak of.
    some = (counts > 0.0) & (reference_draws > 0.0)
    if not some.any() or not reference.sum() > 0.0:
        return Skill(np.nan, np.nan, np.nan)
    rate = float(won.mean())
    spread = float(np.var(won_draws[some] / counts[some]))
    return Skill(
        score=float(saved.sum() / reference.sum()),
        low=float(np.quantile(saved_draws[some] / reference_draws[some], LOWER)),
        n_effective=_effective(rate, spread, forecasts),
    )


def _effective(rate: float, spread: float, forecasts: Forecasts) -> float:
    """How many independent outcomes have a mean of this variance; of outcomes that do not vary, those apart in time."""
    apart = max(len(forecasts.won) / forecasts.horizon_bars, 1.0)
    return min(rate * (1.0 - rate) / spread, float(len(forecasts.won))) if spread > 0.0 else apart


def equal_mass_ece(stated: Floats, won: NDArray[np.bool_], bins: int, n_effective: float) -> tuple[float, float]:
    """Calibration error over bins of equally many decisions, and what of it chance alone would bring.

    The mean distance of frequency and probability is over 0 even if every probability is true: by ``sqrt(2 / pi)``
    standard errors of a bin, and those are large where outcomes depend on each other (Kumar, Liang and Ma 2019 correct
    for the same of independent ones).

    Args:
        stated: shape (m,), probabilities.
        won: shape (m,), outcomes.
        bins: number of bins.
        n_effective: independent outcomes that would tell as much.

    Returns:
        The error, and the part that chance explains; both NaN without any decision.
    """
    if not len(stated):
        return float("nan"), float("nan")
    distance = chance = 0.0
    for rows in np.array_split(np.argsort(stated, kind="stable"), min(bins, len(stated))):
        p, share = float(stated[rows].mean()), len(rows) / len(stated)
        distance += share * abs(p - float(won[rows].mean()))
        chance += share * float(np.sqrt(2.0 / np.pi * max(p * (1.0 - p), 0.0) / (share * n_effective)))
    return distance, chance


def share_at_mode(stated: Floats) -> float:
    """Share of decisions that state the most frequent probability, to a hundredth; NaN without any.

    Args:
        stated: shape (m,), probabilities.
    """
    if not len(stated):
        return float("nan")
    _, counts = np.unique(np.round(stated, 2), return_counts=True)
    return float(counts.max() / len(stated))
