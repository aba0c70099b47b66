"""Pictures for the page: matplotlib figures as inline SVG whose ink follows the page, light or dark.

The same figure gives the same bytes: identifiers are hashes, and nothing says when it was drawn.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from trading.arrays import Floats, Ints
from trading.canonical import sha256
from trading.moments import DAY_MS
from trading.reports.page.html import Html, element

# Text stays text, and identifiers are the same in every process. No other picture of ours is SVG.
mpl.rcParams["svg.fonttype"] = "none"
mpl.rcParams["svg.hashsalt"] = "sevengates"

# Blue, orange and grey can be told apart by everybody, and on white as on black.
BLUE, ORANGE, GREY, GREEN = "#2f7fbf", "#d9822b", "#8c8c8c", "#4a9c6d"
REGIME_COLOURS = (BLUE, ORANGE, GREY)
SEED_COLOURS = (BLUE, ORANGE, GREEN, GREY, "#9467bd", "#c15c8b")
# Stand-ins, replaced in the drawing by what the style of the page says.
INK, FAINT = "#0a0b0c", "#0d0e0f"
_REPLACED = {INK: "currentColor", FAINT: "var(--line)"}

WIDTH = 7.6
FONT = 8.0
MOST_POINTS = 700


def new_figure(height: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure of the page's width with its axes, row by row.

    Args:
        height: inches.
        rows: of axes.
        columns: of axes.
        **options: of ``Figure.subplots``; ``margins`` are those of ``subplots_adjust``.
    """
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasSVG(figure)
    margins = {"left": 0.075, "right": 0.985, "top": 1.0 - 0.26 / height, "bottom": 0.26 / height}
    margins |= options.pop("margins", {})
    figure.subplots_adjust(**margins)
    axes = list(np.atleast_1d(figure.subplots(rows, columns, **options)).ravel())
    for each in axes:
        _style(each)
    return figure, axes


def picture(figure: Figure, meaning: str) -> Html:
    """A figure as an element of the page.

    Args:
        figure: drawn.
        meaning: what it shows, in words, for who cannot see it.
    """
    stream = io.StringIO()
    empty = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(stream, format="svg", transparent=True, metadata=empty)
    return element("figure", _inline(stream.getvalue(), meaning), class_="wide", tabindex="0")


def legend(axes: Axes, **options: Any) -> None:
    """A legend in the page's own ink, above the axes, where it hides nothing.

    Args:
        axes: whose lines it names.
        **options: of ``Axes.legend``.
    """
    given = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.2, "borderpad": 0.1}
    given |= {"frameon": False, "fontsize": FONT, "labelcolor": INK, "ncols": 6, "handlelength": 1.4}
    axes.legend(**(given | options))


def title(axes: Axes, words: str) -> None:
    """A heading over axes, to the left.

    Args:
        axes: of a figure with several.
        words: short.
    """
    # A text, since matplotlib measures everything around a title anew.
    axes.text(0.0, 1.0, words, transform=axes.transAxes, ha="left", va="bottom", fontsize=FONT, color=INK)


def time_axis(axes: Axes) -> None:
    """Dates along the lower edge.

    Args:
        axes: whose x is :func:`dates`.
    """
    locator = mdates.AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    formatter = mdates.ConciseDateFormatter(locator, show_offset=False)
    axes.xaxis.set_major_formatter(formatter)


def percent_axis(axes: Axes, decimals: int | None = None) -> None:
    """Shares as percent along the left edge.

    Args:
        axes: whose y is a share.
        decimals: of the labels; None chooses.
    """
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=decimals))


def dates(ts: Ints) -> Floats:
    """Matplotlib's day numbers, which count from 1970 as the timestamps do.

    Args:
        ts: UTC milliseconds.
    """
    return np.asarray(ts, dtype=np.float64) / DAY_MS


def picked(n: int, most: int = MOST_POINTS) -> Ints:
    """Positions of at most so many bars, first and last included, evenly apart.

    Args:
        n: bars there are.
        most: positions wanted, at least two.
    """
    if n <= most:
        return np.arange(n)
    return np.unique(np.linspace(0, n - 1, most).astype(np.int64))


def picked_extremes(values: Floats, most: int = MOST_POINTS) -> Ints:
    """Positions that keep the look of a series: of every stretch its lowest and its highest, and both ends.

    Args:
        values: shape (n,).
        most: positions wanted, about.
    """
    n = len(values)
    if n <= most:
        return np.arange(n)
    edges = np.unique(np.linspace(0, n, most // 2 + 1).astype(np.int64))
    kept = [0, n - 1]
    for begin, end in pairwise(edges.tolist()):
        part = values[begin:end]
        kept += [int(begin + np.argmin(part)), int(begin + np.argmax(part))]
    return np.unique(kept)


def background(axes: Axes, when: Floats, labels: Ints, colours: Sequence[str]) -> None:
    """Colour the stretches of equal labels over the whole height.

    Args:
        axes: drawn under everything else.
        when: shape (n,), dates.
        labels: shape (n,), positions in the colours; under 0 none.
        colours: of the labels.
    """
    if not len(when):
        return
    changes = np.r_[0, np.flatnonzero(np.diff(labels)) + 1, len(labels)]
    step = float(when[-1] - when[-2]) if len(when) > 1 else 1.0
    ends = np.r_[when, when[-1] + step]
    for label, colour in enumerate(colours):
        spans = [
            (float(when[begin]), float(ends[end] - when[begin]))
            for begin, end in pairwise(changes.tolist())
            if labels[begin] == label
        ]
        if spans:
            axes.broken_barh(
                spans, (0.0, 1.0), facecolors=colour, alpha=0.22, linewidth=0, transform=axes.get_xaxis_transform()
            )


def _style(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.grid(visible=True, color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.patch.set_visible(False)
    axes.margins(x=0.01)
    axes.tick_params(which="both", colors=INK, labelsize=FONT, length=0)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    axes.xaxis.label.set_fontsize(FONT)
    axes.yaxis.label.set_fontsize(FONT)


def _inline(svg: str, meaning: str) -> Html:
    """The drawing without its preamble, metadata, fixed size and identifiers that another drawing has too."""
    body = svg[svg.index("<svg ") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    opening = body.index(">") + 1
    box = re.search(r'viewBox="([^"]+)"', body[:opening])
    body = body[opening:].removesuffix("\n").removesuffix("</svg>")
    used = set(re.findall(r'(?:url\(|href=")#([^")]+)', body))
    own = sha256(f"{meaning}\n{body}".encode())[:8]
    body = re.sub(r' id="([^"]+)"', lambda found: f' id="{own}{found[1]}"' if found[1] in used else "", body)
    body = re.sub(r'(url\(|href=")#', rf"\1#{own}", body)
    body = re.sub(r"font: ((?:[\w.]+ )*[\d.]+px) [^;\"]+", r"font: \1 system-ui, sans-serif", body)
    body = re.sub(r"\s*\n\s*", "\n", re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL))
    # Hundredths of a point are finer than any screen.
    body = re.sub(r' d="[^"]+"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), body)
    for stand_in, colour in _REPLACED.items():
        body = body.replace(stand_in, colour)
    view = box[1] if box else "0 0 1 1"
    return element(
        "svg",
        Html(body),
        role="img",
        viewBox=view,
        aria_label=meaning,
        xmlns="http://www.w3.org/2000/svg",
        **{"xmlns:xlink": "http://www.w3.org/1999/xlink"},
    )
