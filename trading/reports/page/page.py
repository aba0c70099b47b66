"""The page: one template, and a row a section; what a section cannot show, it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from string import Template

from trading.reports.page import (
    calibration,
    drift,
    engine,
    equity,
    evidence,
    gates,
    head,
    metrics,
    origin,
    stress,
    trades,
    training,
)
from trading.reports.page.data import PageData
from trading.reports.page.html import Html, LeftOut, element, joined, paragraph, text


@dataclass(frozen=True)
class Section:
    """A row of the page.

    Attributes:
        anchor: of its heading.
        title: its heading.
        draw: from the data to HTML, or to why there is nothing to show.
    """

    anchor: str
    title: str
    draw: Callable[[PageData], Html | LeftOut]


SECTIONS = (
    Section("gates", "What each gate asked and found", gates.gates),
    Section("about", "Model, periods and units", head.about),
    Section("equity", "Equity", equity.equity),
    Section("months", "Monthly returns", equity.months),
    Section("rolling", "Rolling Sharpe ratio", equity.rolling),
    Section("trades", "Trades on the price", trades.trades_on_price),
    Section("exposure", "Exposure", trades.exposure),
    Section("metrics", "Metrics and their errors", metrics.metrics),
    Section("groups", "Sides and regimes", metrics.groups),
    Section("costs", "At several times the costs", metrics.cost_sensitivity),
    Section("measured", "Further evidence", evidence.other_evidence),
    Section("stress", "Stress scenarios", stress.stress),
    Section("calibration", "Reliability of the confidence", calibration.calibration),
    Section("drift", "Drift of the features", drift.drift),
    Section("training", "Training", training.training),
    Section("engine", "Engine", engine.engine),
    Section("fit", "Report of the fit", training.fit),
    Section("assumptions", "Assumptions in force", head.in_force),
    Section("origin", "Lineage", origin.origin),
    Section("everything", "Everything that was measured", evidence.all_evidence),
)
"""In the order of the page. To add one: a function in a file of its own, and one row here."""


@dataclass(frozen=True)
class DrawnPage:
    """A page.

    Attributes:
        html: the whole file; nothing in it is loaded from anywhere.
        left_out: why a section has nothing to show, by its title.
    """

    html: str
    left_out: dict[str, str]


def draw_page(data: PageData) -> DrawnPage:
    """Draw every section; the same data gives the same bytes.

    Args:
        data: what is known of the candidate.
    """
    left_out: dict[str, str] = {}
    drawn: list[Html] = []
    for section in SECTIONS:
        content = section.draw(data)
        if isinstance(content, LeftOut):
            left_out[section.title] = str(content)
            content = paragraph("Not shown. ", str(content), class_="note")
        drawn.append(element("section", element("h2", section.title), content, id=section.anchor))
    links = joined(
        (
            element("a", section.title, href=f"#{section.anchor}")
            for section in SECTIONS
            if section.title not in left_out
        ),
        " ",
    )
    folder = files("trading.reports.page")
    html = Template(folder.joinpath("template.html").read_text(encoding="utf-8")).substitute(
        title=text(f"{data.name}: {data.verdict.decision}"),
        style=folder.joinpath("style.css").read_text(encoding="utf-8"),
        head=head.head(data),
        links=links,
        sections=joined(drawn, "\n"),
    )
    return DrawnPage(html, left_out)
