"""The reliability diagram: whether confidence means what it says, over all decisions and for every group measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trading.checks.calibration import CalibrationEvidence, ReliabilityBin
from trading.reports.page.data import PageData
from trading.reports.page.drawing import BLUE, FONT, GREY, INK, new_figure, picture, title
from trading.reports.page.html import Html, LeftOut, joined, note
from trading.reports.page.numbers import label
from trading.statistics.resample import wilson_band

RELIABILITY = "reliability"
MOST_DIAGRAMS = 3
_NAMING = ("side", "name", "group")


class Diagram(NamedTuple):
    """A group of decisions and its bins; the name is empty for all of them."""

    name: str
    rows: tuple[ReliabilityBin, ...]


def calibration(data: PageData) -> Html | LeftOut:
    """Stated confidence against what happened, in bins, with the interval of each bin; below it how many decisions.

    Args:
        data: of the page.
    """
    section = data.evidence.checks.get(CalibrationEvidence.check, {})
    found = [diagram for diagram in diagrams(section) if any(row.count for row in diagram.rows)]
    if not found:
        return LeftOut("The evidence holds no table of reliability with a decision in it.")
    shown = found[:MOST_DIAGRAMS]
    figure, panels = new_figure(
        3.2,
        2,
        max(2, len(shown)),
        sharex=True,
        height_ratios=[3, 1],
        margins={"top": 0.93, "hspace": 0.12, "wspace": 0.2, "bottom": 0.14},
    )
    columns = len(panels) // 2
    share = effective_share(section)
    for place in range(columns):
        top, bottom = panels[place], panels[columns + place]
        if place >= len(shown):
            top.set_visible(False)
            bottom.set_visible(False)
            continue
        _draw(top, bottom, shown[place], share)
    panels[0].set_ylabel("how often right")
    panels[columns].set_ylabel("decisions")
    evidence = data.evidence.section(CalibrationEvidence)
    words = "Bars: 95 % interval of each bin (Wilson 1927)"
    words += (
        ", for as many independent decisions as the evidence counts."
        if share < 1.0
        else "; outcomes overlap, so the true interval is wider."
    )
    flat = "" if evidence.informative else " The calibrator is flat: raw confidence told it nothing."
    return joined([picture(figure, "Reliability diagram"), note(words + flat)])


def diagrams(section: Mapping[str, Any], name: str = "") -> Iterator[Diagram]:
    """Every table of reliability in a section, that of all decisions first, whatever it lies in.

    Args:
        section: of the evidence, as JSON.
        name: of the group that the section is about; empty for all decisions.
    """
    rows = section.get(RELIABILITY)
    if rows:
        yield Diagram(name, tuple(ReliabilityBin.model_validate(row) for row in rows))
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from diagrams(value, label(key))
        elif isinstance(value, list | tuple) and key != RELIABILITY:
            for place, item in enumerate(value):
                if isinstance(item, Mapping):
                    named = next((str(item[part]) for part in _NAMING if part in item), f"{label(key)} {place + 1}")
                    yield from diagrams(item, named)


def effective_share(section: Mapping[str, Any]) -> float:
    """How many independent decisions one counted decision is worth: 1 where the evidence does not say.

    Args:
        section: of calibration, as JSON.
    """
    outcomes, effective = section.get("outcomes"), section.get("n_effective")
    if not (isinstance(outcomes, int | float) and isinstance(effective, int | float) and 0 < effective < outcomes):
        return 1.0
    return float(effective) / float(outcomes)


def _draw(top: Any, bottom: Any, diagram: Diagram, share: float) -> None:
    full = [row for row in diagram.rows if row.count and row.confidence is not None and row.frequency is not None]
    x: Sequence[float] = [float(row.confidence or 0.0) for row in full]
    y: Sequence[float] = [float(row.frequency or 0.0) for row in full]
    top.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle="--")
    for row, at, frequency in zip(full, x, y, strict=True):
        low, high = wilson_band(frequency, row.count * share)
        top.plot([at, at], [low, high], color=BLUE, linewidth=1.6, alpha=0.45)
    top.plot(x, y, color=BLUE, marker="o", markersize=3.5, linewidth=1.0)
    top.set_xlim(0.0, 1.0)
    top.set_ylim(0.0, 1.0)
    title(top, diagram.name or "all decisions")
    bottom.bar(
        [row.low for row in diagram.rows],
        [row.count for row in diagram.rows],
        width=[row.high - row.low for row in diagram.rows],
        align="edge",
        color=BLUE,
        alpha=0.5,
    )
    bottom.set_xlabel("effective confidence", fontsize=FONT, color=INK)
