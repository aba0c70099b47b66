"""Equity against holding and the champion with its band, the way under water, monthly returns, and a rolling Sharpe."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np

from trading.arrays import Floats, Ints
from trading.reports.page.data import PageData, Path, Traded
from trading.reports.page.drawing import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    dates,
    legend,
    new_figure,
    percent_axis,
    picked_extremes,
    picture,
    time_axis,
)
from trading.reports.page.html import Html, LeftOut, element, joined, note, table
from trading.simulation.metrics.ratios import sharpe
from trading.simulation.metrics.returns import DailyReturns, daily_returns
from trading.simulation.metrics.uncertainty import MIN_RETURNS, sharpe_standard_error

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_Z90 = 1.6448536269514722
_LONGEST_WINDOW, _MOST_WINDOWS = 90, 160


def equity(data: PageData) -> Html | LeftOut:
    """Equity over its start with the bootstrap's band, beside holding and the champion; below it the drawdowns.

    Args:
        data: of the page.
    """
    traded = data.traded
    if traded is None:
        return LeftOut(data.why_not_traded)
    figure, (top, bottom) = new_figure(4.2, 2, 1, sharex=True, height_ratios=[3, 1.3])
    when, bands = dates(traded.market.ts), traded.candidate.bands
    at = when[bands.points]
    top.fill_between(at, bands.low - 1.0, bands.high - 1.0, color=BLUE, alpha=0.16, linewidth=0, label="90 % band")
    for name, path, colour, width in _curves(traded):
        growth = path.equity / traded.initial - 1.0
        fall = path.equity / np.maximum.accumulate(np.r_[traded.initial, path.equity])[1:] - 1.0
        pick = picked_extremes(growth)
        top.plot(when[pick], growth[pick], color=colour, linewidth=width, label=f"{name} {growth[-1]:+.1%}")
        pick = picked_extremes(fall)
        bottom.plot(when[pick], fall[pick], color=colour, linewidth=0.8)
        if path is traded.candidate:
            bottom.fill_between(when[pick], fall[pick], 0.0, color=colour, alpha=0.3, linewidth=0)
    top.axhline(0.0, color=INK, linewidth=0.5)
    top.set_ylabel("gain since start")
    bottom.set_ylabel("under water")
    bottom.set_ylim(top=0.0)
    percent_axis(top, 0)
    percent_axis(bottom, 0)
    legend(top)
    time_axis(bottom)
    return joined(
        [
            picture(figure, "Equity and drawdown of the candidate, of holding and of the champion on the test split"),
            note(
                f"Band: 5 % to 95 % of {bands.draws} paths of the candidate's own returns, drawn again in blocks of "
                f"{bands.block} bars on average (stationary bootstrap). {_champion(traded)}"
            ),
        ]
    )


def months(data: PageData) -> Html | LeftOut:
    """Return of every calendar month, candidate above holding, with the error of a month's sum.

    Args:
        data: of the page.
    """
    traded = data.traded
    if traded is None:
        return LeftOut(data.why_not_traded)
    rows: list[list[Html | str]] = []
    names = [(name, path) for name, path, _, _ in reversed(_curves(traded))]
    tables = {name: _monthly(traded.market.ts, path.equity, traded.initial) for name, path in names}
    years = sorted({year for found in tables.values() for year, _ in found})
    for year in years:
        for place, (name, found) in enumerate(tables.items()):
            cells = [_month(found.get((year, month))) for month in range(1, 13)]
            whole = math.prod(1.0 + value for (of, _), (value, _) in found.items() if of == year) - 1.0
            rows.append([str(year) if not place else "", name, *cells, _coloured(whole, f"{whole:+.1%}")])
    return joined(
        [
            table(("year", "", *MONTHS, "year"), rows, numbers=range(2, 15), class_="months"),
            note(
                "Small: one standard error, from the deviation of the month's days. "
                "First and last month may be partial."
            ),
        ]
    )


def rolling(data: PageData) -> Html | LeftOut:
    """Daily Sharpe ratio of a moving window with its 90 % band.

    Args:
        data: of the page.
    """
    traded = data.traded
    if traded is None:
        return LeftOut(data.why_not_traded)
    figure, (axes,) = new_figure(2.3)
    window = 0
    for name, path, colour, width in _curves(traded):
        daily = daily_returns(traded.market.ts, path.equity, traded.initial)
        window = min(_LONGEST_WINDOW, len(daily.returns) // 3)
        if window < MIN_RETURNS:
            return LeftOut(f"A rolling Sharpe ratio needs {3 * MIN_RETURNS} days; there are {len(daily.returns)}.")
        at, ratio, error = _windows(daily, window, traded.market.ts)
        axes.plot(at, ratio, color=colour, linewidth=width, label=name)
        if path is traded.candidate:
            low, high = ratio - _Z90 * error, ratio + _Z90 * error
            axes.fill_between(at, low, high, color=colour, alpha=0.16, linewidth=0, label="90 % band")
    axes.axhline(0.0, color=INK, linewidth=0.5)
    axes.set_ylabel("Sharpe, a year")
    legend(axes)
    time_axis(axes)
    return joined(
        [
            picture(figure, "Rolling Sharpe ratio with its band"),
            note(
                f"Windows of {window} days, each at its last day; the band is 1.645 standard errors (Lo 2002, "
                "autocorrelation included). Neighbouring windows share most of their days."
            ),
        ]
    )


def _curves(traded: Traded) -> list[tuple[str, Path, str, float]]:
    """Name, path, colour and width, the candidate last so that it lies on top."""
    curves = [(traded.holding.name, traded.holding.path, GREY, 0.9)]
    if traded.champion is not None:
        curves.append((traded.champion.name, traded.champion.path, ORANGE, 1.1))
    return [*curves, ("candidate", traded.candidate, BLUE, 1.5)]


def _champion(traded: Traded) -> str:
    return traded.why_no_champion if traded.champion is None else "All start from the same equity."


def _monthly(ts: Ints, path: Floats, initial: float) -> dict[tuple[int, int], tuple[float, float]]:
    """Return and standard error by year and month."""
    daily = daily_returns(ts, path, initial)
    last = np.unique(ts // 86_400_000)
    found: dict[tuple[int, int], list[float]] = {}
    for day, value in zip(last.tolist(), daily.returns.tolist(), strict=True):
        when = datetime.fromtimestamp(day * 86_400, UTC)
        found.setdefault((when.year, when.month), []).append(value)
    return {
        month: (
            math.prod(1.0 + value for value in values) - 1.0,
            float(np.std(values, ddof=1)) * math.sqrt(len(values)) if len(values) > 1 else math.nan,
        )
        for month, values in found.items()
    }


def _month(found: tuple[float, float] | None) -> Html | str:
    if found is None:
        return ""
    value, error = found
    band = element("span", f"±{error:.1%}", class_="band") if math.isfinite(error) else ""
    return _coloured(value, joined([f"{value:+.1%}", " ", band]))


def _coloured(value: float, words: str) -> Html:
    return element("span", words, class_="loss" if value < 0.0 else "gain")


def _windows(daily: DailyReturns, window: int, ts: Ints) -> tuple[Floats, Floats, Floats]:
    """Dates, Sharpe ratios and standard errors of windows that end ever later."""
    returns, per_year = daily
    days = np.unique(ts // 86_400_000).astype(np.float64)
    step = max(1, (len(returns) - window) // _MOST_WINDOWS)
    ends = np.unique(np.r_[np.arange(window, len(returns) + 1, step), len(returns)])
    ratio = np.array([sharpe(returns[end - window : end], per_year) for end in ends])
    error = np.array([sharpe_standard_error(returns[end - window : end], per_year) for end in ends])
    return days[ends - 1], ratio, error
