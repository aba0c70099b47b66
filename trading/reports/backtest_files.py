"""A backtest as files: trades and equity as CSV, Parquet or JSON, and its curve as a picture or a page.

The page is one file that needs no network: the picture is inside it.
"""

from __future__ import annotations

import base64
import csv
import html
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from trading.canonical import write_atomic
from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.moments import DAY_MS, moment_iso
from trading.simulation.trades import LEDGER_COLUMNS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLE_ENDINGS = (".csv", ".parquet", ".json")
PICTURE_ENDINGS = (".png", ".html")
EQUITY_COLUMNS = ("ts", "time", "equity", "close", "part")
_SHADE = "#d9822b"


class Series(NamedTuple):
    """Bar by bar.

    Attributes:
        ts: open of each bar, UTC milliseconds.
        equity: at the close of each, quote currency.
        close: price at the close of each.
        parts: where each lies: in a split, in a gap, or outside.
    """

    ts: Sequence[int]
    equity: Sequence[float]
    close: Sequence[float]
    parts: Sequence[str]


def require_ending(path: Path, endings: Sequence[str], option: str) -> str:
    """The ending of a file that says how it is written, in small letters.

    Args:
        path: the file.
        endings: that are known.
        option: that named the file, for the error.

    Raises:
        ConfigError: if it has another ending.
    """
    ending = path.suffix.lower()
    if ending not in endings:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"{option} {path}: the ending {ending or '(none)'} names no kind of file.",
            remedy=f"Name a file that ends in {', '.join(endings)}.",
        )
    return ending


def export_backtest(
    path: Path, report: Mapping[str, Any], trades: Sequence[Mapping[str, Any]], series: Series
) -> list[Path]:
    """Write trades and equity; return the files written.

    A JSON file holds the report too. CSV and Parquet hold one table each, so ``NAME.csv`` becomes ``NAME.trades.csv``
    and ``NAME.equity.csv``.

    Args:
        path: of the file; its ending says the kind.
        report: the backtest's, as JSON data.
        trades: rows of the trade ledger.
        series: equity bar by bar.

    Raises:
        ConfigError: if the ending is not one of :data:`TABLE_ENDINGS`.
    """
    ending = require_ending(path, TABLE_ENDINGS, "--export")
    equity = [
        {"ts": int(ts), "time": moment_iso(int(ts)), "equity": float(value), "close": float(close), "part": part}
        for ts, value, close, part in zip(*series, strict=True)
    ]
    if ending == ".json":
        import json

        document = {"report": dict(report), "trades": list(trades), "equity": equity}
        write_atomic(path, json.dumps(document, indent=1, allow_nan=False).encode())
        return [path]
    written: list[Path] = []
    for name, rows, columns in (("trades", trades, LEDGER_COLUMNS), ("equity", equity, EQUITY_COLUMNS)):
        target = path.with_suffix(f".{name}{ending}")
        write_atomic(target, _csv(rows, columns) if ending == ".csv" else _parquet(rows, columns))
        written.append(target)
    return written


def plot_backtest(path: Path, title: str, facts: Mapping[str, str], notes: Sequence[str], series: Series) -> Path:
    """Draw equity, holding and drawdown, with the bars that the model was trained on shaded; return the file.

    Args:
        path: of the file; its ending says whether it is a picture or a page.
        title: above the picture.
        facts: shown on the page under the picture, by name.
        notes: sentences under them.
        series: equity bar by bar.

    Raises:
        ConfigError: if the ending is not one of :data:`PICTURE_ENDINGS`.
    """
    ending = require_ending(path, PICTURE_ENDINGS, "--plot")
    drawn = io.BytesIO()
    backtest_figure(title, series).savefig(drawn, format="png", dpi=110)
    write_atomic(path, drawn.getvalue() if ending == ".png" else _page(title, facts, notes, drawn.getvalue()))
    return path


def backtest_figure(title: str, series: Series) -> Figure:
    """Equity and holding above, drawdown below; bars of training and validation shaded.

    Args:
        title: above the picture.
        series: equity bar by bar.
    """
    import numpy as np

    from trading.reports.figures import equity_figure

    ts = np.asarray(series.ts)
    figure = equity_figure(ts, np.asarray(series.equity), title=title, price=np.asarray(series.close))
    seen = np.isin(np.asarray(series.parts), ("train", "validation"))
    if seen.any():
        first, last = float(ts[seen].min()) / DAY_MS, float(ts[seen].max()) / DAY_MS
        for axes in figure.axes:
            axes.axvspan(first, last, color=_SHADE, alpha=0.15, linewidth=0)
        top = figure.axes[0]
        top.text(0.99, 0.02, "shaded: in sample", transform=top.transAxes, ha="right", color=_SHADE)
    return figure


def _csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _parquet(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in columns}), sink)
    return sink.getvalue()


def _page(title: str, facts: Mapping[str, str], notes: Sequence[str], png: bytes) -> bytes:
    shown = base64.b64encode(png).decode()
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in facts.items()
    )
    sentences = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title><style>'
        "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
        "img{max-width:100%}table{border-collapse:collapse}th,td{text-align:left;padding:.15rem 1.5rem .15rem 0;"
        "border-bottom:1px solid #ddd;font-weight:normal;vertical-align:top}th{color:#666}</style></head><body>"
        f'<h1>{html.escape(title)}</h1><img alt="equity, holding and drawdown" src="data:image/png;base64,{shown}">'
        f"<table>{rows}</table><ul>{sentences}</ul></body></html>\n"
    ).encode()
