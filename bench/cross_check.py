"""One strategy through this simulator and through others, trade by trade: ``python -m bench.cross_check``.

It writes the numbers of ``docs/crosscheck.md``, and what the peers said of two small markets, to which tests hold the
simulator where no peer is installed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from bench.markets import CENT, TICK, embedded, from_file, rough
from bench.peers.asked import Asked, Trade
from bench.peers.process import PYTHONS, ROOT, Answer, ask, how_to_install, peer_python
from bench.peers.rules import OURS, THEIRS, Difference, Rules, compare, expected, same
from bench.rule_model import ACTION, BRIEF, asked_of, our_trades, rule_model
from trading.canonical import write_atomic
from trading.markdown import table
from trading.market.bars import Bars
from trading.simulation.backtest import run_backtest

WARMUP = 200
PAGE = ROOT / "docs" / "crosscheck.md"
STORED = ROOT / "tests" / "fixtures" / "peer_trades.json"
BEGIN, END = "<!-- crosscheck: begin -->", "<!-- crosscheck: end -->"
SMALL = {"embedded": 2_500, "rough": 1_500}
REASONS = ("stop", "target", "time")


class Market(NamedTuple):
    """Bars to compare on."""

    title: str
    bars: Bars
    tick: float
    action: tuple[float, ...] = ACTION


class Compared(NamedTuple):
    """What our simulator did on a market, what was asked of the peers, and what they answered.

    Attributes:
        market: the bars.
        asked: bars and entries.
        ours: one trade for each entry.
        odd: how many of our trades are not those of the page's rules, written down once more for this comparison.
        answers: of each peer.
        differences: of each peer.
    """

    market: Market
    asked: Asked
    ours: list[Trade]
    odd: int
    answers: dict[str, Answer]
    differences: dict[str, list[Difference]]


def question(market: Market) -> tuple[Asked, list[Trade]]:
    """Our backtest of a market as entries for peers, and our trades.

    Args:
        market: the bars.
    """
    model = rule_model(market.bars.interval, tick=market.tick, action=market.action)
    result = run_backtest(model, market.bars, WARMUP)
    return asked_of(model, market.bars, result), our_trades(market.bars, result)


def odd_trades(asked: Asked, ours: list[Trade]) -> list[Trade]:
    """Our trades that do not follow from the rules on our page.

    Args:
        asked: bars and entries.
        ours: one for each entry.
    """
    by_entry = expected(asked, OURS)
    return [trade for trade in ours if not same(trade, by_entry[trade.entry_bar], asked.tick)]


def small_markets() -> dict[str, Market]:
    """The markets of which the peers' trades are stored."""
    return {
        "embedded": Market("embedded market", embedded(SMALL["embedded"]), TICK),
        "rough": Market("the same with gaps and wide bars, 2 bars at most", rough(SMALL["rough"]), TICK, BRIEF),
    }


def compare_on(market: Market) -> Compared:
    """Ask every peer for the trades of one market.

    Args:
        market: the bars.
    """
    asked, ours = question(market)
    answers = {name: ask(name, asked) for name in PYTHONS}
    differences = {name: compare(asked, ours, answers[name].trades, THEIRS[name]) for name in PYTHONS}
    return Compared(market, asked, ours, len(odd_trades(asked, ours)), answers, differences)


def section(compared: list[Compared]) -> str:
    """The numbers of the page as Markdown.

    Args:
        compared: one for each market.
    """
    rows, why = [], Counter[tuple[str, str]]()
    for one in compared:
        reasons = Counter(trade.reason for trade in one.ours)
        left = ", ".join(f"{reasons[reason]:,} {reason}" for reason in REASONS)
        for name, answer in one.answers.items():
            found = one.differences[name]
            why.update((f"{answer.package} {answer.version}", rule) for each in found for rule in each.rules or ("",))
            rows.append(
                (one.market.title, f"{len(one.market.bars):,}", f"{len(one.ours):,} ({left})",
                 f"{answer.package} {answer.version}", f"{len(one.ours) - len(found):,}", str(len(found)),
                 str(sum(not each.rules for each in found)))
            )  # fmt: skip
    columns = ("market", "bars", "our trades", "peer", "equal", "different", "of these unexplained")
    numbers = table(columns, rows, right=("bars", "equal", "different", "of these unexplained"))
    peers = list(dict.fromkeys(peer for peer, _ in why))
    causes = [(rule or "none", *(str(why[peer, rule]) for peer in peers)) for rule in ("", *Rules._fields)]
    causes = [row for row in causes if any(cell != "0" for cell in row[1:])]
    odd = sum(one.odd for one in compared)
    total = sum(len(one.ours) for one in compared)
    return "\n\n".join(
        [
            "**Trades, equal in bar, price and reason of entry and exit**",
            numbers,
            "**Which rule makes the differences, all markets together; a trade may need two**",
            table(("rule", *peers), causes, right=peers),
            f"Of our own {total:,} trades {odd} differ from the rules of our page, written down once more in "
            "`bench/peers/rules.py`.",
        ]
    )


def stored_content(compared: dict[str, Compared]) -> str:
    """What the peers said of the small markets, as the test's file holds it.

    Args:
        compared: by the name of the market.
    """
    some = next(iter(compared.values()))
    content: dict[str, Any] = {
        "versions": {answer.package: answer.version for answer in some.answers.values()},
        "trades": {
            market: {name: [list(trade) for trade in answer.trades] for name, answer in one.answers.items()}
            for market, one in compared.items()
        },
    }
    return json.dumps(content, separators=(",", ":")).replace("[[", "[\n[").replace("],[", "],\n[") + "\n"


def main() -> int:
    """Compare on every market and write page and file; 1 if a difference is not explained, 2 if a peer is absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the market data folder")
    data = parser.parse_args().data
    absent = [name for name in PYTHONS if not peer_python(name)]
    for name in absent:
        print(how_to_install(name))
    if absent:
        return 2
    with tempfile.TemporaryDirectory() as folder:
        quarantine = Path(folder)
        markets = [
            Market("embedded, seed 7, 1 h", embedded(10_000), TICK),
            Market("the same with gaps and wide bars, 2 bars at most", rough(10_000), TICK, BRIEF),
            Market("BTCUSDT 1 h, 2017 to 2022",
                   from_file(data / "BTCUSDT-1h-2017-2022.parquet", "BTCUSDT", "continuous", quarantine), CENT),
            Market("SPY 1 h, 1998 to 2021",
                   from_file(data / "SPY-1h-1998-2021.parquet", "SPY", "exchange", quarantine), CENT),
        ]  # fmt: skip
    compared = [compare_on(market) for market in markets]
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{PAGE} lacks the lines {BEGIN} and {END}.")
    text = section(compared)
    write_atomic(PAGE, f"{before}{BEGIN}\n\n{text}\n\n{END}{after}".encode())
    write_atomic(STORED, stored_content({name: compare_on(one) for name, one in small_markets().items()}).encode())
    print(text)
    for one in compared:
        for name, found in one.differences.items():
            for each in [each for each in found if not each.rules][:5]:
                print(one.market.title, name, each)
    return (
        0
        if not any(one.odd or any(not d.rules for f in one.differences.values() for d in f) for one in compared)
        else 1
    )


if __name__ == "__main__":
    raise SystemExit(main())
