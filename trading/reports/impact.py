"""The law of impact for people: its tables for the terminal and the page, the settings that follow, and its picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from trading.canonical import write_atomic
from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.markdown import table
from trading.market.impact.calibrate import EXHAUSTED_ONE_IN, Calibration, SizeCost
from trading.market.impact.law import Estimate
from trading.market.impact.realised import BLOCK_MS, Realised
from trading.reports.figures import BLUE, GREY, INK, ORANGE, bare_axes, blank_figure, set_title

BEGIN = "<!-- calibration: begin -->"
END = "<!-- calibration: end -->"
IMAGE = "impact.png"
SHOWN_WINDOW_S = 10
"""The window of the realised impact that stands for all: short enough for many windows, and long enough for net volumes
of some percent of a minute's, as one order may take of a bar."""


class Table(NamedTuple):
    """A table before it is drawn; all cells are text but for empty ones."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str | None, ...]]


def tables(calibration: Calibration) -> tuple[Table, ...]:
    """What was measured, the two laws, the cost of each size, and the realised impact.

    Args:
        calibration: of one market.
    """
    return _measured(calibration), _laws(calibration), _sizes(calibration), _realised(calibration)


def settings_lines(calibration: Calibration) -> tuple[str, ...]:
    """The lines to choose from for the settings, each with where it comes from.

    Args:
        calibration: of one market.
    """
    largest = max(size.participation for size in calibration.sizes if size.error is not None)
    lines = [
        f"costs.impact = {calibration.y.value:.3g}  # the standing book, walked by orders of up to {largest:.2%} of a "
        "minute's volume"
    ]
    shown = realised_shown(calibration)
    if shown is not None:
        lines.append(
            f"costs.impact = {shown.cost.value:.3g}  # what the mid did in {shown.window_s} s while others took as much"
        )
    return tuple(lines)


def realised_shown(calibration: Calibration) -> Realised | None:
    """The realised impact over the window that stands for all; None if nothing could be measured over it.

    Args:
        calibration: of one market.
    """
    return next((fit for fit in calibration.realised if fit.window_s == SHOWN_WINDOW_S), None)


def impact_section(calibration: Calibration) -> str:
    """The numbers of the page as Markdown.

    Args:
        calibration: of one market.
    """
    parts = [
        f"**{title}**\n\n{table(columns, rows, right=columns[1:])}" for title, columns, rows in tables(calibration)
    ]
    lines = "\n".join(settings_lines(calibration))
    return "\n\n".join([*parts, f"To choose from, for the settings:\n\n```\n{lines}\n```"])


def write_impact(page: Path, calibration: Calibration) -> tuple[Path, Path]:
    """Write the numbers between the two marks of a page, and the picture into ``images/`` beside it.

    Args:
        page: a Markdown file that has the marks :data:`BEGIN` and :data:`END`.
        calibration: of one market.

    Returns:
        The page and the picture.

    Raises:
        ConfigError: ``CONFIG_INVALID`` if there is no such page or it lacks a mark; nothing is written then.
    """
    text = page.read_text() if page.is_file() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"{page} is no page with the lines {BEGIN} and {END}.",
            remedy="Name a page that has both, in this order.",
        )
    image = page.parent / "images" / IMAGE
    stream = io.BytesIO()
    impact_figure(calibration).savefig(stream, format="png", dpi=100, metadata={"Software": None})
    image.parent.mkdir(exist_ok=True)
    write_atomic(image, stream.getvalue())
    write_atomic(page, f"{before}{BEGIN}\n\n{impact_section(calibration)}\n\n{END}{after}".encode())
    return page, image


def impact_figure(calibration: Calibration) -> Figure:
    """Cost against size on logarithmic axes, with both laws and what the realised impact would charge.

    Args:
        calibration: of one market.
    """
    figure = blank_figure((8.0, 4.6))
    axes = figure.subplots()
    bare_axes(axes)
    set_title(figure, f"Cost beyond half the spread, {calibration.book_file}")
    fitted = [size for size in calibration.sizes if size.error is not None]
    others = [size for size in calibration.sizes if size.error is None and size.relative > 0.0]
    axes.errorbar(
        _shares(fitted),
        [size.relative for size in fitted],
        yerr=[size.error or 0.0 for size in fitted],
        color=BLUE,
        fmt="o",
        elinewidth=1.0,
        label="book walked, with standard error",
    )
    axes.plot(
        _shares(others),
        [size.relative for size in others],
        color=BLUE,
        marker="o",
        linestyle="none",
        markerfacecolor="none",
        label=f"book ended in over 1 of {EXHAUSTED_ONE_IN} walks: deep books only, not fitted",
    )
    root, free = calibration.square_root, calibration.free
    whole, part = _shares(calibration.sizes), _shares(fitted)
    axes.plot(part, free.y * part**free.exponent, color=INK, linewidth=1.0, label=f"exponent {free.exponent:.2f}")
    axes.plot(whole, root.y * np.sqrt(whole), color=ORANGE, linewidth=1.5, label=f"square root, Y = {root.y:.3g}")
    shown = realised_shown(calibration)
    if shown is not None:
        label = f"square root from moves of the mid over {shown.window_s} s, Y = {shown.cost.value:.3g}"
        axes.plot(whole, shown.cost.value * np.sqrt(whole), color=GREY, linestyle="--", label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("order size, share of a minute's volume")
    axes.set_ylabel("volatilities of a minute")
    axes.legend(loc="upper left", frameon=False, fontsize=8)
    return figure


def _measured(calibration: Calibration) -> Table:
    rows: list[tuple[str | None, ...]] = [
        ("files", f"{calibration.trades_file}, {calibration.book_file}"),
        ("first moment", calibration.first),
        ("minutes used", f"{calibration.minutes} (left out: {calibration.minutes_left_out})"),
        ("snapshots used", f"{calibration.snapshots} (left out: {calibration.snapshots_left_out})"),
        ("last trade lies between bid and ask", f"{calibration.agreement:.1%} of snapshots"),
        ("half spread", f"{_with_error(calibration.half_spread, 1e4)} bps"),
        ("volatility of a minute", f"{calibration.sigma * 1e4:.3g} bps"),
        ("volume of a minute", f"{calibration.volume:.4g}"),
    ]
    return Table("What was measured", ("what", "value"), rows)


def _laws(calibration: Calibration) -> Table:
    root, free = calibration.square_root, calibration.free
    rows: list[tuple[str | None, ...]] = [
        ("square root", _with_error(calibration.y), "0.5, held", f"{root.r2:.3f}"),
        ("free exponent", f"{free.y:.3g}", _with_error(calibration.exponent), f"{free.r2:.3f}"),
    ]
    title = f"Laws of the walks, ± standard error from blocks of {BLOCK_MS // 1_000} s"
    return Table(title, ("law", "Y", "exponent", "R² of log cost"), rows)


def _sizes(calibration: Calibration) -> Table:
    columns = ("size / volume", "mean size", "walks that ended the book", "cost, bps", "cost / sigma")
    rows: list[tuple[str | None, ...]] = [
        (
            f"{size.participation:.2e}",
            f"{size.quantity:.3g}",
            f"{size.exhausted} of {size.walks}",
            f"{size.cost * 1e4:.3g}",
            f"{size.relative:.3g}"
            if size.error is None
            else _with_error(Estimate(value=size.relative, error=size.error)),
            None if size.root_ratio is None else f"{size.root_ratio:.2f}",
            None if size.free_ratio is None else f"{size.free_ratio:.2f}",
        )
        for size in calibration.sizes
    ]
    title = "Cost beyond half the spread by size, and measured over fitted; without a ratio a size is not fitted"
    return Table(title, (*columns, "over square root", "over free law"), rows)


def _realised(calibration: Calibration) -> Table:
    rows: list[tuple[str | None, ...]] = [
        (
            f"{fit.window_s} s",
            str(fit.windows),
            f"{fit.same_sign:.0%}",
            _with_error(fit.y),
            _with_error(fit.cost),
            f"{fit.r2:.2f}",
        )
        for fit in calibration.realised
    ]
    columns = ("window", "windows", "same sign", "Y of the move", "Y of the cost, two thirds", "R²")
    return Table("Moves of the mid against the net volume taken in the same window", columns, rows)


def _with_error(estimate: Estimate, scale: float = 1.0) -> str:
    return f"{estimate.value * scale:.3g} ± {estimate.error * scale:.2g}"


def _shares(sizes: Sequence[SizeCost]) -> np.ndarray:
    return np.array([size.participation for size in sizes])
