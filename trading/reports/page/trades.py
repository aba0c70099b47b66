"""Trades on the price over the regimes, and how much of the time and of the equity was in the market."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from trading.arrays import Floats, Ints
from trading.reports.page.data import Market, PageData, Traded
from trading.reports.page.drawing import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    REGIME_COLOURS,
    background,
    dates,
    legend,
    new_figure,
    percent_axis,
    picked,
    picked_extremes,
    picture,
    time_axis,
)
from trading.reports.page.html import Html, LeftOut, joined, note
from trading.simulation.trades import ClosedTrade

MOST_TRADES = 600
_SIDES = {"long": BLUE, "short": ORANGE}
_DIRECTIONS = ("signal long", "signal short", "no signal")


def trades_on_price(data: PageData) -> Html | LeftOut:
    """Price with every trade from entry to exit, coloured by side; the background is the most probable regime.

    Args:
        data: of the page.
    """
    traded = data.traded
    if traded is None:
        return LeftOut(data.why_not_traded)
    market, shown = traded.market, traded.trades[-MOST_TRADES:]
    figure, (axes,) = new_figure(3.6)
    when = dates(market.ts)
    labels, names, colours = _background_of(market)
    pick = picked(len(when), 1_500)
    background(axes, when[pick], labels[pick], colours)
    pick = picked_extremes(market.close, 1_400)
    axes.plot(when[pick], market.close[pick], color=INK, linewidth=0.6, alpha=0.65)
    for side, colour in _SIDES.items():
        for won, style in ((True, "solid"), (False, (0, (1.5, 1.2)))):
            chosen = [trade for trade in shown if trade.side == side and (trade.pnl > 0.0) is won]
            lines = LineCollection([_line(trade) for trade in chosen], colors=colour, linewidths=1.6, linestyles=style)
            axes.add_collection(lines)
        entries = np.array([_line(trade)[0] for trade in shown if trade.side == side]).reshape(-1, 2)
        mark = "^" if side == "long" else "v"
        axes.plot(*entries.T, linestyle="none", marker=mark, color=colour, markersize=3.2, label=side)
    if float(market.close.max()) > 3.0 * float(market.close.min()) > 0.0:
        axes.set_yscale("log")
        for axis in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            axis(FuncFormatter(lambda price, _: f"{price:g}"))
    axes.set_ylabel("price")
    handles, written = axes.get_legend_handles_labels()
    handles += [Patch(color=colour, alpha=0.3) for colour in colours]
    legend(axes, handles=handles, labels=[*written, *names])
    time_axis(axes)
    left_out = len(traded.trades) - len(shown)
    return joined(
        [
            picture(figure, "Price with the trades, over the most probable regime"),
            note(
                "A line from entry to exit: solid if the trade won, dotted if it did not; the mark is the entry. "
                + (f"The last {len(shown)} of {len(traded.trades)} trades are drawn." if left_out else "")
                + ("" if traded.trades else "There is no trade.")
            ),
        ]
    )


def exposure(data: PageData) -> Html | LeftOut:
    """Share of equity in the market over time, long above zero and short below.

    Args:
        data: of the page.
    """
    traded = data.traded
    if traded is None:
        return LeftOut(data.why_not_traded)
    if not traded.trades:
        return LeftOut("There is no trade, so nothing was ever exposed.")
    shares = signed_exposure(traded)
    figure, (axes,) = new_figure(1.8)
    when = dates(traded.market.ts)
    pick = picked(len(when), 900)
    for part, side in ((np.maximum(shares, 0.0), "long"), (np.minimum(shares, 0.0), "short")):
        axes.fill_between(
            when[pick], part[pick], 0.0, step="post", color=_SIDES[side], alpha=0.6, linewidth=0, label=side
        )
    axes.axhline(0.0, color=INK, linewidth=0.5)
    axes.set_ylabel("share of equity")
    percent_axis(axes, 0)
    legend(axes)
    time_axis(axes)
    held, long = float(np.mean(shares != 0.0)), float(np.mean(shares > 0.0))
    return joined(
        [
            picture(figure, "Exposure over time"),
            note(
                f"In the market {held:.0%} of the bars: long {long:.0%}, short {held - long:.0%}. Mean size while in "
                f"it {_mean_size(shares):.0%} of equity, largest {float(np.abs(shares).max()):.0%}. Drawn from the "
                "ledger: a position that was built or left in parts is drawn whole from its entry to its exit."
            ),
        ]
    )


def signed_exposure(traded: Traded) -> Floats:
    """Value of the position over equity at every close, shape (n,), negative when short; from the ledger.

    Args:
        traded: the test split.
    """
    market = traded.market
    held = np.zeros(len(market.ts))
    for trade in traded.trades:
        begin, end = np.searchsorted(market.ts, (trade.entry_ts, trade.exit_ts))
        held[begin : max(end, begin + 1)] += trade.quantity
    equity = traded.candidate.equity
    value = held * market.close
    return np.divide(value, equity, out=np.zeros(len(value)), where=equity > 0.0)


def _mean_size(shares: Floats) -> float:
    held = np.abs(shares[shares != 0.0])
    return float(held.mean()) if len(held) else 0.0


def _background_of(market: Market) -> tuple[Ints, Sequence[str], Sequence[str]]:
    """Labels, names and colours: of the regimes, or of the signal's side where the engine has no regimes."""
    if market.regimes:
        return market.regime, market.regimes, REGIME_COLOURS[: len(market.regimes)]
    place = {1: 0, -1: 1, 0: 2}
    labels = np.array([place[int(side)] for side in market.direction])
    return labels, _DIRECTIONS, (GREEN, ORANGE, GREY)


def _line(trade: ClosedTrade) -> list[tuple[float, float]]:
    begin, end = dates(np.array([trade.entry_ts, trade.exit_ts]))
    return [(float(begin), trade.entry_price), (float(end), trade.exit_price)]
