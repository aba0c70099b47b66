"""The page of the campaign, ``docs/promotion.md``, and its figure, from the rows that were kept."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tools.promotion.markets import EDGES, NULLS
from trading.canonical import write_atomic

PAGE, FIGURE = "promotion.md", "images/promotion-power.svg"
LEVEL = 0.95


class Share(NamedTuple):
    """A share with the exact interval of Clopper and Pearson (Biometrika 26, 1934), 95 % on each open side.

    Attributes:
        hits: how many.
        of: of how many.
        low: one-sided lower bound.
        high: one-sided upper bound.
    """

    hits: int
    of: int
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.hits} of {self.of}"


def share(hits: int, of: int) -> Share:
    """A share and its bounds.

    Args:
        hits: how many.
        of: of how many; none at all may be anything from 0 to 1.
    """
    from scipy.stats import beta

    low = float(beta.ppf(1.0 - LEVEL, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(LEVEL, hits + 1, of - hits)) if hits < of else 1.0
    return Share(hits, of, low, high)


def write_report(rows: Sequence[dict[str, Any]], docs: Path) -> None:
    """Write the page and its figure.

    Args:
        rows: of :func:`tools.promotion.nights.played`.
        docs: folder of the documentation.
    """
    write_atomic(docs / FIGURE, power_figure(rows))
    page = docs / PAGE
    write_atomic(page, with_tables(page.read_text(), tables(rows)).encode())


def with_tables(text: str, made: dict[str, list[str]]) -> str:
    """The page with every part between its two marks written anew.

    Args:
        text: of the page.
        made: lines of each part, by its mark.

    Raises:
        ValueError: if the page lacks a mark.
    """
    for name, lines in made.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"the page needs the marks {begin} and {end}, each once")
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = "\n".join([f"{before}{begin}", "", *lines, "", f"{end}{after}"])
    return text


def tables(rows: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Lines of every table, by its mark.

    Args:
        rows: of :func:`tools.promotion.nights.played`.
    """
    return {"false approvals": _nulls(rows), "refusals": _refusals(rows), "power": _edges(rows)}


def _nulls(rows: Sequence[dict[str, Any]]) -> list[str]:
    lines = [
        "| kind | nights | traded | approved | at most (95 %) | approved of those that traded | at most (95 %) |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    groups = {kind: [row["nights"][0] for row in rows if row["kind"] == kind] for kind in NULLS}
    for name, nights in {**groups, "**all**": [night for group in groups.values() for night in group]}.items():
        traded = [night for night in nights if night["traded"]]
        whole, part = (share(sum(map(_approved, some)), len(some)) for some in (nights, traded))
        lines.append(
            f"| {name} | {whole.of} | {part.of} | {whole.hits} | {whole.high:.1%} | {part.hits} | {part.high:.1%} |"
        )
    return lines


def _refusals(rows: Sequence[dict[str, Any]]) -> list[str]:
    gates = ["performance", "risk", "calibration", "stress", "leakage", "drift", "live_consistency"]
    lines = ["| of the nights that traded | " + " | ".join(gates) + " |", "|---" + "|---:" * len(gates) + "|"]
    for kind in NULLS:
        traded = [row["nights"][0] for row in rows if row["kind"] == kind and row["nights"][0]["traded"]]
        failed = Counter(gate for night in traded for gate in night["failed"])
        lines.append(f"| {kind} ({len(traded)}) | " + " | ".join(str(failed[gate]) for gate in gates) + " |")
    return lines


def _edges(rows: Sequence[dict[str, Any]]) -> list[str]:
    lines = [
        "| market | markets | approved on the first night | approved within five nights | at least (95 %) "
        "| Sharpe of those that trade, median | most frequent refusals |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for kind in EDGES:
        nights = [row["nights"] for row in rows if row["kind"] == kind]
        first = sum(_approved(some[0]) for some in nights)
        within = share(sum(any(map(_approved, some)) for some in nights), len(nights))
        ratios = [some[0]["sharpe"] for some in nights if some[0]["traded"] and some[0]["sharpe"] is not None]
        why = Counter(code for some in nights for code in some[-1]["codes"] if not _approved(some[-1]))
        listed = ", ".join(f"{code} {count}" for code, count in why.most_common(3))
        median = f"{np.median(ratios):.2f}" if ratios else "-"
        lines.append(f"| {kind} | {within.of} | {first} | {within.hits} | {within.low:.0%} | {median} | {listed} |")
    return lines


def power_figure(rows: Sequence[dict[str, Any]]) -> bytes:
    """Share of markets that get a candidate approved within five nights, over their edge, as SVG.

    Args:
        rows: of :func:`tools.promotion.nights.played`.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    edges = [0.0, *(float(kind.split()[1]) for kind in EDGES)]
    nulls = [row["nights"] for row in rows if row["kind"] == next(iter(NULLS))]
    groups = [nulls, *([row["nights"] for row in rows if row["kind"] == kind] for kind in EDGES)]
    found = [share(sum(any(map(_approved, some)) for some in nights), len(nights)) for nights in groups]
    middle = [one.hits / one.of if one.of else np.nan for one in found]
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(edges, [one.low for one in found], [one.high for one in found], color="#2f7fbf", alpha=0.2)
    axes.plot(edges, middle, color="#2f7fbf", marker="o")
    axes.axhline(0.9, color="#9a9a9a", linewidth=0.8)
    axes.set(xlabel="edge of the embedded market", ylabel="approved within five nights", ylim=(-0.02, 1.02))
    axes.set_xticks(edges)
    out = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "sevengates"}):
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None})
    return out.getvalue()


def _approved(night: dict[str, Any]) -> bool:
    return night["decision"] == "APPROVED"
