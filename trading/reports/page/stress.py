"""The stress scenarios: what the gate judged, and the fan of equities under each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from trading.arrays import Floats
from trading.checks.stress import StressEvidence
from trading.reports.page.data import PageData, Traded
from trading.reports.page.drawing import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    dates,
    new_figure,
    percent_axis,
    picked_extremes,
    picture,
    time_axis,
    title,
)
from trading.reports.page.html import Html, LeftOut, element, joined, note, table
from trading.reports.page.numbers import label, plain, shown

_COLUMNS = 2
_MEASURED = ("max_drawdown", "total_return", "sharpe", "trades")


def stress(data: PageData) -> Html | LeftOut:
    """A row a scenario, and a small picture of each.

    Args:
        data: of the page.
    """
    results = data.evidence.section(StressEvidence).results
    if not results:
        return LeftOut("The evidence holds no stress scenario.")
    rows = [
        [
            label(result.name),
            *(shown(name, result.evidence.get(name)) for name in _MEASURED),
            plain(result.threshold),
            element("span", "pass" if result.passed else "FAIL", class_=f"mark {'pass' if result.passed else 'fail'}"),
        ]
        for result in results
    ]
    columns = ("scenario", *map(label, _MEASURED), "limit of the drawdown", "outcome")
    parts = [table(columns, rows, numbers=range(1, 6))]
    if data.traded is None:
        return joined([*parts, note(f"No fans: {data.why_not_traded}")])
    if not data.traded.scenarios:
        return joined([*parts, note("No fans: no scenario was played again.")])
    return joined([*parts, *_fans(data.traded, {result.name: result.passed for result in results})])


def fan(paths: Sequence[Floats]) -> tuple[Floats, Floats, Floats]:
    """The 10 % quantile, the median and the 90 % quantile of paths, at every point.

    Args:
        paths: one or more, each of shape (k,).
    """
    low, middle, high = np.quantile(np.vstack(paths), (0.1, 0.5, 0.9), axis=0)
    return low, middle, high


def _fans(traded: Traded, passed: Mapping[str, bool]) -> list[Html]:
    names = list(traded.scenarios)
    rows = math.ceil(len(names) / _COLUMNS)
    figure, panels = new_figure(
        1.25 * rows + 0.4,
        rows,
        _COLUMNS,
        sharex=True,
        sharey=True,
        margins={"hspace": 0.32, "wspace": 0.06, "top": 1.0 - 0.2 / (1.25 * rows + 0.4)},
    )
    base = traded.candidate.equity / traded.initial - 1.0
    when, pick = dates(traded.market.ts), picked_extremes(base, 200)
    at = when[traded.scenario_points]
    for axes, name in zip(panels, names, strict=False):
        low, middle, high = (edge / traded.initial - 1.0 for edge in fan(traded.scenarios[name]))
        colour = BLUE if passed.get(name, True) else ORANGE
        axes.plot(when[pick], base[pick], color=GREY, linewidth=0.7)
        if len(traded.scenarios[name]) > 1:
            axes.fill_between(at, low, high, color=colour, alpha=0.25, linewidth=0)
        axes.plot(at, middle, color=colour, linewidth=1.0)
        axes.axhline(0.0, color=INK, linewidth=0.4)
        percent_axis(axes, 0)
        title(axes, f"{label(name)}: {middle[-1]:+.0%}" + ("" if len(traded.scenarios[name]) < 2 else " in the middle"))
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    for axes in panels[max(0, len(names) - _COLUMNS) : len(names)]:
        time_axis(axes)
        axes.tick_params(labelbottom=True)
    most = max(map(len, traded.scenarios.values()))
    how = (
        f"the middle of {most} paths a scenario, and 10 % to 90 % of them"
        if most > 1
        else "one path a scenario, no band"
    )
    return [
        picture(figure, "Equity under each stress scenario against the base path"),
        note(f"Coloured: {how}; orange failed. Grey: the base path."),
    ]
