"""Benchmark: what is left of the candidate's returns beyond those of its market, and whether its timing earned them."""

from __future__ import annotations

from typing import ClassVar

from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.results import Number


class BenchmarkEvidence(CheckEvidence):
    """The candidate against its own market on the bars of the test split.

    Attributes:
        sharpe: of the candidate, annualised.
        buy_hold_sharpe: of the market's own returns, annualised, at no cost.
        beta: of the candidate's returns on the market's.
        alpha: what is left, a year.
        alpha_t: its t-value, with the error of Newey and West.
        alpha_lags: autocovariances behind it, bars.
        alpha_sharpe: alpha over the deviation of what is left, annualised.
        exposure: share of bars in which something was held.
        net_exposure: mean share of equity that was held, longs less shorts.
        timing_p: probability that the same positions at other times would have met the market as well.
    """

    check: ClassVar[str] = "benchmark"

    sharpe: Number = None
    buy_hold_sharpe: Number = None
    beta: Number = None
    alpha: Number = None
    alpha_t: Number = None
    alpha_lags: Number = None
    alpha_sharpe: Number = None
    exposure: Number = None
    net_exposure: Number = None
    timing_p: Number = None

    def numbers(self) -> dict[str, Number]:
        names = ("buy_hold_sharpe", "beta", "alpha", "alpha_t", "alpha_sharpe", "timing_p")
        return {f"benchmark.{name}": getattr(self, name) for name in names}


def _measure(subject: Subject) -> BenchmarkEvidence:
    # The simulation compiles when it is imported, and gates read the evidence above without it.
    import numpy as np

    from trading.checks.track import held_positions, open_returns, split_track
    from trading.simulation.metrics.ratios import sharpe
    from trading.statistics.benchmark import fit_market, timing_probability

    track = split_track(subject)
    block = round(track.block)
    fit = fit_market(track.returns, track.market, periods_per_year=track.bars_per_year, lags=block)
    held = held_positions(track)
    return BenchmarkEvidence(
        sharpe=sharpe(track.returns, track.bars_per_year),
        buy_hold_sharpe=sharpe(track.market, track.bars_per_year),
        beta=fit.beta,
        alpha=fit.alpha,
        alpha_t=fit.alpha_t,
        alpha_lags=fit.lags,
        alpha_sharpe=fit.alpha_sharpe,
        exposure=float(np.mean(held != 0.0)),
        net_exposure=float(np.mean(held)),
        timing_p=timing_probability(held, open_returns(track.bars), closest=block),
    )


BENCHMARK = Check(evidence=BenchmarkEvidence, measure=_measure, parts=("bars", "splits", "model"))
