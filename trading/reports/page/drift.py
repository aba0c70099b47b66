"""Drift: each feature on the training and on the test split, with its PSI."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats
from trading.checks.drift import DriftEvidence
from trading.reports.page.data import PageData
from trading.reports.page.drawing import BLUE, FAINT, FONT, GREY, INK, new_figure, picture
from trading.reports.page.html import Html, LeftOut, element, joined, note, table
from trading.reports.page.numbers import NOTHING, label, plain

_COLUMNS, _BINS = 3, 36


def drift(data: PageData) -> Html | LeftOut:
    """A histogram a feature, train behind test, and the table of distances.

    Args:
        data: of the page.
    """
    evidence = data.evidence.section(DriftEvidence)
    if not evidence.features:
        return LeftOut("The evidence holds no measure of drift.")
    bands = {} if data.traded is None else data.traded.drift.psi_bands
    rows = []
    for name in sorted(evidence.features, key=lambda one: -_number(evidence.psi.get(one))):
        band = bands.get(name)
        known = band is not None and math.isfinite(band.low)
        mark = element("span", "critical", class_="mark fail") if name in evidence.critical else ""
        interval = f"{band.low:.3f} to {band.high:.3f}" if band is not None and known else NOTHING
        rows.append([label(name), plain(evidence.psi.get(name)), interval, plain(evidence.ks.get(name)), mark])
    columns = ("feature", "PSI", "90 % band", "Kolmogorov-Smirnov distance", "")
    found = table(columns, rows, numbers=(1, 2, 3))
    if data.traded is None:
        return joined([found, note(f"No histograms: {data.why_not_traded}")])
    return joined([_histograms(data), found, _words(data)])


def _histograms(data: PageData) -> Html:
    """All features in one pair of axes, a cell each: twelve pairs of axes would take ten times as long to draw."""
    assert data.traded is not None
    view, psi = data.traded.drift, data.evidence.section(DriftEvidence).psi
    rows = math.ceil(len(view.names) / _COLUMNS)
    figure, (axes,) = new_figure(1.0 * rows + 0.1, margins={"left": 0.01, "right": 0.99, "top": 0.99, "bottom": 0.01})
    axes.set_axis_off()
    axes.set_xlim(0.0, _COLUMNS)
    axes.set_ylim(-rows, 0.0)
    for place, name in enumerate(view.names):
        left, floor = place % _COLUMNS + 0.02, -(place // _COLUMNS) - 0.86
        measured = psi.get(name)
        words = f"{label(name)}: PSI {plain(measured)}" if measured is not None else label(name)
        axes.text(left, floor + 0.66, words, fontsize=FONT, color=INK, va="bottom")
        axes.plot([left, left + 0.94], [floor, floor], color=FAINT, linewidth=0.8)
        histogram = _bins(view.train[:, place], view.test[:, place])
        if histogram is None:
            continue
        edges, train, test = histogram
        scale = 0.62 / max(float(train.max()), float(test.max()))
        x = left + 0.94 * (edges - edges[0]) / (edges[-1] - edges[0])
        axes.stairs(floor + scale * train, x, baseline=floor, color=GREY, fill=True, alpha=0.45, linewidth=0)
        axes.stairs(floor + scale * test, x, baseline=floor, color=BLUE, linewidth=1.1)
        for at, number, side in ((left, edges[0], "left"), (left + 0.94, edges[-1], "right")):
            axes.text(at, floor - 0.02, f"{number:+.1f}", fontsize=FONT - 1.0, color=INK, va="top", ha=side)
    return picture(figure, "Histograms of every feature on the training and on the test split")


def _bins(train: Floats, test: Floats) -> tuple[Floats, Floats, Floats] | None:
    """Edges, and the share of each split in each bin; None if there is nothing to divide."""
    known, seen = train[np.isfinite(train)], test[np.isfinite(test)]
    if not len(known) or not len(seen):
        return None
    low, high = np.quantile(np.r_[known, seen], (0.005, 0.995)).tolist()
    edges = np.linspace(low, high, _BINS + 1)
    if not edges[-1] > edges[0]:
        return None
    return edges, np.histogram(known, edges)[0] / len(known), np.histogram(seen, edges)[0] / len(seen)


def _words(data: PageData) -> Html:
    assert data.traded is not None
    return note(
        "Grey: training split; blue: test split; in standard deviations of the training split, without the outermost "
        "1 %. The PSI's bins are quantiles of the training split; its band comes from blocks of the test split."
    )


def _number(value: float | int | None) -> float:
    return -math.inf if value is None or not math.isfinite(value) else float(value)
