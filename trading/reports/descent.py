"""A line of descent as a drawing: a picture, or a Mermaid diagram that pages of documentation draw themselves."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from trading.canonical import write_atomic
from trading.reports.backtest_files import require_ending

ENDINGS = (".svg", ".png", ".mmd")
_INCHES_A_BOX, _WIDTH = 1.6, 7.5


class Box(NamedTuple):
    """One version.

    Attributes:
        title: what it is called.
        lines: about its night and data.
    """

    title: str
    lines: tuple[str, ...]


def draw_descent(path: Path, title: str, boxes: Sequence[Box]) -> Path:
    """Draw a line of descent, the youngest at the top; return the file.

    Args:
        path: of the file; its ending says whether it is a picture or a Mermaid diagram.
        title: above the picture.
        boxes: the version first, then its parent, and so on.

    Raises:
        ConfigError: if the ending is not one of :data:`ENDINGS`.
    """
    ending = require_ending(path, ENDINGS, "--plot")
    write_atomic(path, mermaid(boxes).encode() if ending == ".mmd" else _picture(title, boxes, ending[1:]))
    return path


def mermaid(boxes: Sequence[Box]) -> str:
    """A line of descent as a Mermaid flowchart.

    Args:
        boxes: the version first, then its parent, and so on.
    """
    nodes = [
        f'    v{place}["{"<br>".join(_quoted(text) for text in (box.title, *box.lines))}"]'
        for place, box in enumerate(boxes)
    ]
    arrows = [f"    v{place + 1} --> v{place}" for place in range(len(boxes) - 1)]
    return "\n".join(["flowchart BT", *nodes, *arrows]) + "\n"


def _picture(title: str, boxes: Sequence[Box], kind: str) -> bytes:
    from trading.reports.figures import BLUE, FAINT, INK, blank_figure, set_title

    figure = blank_figure((_WIDTH, _INCHES_A_BOX * len(boxes) + 0.6))
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(-len(boxes), 0.0)
    style = {"boxstyle": "round,pad=0.6", "facecolor": "white", "edgecolor": FAINT}
    for place, box in enumerate(boxes):
        text = "\n".join((box.title, *box.lines))
        axes.text(0.02, -place - 0.5, text, va="center", fontsize=8, color=INK, bbox=style, linespacing=1.5)
        if place:
            arrow = {"arrowstyle": "->", "color": BLUE}
            axes.annotate("", xy=(0.05, -place + 0.08), xytext=(0.05, -place - 0.08), arrowprops=arrow)
    set_title(figure, title)
    drawn = io.BytesIO()
    # Without a date the same line of descent is the same file.
    figure.savefig(drawn, format=kind, dpi=110, metadata={"Date": None} if kind == "svg" else None)
    return drawn.getvalue()


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;")
