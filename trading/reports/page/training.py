"""How it was trained: reward over decisions of every policy, and what the fit of engine and calibrator reported."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trading.reports.page.data import PageData
from trading.reports.page.drawing import SEED_COLOURS, legend, new_figure, picture
from trading.reports.page.evidence import nested
from trading.reports.page.html import Html, LeftOut, element, joined, note, table
from trading.reports.page.numbers import plain
from trading.reports.training import taken_policies


def training(data: PageData) -> Html | LeftOut:
    """Curves and validation scores of the policies; the chosen one is drawn thick.

    Args:
        data: of the page.
    """
    report = data.training.policy
    if report is None:
        return LeftOut(data.why_no_training)
    policies: Sequence[Mapping[str, Any]] = report.get("policies", ())
    if not policies:
        return LeftOut("The action is fixed: no policy was trained.")
    rows = [
        [row["name"], plain(row["seed"]), plain(_number(row["validation_score"])), _chosen(row, report)]
        for row in policies
    ]
    scores = table(("policy", "seed", "validation score", ""), rows, numbers=(1, 2))
    spread = [score for score in (_number(row["validation_score"]) for row in policies) if math.isfinite(score)]
    words = "The score is the mean over the deviation of the validation equity's returns, bar by bar"
    words += f"; between seeds it deviates by {np.std(spread, ddof=1):.4f}." if len(spread) > 1 else "."
    return joined([*_curves(report, policies), scores, note(words)])


def fit(data: PageData) -> Html | LeftOut:
    """What the fit of engine and calibrator reported, as it was reported.

    Args:
        data: of the page.
    """
    return LeftOut(data.why_no_training) if data.training.fit is None else nested(data.training.fit)


def _curves(report: Mapping[str, Any], policies: Sequence[Mapping[str, Any]]) -> list[Html]:
    """One line a policy over the first column of its curve that counts decisions; none if no curve has two points."""
    curves = [(str(row["name"]), row.get("curve") or []) for row in policies]
    keys = [key for key in (curves[0][1][0] if curves[0][1] else {}) if key not in ("decisions", "level")]
    if not keys or not any(len(curve) > 1 for _, curve in curves):
        return [note("No training curve was recorded.")]
    figure, (axes,) = new_figure(2.5, margins={"bottom": 0.17})
    for place, (name, curve) in enumerate(curves):
        x = [_number(row.get("decisions")) for row in curve]
        y = [_number(row.get(keys[0])) for row in curve]
        width = 1.8 if name in taken_policies(report) else 0.8
        axes.plot(x, y, color=SEED_COLOURS[place % len(SEED_COLOURS)], linewidth=width, label=name)
    axes.set_xlabel("decisions")
    axes.set_ylabel(keys[0].replace("_", " "))
    axes.ticklabel_format(axis="x", style="plain")
    legend(axes)
    return [picture(figure, "Training curves of the policies")]


def _chosen(row: Mapping[str, Any], report: Mapping[str, Any]) -> Html | str:
    if row["name"] in taken_policies(report):
        return element("span", "chosen", class_="mark pass")
    return str(row.get("problem", ""))


def _number(value: Any) -> float:
    """A number of a report, in which one that is not finite is text."""
    return math.nan if value is None else float(value)
