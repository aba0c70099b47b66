"""How numbers are written on the page: with their unit, and with the band of their error where they have one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from trading.reports.page.html import Html, element, joined, text
from trading.statistics.resample import Band

SHARES = (
    *("total_return", "max_drawdown", "intrabar_drawdown", "max_drawdown_daily", "volatility", "volatility_daily"),
    *("win_rate", "exposure", "cost_share", "cagr"),
)
COUNTS = ("trades", "days", "max_consecutive_losses", "bars", "outcomes")
MONEY = ("mean_trade", "costs")
NOTHING = "\N{EN DASH}"


def unit(name: str) -> str:
    """The unit of a metric, by the rules of ``docs/metrics.md``.

    Args:
        name: of the metric.
    """
    if name in COUNTS or name.endswith("_trades") or name.startswith("exits_"):
        return "count"
    if name in SHARES or name.endswith("_win_rate") or name.startswith(("mae_", "mfe_")):
        return "%, a year" if name.startswith("volatility") or name == "cagr" else "%"
    if name in MONEY or name.endswith("_pnl") or name.startswith("cost_"):
        return "money"
    if name in ("sharpe", "sortino", "calmar", "turnover") or name.startswith(("sharpe_", "sortino_")):
        return "a year"
    return "bars" if name == "mean_bars_held" else "ratio"


def shown(name: str, value: Any) -> str:
    """A metric as text, in its unit; what was never measured is a dash, what is not finite says so.

    Args:
        name: of the metric, which tells the unit.
        value: a number, or None.

    >>> shown("max_drawdown", 0.07213), shown("trades", 75.0), shown("sharpe", 5.3464)
    ('7.21 %', '75', '5.35')
    """
    if value is None:
        return NOTHING
    if isinstance(value, str | bool) or not math.isfinite(value):
        return "not defined" if str(value) == "nan" else str(value)
    return _writer(name)(float(value))


def with_band(name: str, value: Any, band: Band | None) -> Html:
    """A metric, and under it the band of its error.

    Args:
        name: of the metric.
        value: a number, or None.
        band: of the metric; None or NaN ends are left out.
    """
    if band is None or not (math.isfinite(band.low) and math.isfinite(band.high)):
        return text(shown(name, value))
    write = _writer(name)
    return joined([shown(name, value), " ", element("span", f"{write(band.low)} to {write(band.high)}", class_="band")])


def plain(value: Any) -> str:
    """Any value of JSON data as text: a number with four digits, a list as its parts.

    Args:
        value: of the data.

    >>> plain(0.123456), plain([1, 2.5]), plain(1234567.0)
    ('0.1235', '1, 2.5', '1,234,567')
    """
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _digits(value)
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {plain(item)}" for name, item in value.items()) or NOTHING
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value)) or NOTHING
    return str(value)


def label(name: str) -> str:
    """A name of code as words.

    Args:
        name: with underscores.
    """
    return name.replace("_", " ")


def _writer(name: str) -> Callable[[float], str]:
    kind = unit(name)
    if kind == "count":
        return lambda value: f"{value:,.0f}"
    if kind.startswith("%"):
        return lambda value: f"{100.0 * value:.2f} %"
    if kind == "money":
        return lambda value: f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:,.2f}"
    return lambda value: f"{value:.2f}"


def _digits(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    if value.is_integer() or abs(value) >= 1e5:
        return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.4g}"
    return f"{value:.4g}"
