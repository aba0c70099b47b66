"""Our trades are those that other simulators made of the same entries, but for rules that explain the rest."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from bench.cross_check import REASONS, STORED, odd_trades, question, small_markets
from bench.peers.asked import Asked, Trade, read_asked, write_asked
from bench.peers.process import EXTRAS, PYTHONS, ask, peer_python
from bench.peers.rules import OURS, THEIRS, Rules, compare, expected

MARKETS = ("embedded", "rough")


@lru_cache(maxsize=1)
def stored() -> dict[str, Any]:
    return json.loads(STORED.read_text())


@lru_cache(maxsize=2)
def asked_and_ours(market: str) -> tuple[Asked, list[Trade]]:
    return question(small_markets()[market])


def theirs(market: str, peer: str) -> list[Trade]:
    return [Trade(*row) for row in stored()["trades"][market][peer]]


@pytest.mark.parametrize("market", MARKETS)
def test_every_trade_follows_from_the_written_rules(market: str) -> None:
    asked, ours = asked_and_ours(market)
    assert odd_trades(asked, ours) == []
    assert len(ours) > 100


@pytest.mark.parametrize("peer", PYTHONS)
@pytest.mark.parametrize("market", MARKETS)
def test_a_rule_explains_every_difference_from_a_peer(market: str, peer: str) -> None:
    asked, ours = asked_and_ours(market)
    differences = compare(asked, ours, theirs(market, peer), THEIRS[peer])
    assert [each for each in differences if not each.rules] == []


@pytest.mark.parametrize("peer", ["backtesting_py", "nautilus"])
def test_on_a_market_without_gaps_event_driven_peers_make_the_very_same_trades(peer: str) -> None:
    asked, ours = asked_and_ours("embedded")
    assert compare(asked, ours, theirs("embedded", peer), THEIRS[peer]) == []


def test_without_their_rules_the_peers_trades_are_not_explained() -> None:
    asked, ours = asked_and_ours("rough")
    for peer in PYTHONS:
        unexplained = [each for each in compare(asked, ours, theirs("rough", peer), OURS) if not each.rules]
        assert unexplained, peer


def test_the_stored_trades_have_every_reason_and_need_every_rule() -> None:
    asked, ours = asked_and_ours("rough")
    needed = Counter(
        rule
        for peer in PYTHONS
        for each in compare(asked, ours, theirs("rough", peer), THEIRS[peer])
        for rule in each.rules
    )
    assert set(needed) == set(Rules._fields)
    assert {trade.reason for trade in ours} == set(REASONS)


def test_a_trade_that_no_rule_makes_stays_unexplained() -> None:
    asked, ours = asked_and_ours("embedded")
    moved = ours[5]._replace(exit_price=ours[5].exit_price + asked.tick)
    changed = [*ours[:5], moved, *ours[6:]]
    assert [each.rules for each in compare(asked, ours, changed, THEIRS["vectorbt_signals"])] == [()]
    assert [each.ours for each in compare(asked, ours[1:], ours, Rules())] == [ours[0]]


def test_the_stored_trades_are_of_the_versions_that_are_pinned(root: Path) -> None:
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    pinned = dict(item.split("==") for extra in EXTRAS.values() for item in extras[extra])
    assert stored()["versions"] == pinned


def test_what_is_asked_can_be_written_and_read_and_cut(tmp_path: Path) -> None:
    asked, _ = asked_and_ours("embedded")
    write_asked(tmp_path / "asked.npz", asked)
    again = read_asked(tmp_path / "asked.npz")
    assert expected(again, OURS) == expected(asked, OURS)
    part = again.until(1_000)
    assert len(part.ts) == 1_000
    assert max(trade.exit_bar for trade in expected(part, OURS).values()) < 1_000


@pytest.mark.parametrize("peer", PYTHONS)
def test_an_installed_peer_still_says_what_is_stored(peer: str) -> None:
    if not peer_python(peer):
        pytest.skip(f"{PYTHONS[peer]} names no Python with the extra `{EXTRAS[PYTHONS[peer]]}`")
    asked, _ = asked_and_ours("rough")
    answer = ask(peer, asked)
    assert answer.trades == theirs("rough", peer)
    assert answer.version == stored()["versions"][answer.package]
