"""The head of the page: whose it is, what was decided, on which periods, and in which units."""

from __future__ import annotations

from trading.moments import moment_text
from trading.reports.assumptions import assumptions
from trading.reports.page.data import PageData
from trading.reports.page.html import Html, LeftOut, element, facts, joined, note, paragraph, table
from trading.reports.page.numbers import NOTHING, label, with_band

TILES = ("total_return", "sharpe", "max_drawdown", "win_rate", "profit_factor", "trades")


def head(data: PageData) -> Html:
    """Name, decision, and the numbers that everybody asks for first.

    Args:
        data: of the page.
    """
    lineage, verdict = data.lineage, data.verdict
    paper = ", on paper only" if verdict.paper_only else ""
    badge = element("span", f"{verdict.decision}{paper}", class_="badge pass" if verdict.approved else "badge fail")
    failed = ", ".join(label(gate.name) for gate in verdict.failed)
    summary = f"Rejected by {failed}." if failed else "Every gate passed."
    return element(
        "header",
        element("h1", data.name, " ", badge),
        paragraph(f"{lineage.symbol}, bars of {lineage.interval}, as of {moment_text(lineage.as_of_ms)}. {summary}"),
        paragraph(data.fate) if data.fate else "",
        _tiles(data),
        _warning(data),
    )


def about(data: PageData) -> Html | LeftOut:
    """Model, periods and units.

    Args:
        data: of the page.
    """
    lineage, spec = data.lineage, data.spec
    pairs = [
        ("Market", lineage.symbol),
        ("Interval", lineage.interval),
        ("As of", moment_text(lineage.as_of_ms)),
        ("Source", lineage.source or "not recorded"),
        ("Engine", f"{spec.engine.name}, {spec.engine.tag}"),
        ("Policy", f"PPO, two layers of {spec.policy.hidden}" if spec.policy.kind == "ppo" else "fixed action"),
        ("Units", "money in the quote currency; shares in percent; ratios annualised where they say so; times UTC"),
        ("Bundle", element("code", data.bundle_digest)),
    ]
    return joined([facts(pairs), _periods(data)])


def in_force(data: PageData) -> Html | LeftOut:
    """What the simulation assumed of fills, costs and limits.

    Args:
        data: of the page.
    """
    sentences = assumptions(data.spec)
    return element("ul", *(element("li", sentence) for sentence in sentences))


def _tiles(data: PageData) -> Html:
    metrics = data.evidence.metrics
    path = None if data.traded is None else data.traded.candidate
    tiles = [
        element(
            "div",
            element("span", label(name), class_="name"),
            element("span", with_band(name, metrics.get(name), path.band(name) if path else None), class_="value"),
        )
        for name in TILES
    ]
    return element("div", *tiles, class_="tiles")


def _warning(data: PageData) -> Html:
    if data.traded is None or not data.traded.differing:
        return Html("")
    names = ", ".join(map(label, data.traded.differing))
    return paragraph(
        "The pictures do not show what the gates judged: traded again by this release the test split gives other "
        f"numbers ({names}). The table of gates holds the numbers of the night.",
        class_="warning",
    )


def _periods(data: PageData) -> Html:
    if not data.lineage.ranges:
        return note("The bundle does not record the periods of its splits, as those of release 0.1 do not.")
    rows = [
        (name, moment_text(first), moment_text(last), f"{data.bars[name]:,}" if name in data.bars else NOTHING)
        for name, (first, last) in sorted(data.lineage.ranges.items(), key=lambda item: item[1])
    ]
    return table(("split", "first bar opens", "last bar closes", "bars"), rows, numbers=(3,))
