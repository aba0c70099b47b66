"""Every metric with its error, beside holding and the champion; sides, regimes and costs as tables of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trading.reports.metric_tables import GROUP_COLUMNS, metric_tables
from trading.reports.page.data import PageData, Path
from trading.reports.page.html import Html, LeftOut, joined, note, paragraph, table
from trading.reports.page.numbers import NOTHING, label, unit, with_band
from trading.results import Number
from trading.simulation.cost_sensitivity import COST_FACTORS
from trading.statistics.resample import Band

_AT_COSTS = ("total_return", "sharpe", "sharpe_daily", "max_drawdown", "profit_factor", "win_rate", "trades", "costs")


def metrics(data: PageData) -> Html | LeftOut:
    """All metrics of the test split, by the names of ``docs/metrics.md``.

    Args:
        data: of the page.
    """
    known = data.evidence.metrics
    if not known:
        return LeftOut("The evidence holds no metrics.")
    # JSON is sorted by name; a backtest lists what belongs together.
    order = [] if data.traded is None else [name for name in data.traded.candidate.metrics if name in known]
    found = {name: known[name] for name in dict.fromkeys([*order, *known])}
    paths = _paths(data)
    parts: list[Html] = []
    for part in metric_tables(found):
        if part.columns[0] != "metric":
            continue
        rows = [
            [label(name), unit(name), with_band(name, value, _band(data, name)), *_others(paths, name)]
            for name, value in part.rows
        ]
        columns = ("metric", "unit", "candidate", *paths)
        parts.append(table(columns, rows, numbers=range(2, len(columns)), caption=part.title))
    words = (
        f"Beside a number its 90 % band: returns drawn again in blocks of {data.traded.candidate.bands.block} bars, "
        "trades drawn again whole. A number without a band has no error of its own. Formulas: docs/metrics.md."
        if data.traded
        else f"Without bands: {data.why_not_traded}"
    )
    return joined([*parts, note(words)])


def groups(data: PageData) -> Html | LeftOut:
    """Trades by side, by regime and by why they were left.

    Args:
        data: of the page.
    """
    found = data.evidence.metrics
    tables = [part for part in metric_tables(found) if part.columns[0] != "metric"]
    if not tables:
        return LeftOut("The evidence holds no metrics of groups of trades, as that of release 0.1 does not.")
    rows = [
        [label(str(group)), *(_cell(data, found, f"{group}_{column}") for column in GROUP_COLUMNS)]
        for part in tables
        for group, *_ in part.rows
    ]
    return table(("trades", *map(label, GROUP_COLUMNS)), rows, numbers=range(1, len(GROUP_COLUMNS) + 1))


def cost_sensitivity(data: PageData) -> Html | LeftOut:
    """The same bars at several times the costs.

    Args:
        data: of the page.
    """
    traded = data.traded
    if traded is None:
        return LeftOut(data.why_not_traded)
    rows: list[Sequence[object]] = [
        [label(name), *(with_band(name, path.metrics.get(name), path.band(name)) for path in traded.at_costs.values())]
        for name in _AT_COSTS
    ]
    columns = ["metric", *(f"{factor:g} times" for factor in traded.at_costs)]
    dead = [factor for factor, path in traded.at_costs.items() if not path.metrics.get("total_return", 0.0) > 0.0]
    words = (
        f"It loses from {dead[0]:g} times its costs on." if dead else f"It still gains at {COST_FACTORS[-1]:g} times."
    )
    return joined(
        [
            paragraph(words),
            table(columns, rows, numbers=range(1, len(columns))),
            note("Fee, spread, slippage, interest and paid funding are multiplied; how orders fill stays the same."),
        ]
    )


def _paths(data: PageData) -> dict[str, Path]:
    if data.traded is None:
        return {}
    rivals = [data.traded.champion, data.traded.holding]
    return {rival.name: rival.path for rival in rivals if rival is not None}


def _others(paths: Mapping[str, Path], name: str) -> list[Html | str]:
    return [
        with_band(name, path.metrics[name], path.band(name)) if name in path.metrics else NOTHING
        for path in paths.values()
    ]


def _band(data: PageData, name: str) -> Band | None:
    return None if data.traded is None else data.traded.candidate.band(name)


def _cell(data: PageData, found: Mapping[str, Number], name: str) -> Html:
    return with_band(name, found.get(name), _band(data, name))
