"""The pictures of a night, from plain arrays: equity and drawdown, regimes over price, reliability, stress, training.

Every function returns a new ``matplotlib`` figure drawn without a window and without the global state of pyplot, so
threads may draw at once.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from trading.arrays import Floats, Ints
from trading.checks.calibration import ReliabilityBin
from trading.moments import DAY_MS
from trading.results import CheckResult
from trading.statistics.resample import wilson_band
from trading.steps.regimes import REGIMES

# Blue, orange and grey can be told apart by everybody.
BLUE, ORANGE, GREY, INK, FAINT = "#2f7fbf", "#d9822b", "#9a9a9a", "#222222", "#dddddd"
_REGIME_COLOURS = (BLUE, ORANGE, GREY)
_MOST_POINTS = 4_000


class _Scenario(NamedTuple):
    """One scenario: with and without shocks, at the end and inside them; ``met`` is the share of shocks in a trade."""

    name: str
    max_drawdown: float
    base_drawdown: float
    total_return: float
    inside: float
    trades: float
    met: float
    passed: bool


def equity_figure(
    ts: Ints, equity: Floats, *, title: str, price: Floats | None = None, champion: Floats | None = None
) -> Figure:
    """Equity above, drawdown below.

    Args:
        ts: shape (n,), UTC milliseconds.
        equity: shape (n,), of the candidate, any currency.
        title: above the picture.
        price: shape (n,), drawn as what holding would have made.
        champion: shape (n,), equity of the champion on the same bars.
    """
    figure, (top, bottom) = _panels(2, [3, 1])
    pick = _thin(len(ts))
    when = _dates(ts[pick])
    curves = [("candidate", equity, BLUE, 1.6), ("champion", champion, ORANGE, 1.3), ("holding", price, GREY, 1.0)]
    for name, curve, colour, width in reversed(curves):
        if curve is not None and len(curve):
            growth = curve / curve[0] - 1.0
            top.plot(when, growth[pick], color=colour, linewidth=width, label=f"{name} {growth[-1]:+.1%}")
    set_title(figure, title)
    top.set_ylabel("gain since start")
    top.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    top.axhline(0.0, color=INK, linewidth=0.6)
    handles, labels = top.get_legend_handles_labels()
    top.legend(handles[::-1], labels[::-1], loc="upper left", frameon=False, ncols=3)
    for curve, colour, alpha in ((equity, BLUE, 0.45), (champion, ORANGE, 0.0)):
        if curve is not None and len(curve):
            fall = curve / np.maximum.accumulate(curve) - 1.0
            bottom.fill_between(when, fall[pick], 0.0, color=colour, alpha=alpha, linewidth=0)
            bottom.plot(when, fall[pick], color=colour, linewidth=0.9)
    bottom.set_ylabel("drawdown")
    bottom.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    bottom.set_ylim(top=0.0)
    _time_axis(bottom)
    return figure


def regimes_figure(ts: Ints, close: Floats, beliefs: Floats, *, title: str) -> Figure:
    """Price over the colour of the most probable regime, and below it the probabilities.

    Args:
        ts: shape (n,), UTC milliseconds.
        close: shape (n,), price at the close of each bar.
        beliefs: shape (n, 3), causal regime probabilities in the order of :data:`trading.steps.regimes.REGIMES`.
        title: above the picture.
    """
    figure, (top, bottom) = _panels(2, [3, 1])
    known = np.isfinite(beliefs).all(axis=1)
    ts, close, beliefs = ts[known], close[known], beliefs[known]
    set_title(figure, title)
    if len(ts):
        pick = _thin(len(ts))
        when = _dates(ts[pick])
        span = (when[0], when[-1] + (when[-1] - when[-2] if len(when) > 1 else 1.0), 0.0, 1.0)
        top.imshow(
            beliefs[pick].argmax(axis=1)[None, :],
            aspect="auto",
            extent=span,
            transform=top.get_xaxis_transform(),
            cmap=ListedColormap(list(_REGIME_COLOURS)),
            vmin=-0.5,
            vmax=2.5,
            alpha=0.35,
            interpolation="nearest",
        )
        top.plot(when, close[pick], color=INK, linewidth=1.0)
        top.set_xlim(span[0], span[1])
        top.set_ylim(float(close.min()) * 0.98, float(close.max()) * 1.02)
        bottom.stackplot(when, beliefs[pick].T, colors=_REGIME_COLOURS, alpha=0.8, linewidth=0)
        shares = np.bincount(beliefs.argmax(axis=1), minlength=3) / len(beliefs)
        patches = [
            Patch(color=colour, alpha=0.6, label=f"{name} {share:.0%}")
            for name, colour, share in zip(REGIMES, _REGIME_COLOURS, shares, strict=True)
        ]
        top.legend(handles=patches, loc="upper left", frameon=True, framealpha=0.8, edgecolor="none", ncols=3)
    top.set_ylabel("price")
    bottom.set_ylabel("probability")
    bottom.set_ylim(0.0, 1.0)
    _time_axis(bottom)
    return figure


def reliability_figure(rows: Sequence[ReliabilityBin], *, brier: float, ece: float, title: str) -> Figure:
    """How often the signal was right against how sure it was; on the diagonal confidence means what it says.

    Args:
        rows: bins in order.
        brier: Brier score over all pairs.
        ece: expected calibration error over all pairs.
        title: above the picture.
    """
    figure, (top, bottom) = _panels(2, [3, 1], size=(6.4, 6.4))
    set_title(figure, title)
    full = [row for row in rows if row.count and row.confidence is not None and row.frequency is not None]
    top.plot([0, 1], [0, 1], color=GREY, linewidth=1.0, linestyle="--", label="perfect")
    for row in full:
        confidence, frequency = float(row.confidence or 0.0), float(row.frequency or 0.0)
        # 95 % Wilson interval: with few pairs a bin off the diagonal means little.
        low, high = wilson_band(frequency, row.count)
        top.plot([confidence, confidence], [low, high], color=BLUE, linewidth=1.0, alpha=0.6)
    top.plot(
        [float(row.confidence or 0.0) for row in full],
        [float(row.frequency or 0.0) for row in full],
        color=BLUE,
        marker="o",
        linewidth=1.4,
        label="signals, with 95 % interval",
    )
    top.set_ylabel("how often right")
    top.set_ylim(0.0, 1.0)
    top.set_xlim(0.0, 1.0)
    top.text(0.97, 0.05, f"Brier {brier:.3f}\nECE {ece:.3f}", transform=top.transAxes, ha="right", va="bottom")
    top.legend(loc="upper left", frameon=False)
    bottom.bar(
        [row.low for row in rows],
        [row.count for row in rows],
        width=[row.high - row.low for row in rows],
        align="edge",
        color=BLUE,
        alpha=0.6,
        edgecolor="white",
    )
    bottom.set_ylabel("signals")
    bottom.set_xlabel("effective confidence")
    return figure


def training_figure(policies: Sequence[Mapping[str, Any]], *, taken: Collection[str], title: str) -> Figure:
    """Mean reward over decisions of every policy, the taken ones thick; a line where a level of the curriculum ends.

    Args:
        policies: rows of the policy report, each with its name, its score on validation and its curve.
        taken: names of those that were.
        title: above the picture.
    """
    figure = blank_figure((9.0, 3.6))
    axes = figure.subplots()
    bare_axes(axes)
    set_title(figure, title)
    for place, policy in enumerate(sorted(policies, key=lambda one: one["name"] in taken)):
        curve = policy["curve"]
        chosen = policy["name"] in taken
        axes.plot(
            [row["decisions"] for row in curve],
            [float(row["mean_reward"]) for row in curve],
            color=BLUE if chosen else GREY,
            linewidth=1.8 if chosen else 0.9,
            linestyle="-" if chosen else ("--", ":", "-.")[place % 3],
            label=f"{policy['name']}, {float(policy['validation_score']):+.4f} on validation"
            + (", chosen" if chosen else ""),
        )
    rows = policies[0]["curve"] if policies else []
    ends = [row["decisions"] for row, later in pairwise(rows) if row["level"] != later["level"]]
    for began, level in zip([0, *ends], dict.fromkeys(row["level"] for row in rows), strict=False):
        axes.text(began, 1.0, f" {level}", transform=axes.get_xaxis_transform(), va="bottom", color=INK)
    for end in ends:
        axes.axvline(end, color=INK, linewidth=0.8, linestyle="--")
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.set_xlabel("decisions")
    axes.set_ylabel("mean reward")
    axes.ticklabel_format(axis="x", style="plain")
    axes.legend(loc="lower right", frameon=False)
    return figure


def stress_figure(checks: Sequence[CheckResult], *, title: str) -> Figure:
    """Each scenario's drawdown against its limit and the base path's, with what else decided beside it.

    Args:
        checks: one per scenario; the threshold is the largest drawdown allowed, the evidence holds the numbers, each at
            the quantile that decides. Of release 0.1 there is one draw and nothing of the base path.
        title: above the picture.
    """
    rows = [_scenario(check) for check in checks]
    limits = [check.threshold for check in checks if isinstance(check.threshold, int | float)]
    limit = float(max(limits, default=0.0))
    figure = blank_figure((10.0, 1.3 + 0.38 * max(len(rows), 1)))
    axes, table = figure.subplots(1, 2, sharey=True, width_ratios=[5, 6])
    bare_axes(axes)
    axes.grid(visible=False, axis="y")
    set_title(figure, title)
    places, top = np.arange(len(rows))[::-1], len(rows) - 0.35
    falls = [row.max_drawdown if math.isfinite(row.max_drawdown) else 1.0 for row in rows]
    axes.barh(places, falls, height=0.6, color=[BLUE if row.passed else ORANGE for row in rows], alpha=0.75)
    axes.scatter([row.base_drawdown for row in rows], places, marker="|", s=120, color=INK, linewidth=1.2, zorder=3)
    axes.axvline(limit, color=INK, linewidth=1.0, linestyle="--")
    axes.text(limit, top, f"limit {limit:.0%} ", va="bottom", ha="right", color=INK)
    axes.set_yticks(places, [row.name.replace("_", " ") for row in rows])
    bases = [row.base_drawdown for row in rows if math.isfinite(row.base_drawdown)]
    axes.set_xlim(0.0, max([limit, *falls, *bases]) * 1.08)
    axes.set_ylim(-0.6, len(rows) + 0.1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel(_drawdown_label(checks))
    table.set_axis_off()
    table.set_xlim(0.0, 1.0)
    columns = {"drawdown": 0.15, "base": 0.28, "return": 0.45, "in shocks": 0.62, "trades": 0.75, "met": 0.87}
    for name, x in columns.items():
        table.text(x, top, name, ha="right", va="bottom", color=INK)
    for place, row in zip(places, rows, strict=True):
        cells = (
            _share(row.max_drawdown, ""),
            _share(row.base_drawdown, ""),
            _share(row.total_return, "+"),
            _share(row.inside, "+"),
            f"{row.trades:.0f}" if math.isfinite(row.trades) else "-",
            f"{row.met:.0%}" if math.isfinite(row.met) else "-",
        )
        for x, text in zip(columns.values(), cells, strict=True):
            table.text(x, place, text, ha="right", va="center", color=INK)
        verdict, colour = ("pass", BLUE) if row.passed else ("FAIL", ORANGE)
        table.text(0.90, place, verdict, ha="left", va="center", color=colour, weight="bold")
    return figure


def blank_figure(size: tuple[float, float]) -> Figure:
    """A figure without a window.

    Args:
        size: width and height, inches.
    """
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def bare_axes(axes: Axes) -> None:
    """Give axes the look of every picture: two spines and a faint grid.

    Args:
        axes: changed in place.
    """
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def set_title(figure: Figure, title: str) -> None:
    """Write the title of a picture over its left edge.

    Args:
        figure: changed in place.
        title: one line.
    """
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)


def _scenario(check: CheckResult) -> _Scenario:
    """A row of the table; a number that is missing is NaN."""
    names = ("max_drawdown", "base_drawdown", "total_return", "inside", "trades", "met")
    values = [float(check.evidence.get(name, math.nan)) for name in names]
    return _Scenario(check.name, *values, passed=check.passed)


def _drawdown_label(checks: Sequence[CheckResult]) -> str:
    """What the bars show: which quantile of how many draws, if the evidence says so."""
    found = [check.evidence for check in checks if "quantile" in check.evidence]
    if not found:
        return "worst drawdown"
    draws = max(int(numbers["seeds"]) for numbers in found)
    return f"drawdown, {found[0]['quantile']:.0%} quantile of {draws} draws; | without shocks"


def _share(value: float, sign: str) -> str:
    return format(value, f"{sign}.1%") if math.isfinite(value) else "-"


def _panels(
    count: int, heights: Sequence[float], size: tuple[float, float] = (9.0, 5.2)
) -> tuple[Figure, Sequence[Axes]]:
    figure = blank_figure(size)
    panels = figure.subplots(count, 1, sharex=True, height_ratios=list(heights))
    for axes in panels:
        bare_axes(axes)
    return figure, panels


def _time_axis(axes: Axes) -> None:
    locator = mdates.AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))


def _dates(ts: Ints) -> Floats:
    """Matplotlib's day numbers, which count from 1970 as the timestamps do."""
    return ts.astype(np.float64) / DAY_MS


def _thin(n: int) -> Any:
    """Indexes of at most a few thousand points, the last one included."""
    if n <= _MOST_POINTS:
        return np.arange(n)
    return np.unique(np.linspace(0, n - 1, _MOST_POINTS).astype(np.int64))
