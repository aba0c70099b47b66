from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.registry.conftest import write
from trading.cli.verdict import ways_to_look
from trading.gates.table import GATES
from trading.settings.models import MarketSpec, SevengatesSettings


@pytest.mark.parametrize(
    ("market", "symbol", "gates", "live"),
    [
        (MarketSpec(), "SIM", "sevengates gates 3", "sevengates live"),
        (
            MarketSpec(symbols=("BTCUSDT",), source="csv:my bars.csv", interval="2h"),
            "BTCUSDT",
            "sevengates gates 3 --symbol BTCUSDT --interval 2h",
            "sevengates live --symbol BTCUSDT --interval 2h --source 'csv:my bars.csv'",
        ),
    ],
)
def test_the_commands_a_night_ends_with_find_what_it_made(
    market: MarketSpec, symbol: str, gates: str, live: str
) -> None:
    settings = SevengatesSettings(market=market)
    lines = "\n".join(ways_to_look(settings, symbol, 3, promoted=True))
    assert f"  {gates}  " in lines
    assert f"  {live}  " in lines
    assert "sevengates live" not in "\n".join(
        ways_to_look(SevengatesSettings(market=market), symbol, 3, promoted=False)
    )


BUNDLE = Path(__file__).resolve().parents[1] / "fixtures" / "release_0_1" / "bundle-1"


def test_a_verdict_of_an_earlier_release_is_shown_with_what_is_asked_beside_today(run: Run) -> None:
    shown = run("gates", "--bundle", str(BUNDLE))
    assert shown.code == 0
    assert "APPROVED (paper only)" in shown.out
    assert "asks for the threshold min_psr now" in " ".join(shown.out.split())
    again = run("gates", "--bundle", str(BUNDLE), "--json").json
    assert [gate["name"] for gate in again["verdict"]["gates"]] == list(GATES)
    assert "Train the model again" in again["note"]


def test_a_verdict_of_today_is_asked_again_and_shown(run: Run, tmp_path: Path) -> None:
    bundle = write(tmp_path / "bundle", 1)
    shown = run("gates", "--bundle", str(bundle.folder))
    assert shown.code == 0
    assert "the same verdict" in shown.out


def test_a_verdict_of_today_is_asked_again_and_says_the_same(run: Run, tmp_path: Path) -> None:
    shown = run("gates", "--bundle", str(write(tmp_path / "bundle").folder))
    assert shown.code == 0
    assert "the same verdict" in shown.out


def test_a_verdict_of_other_gates_than_those_of_today_is_shown_and_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(GATES, "hazard", replace(GATES["risk"], name="hazard"))
    shown = run("gates", "--bundle", str(BUNDLE), "--json")
    assert shown.code == 0
    assert "gate hazard was added" in shown.json["note"]
    assert "Train the model again" in shown.json["note"]
    assert shown.json["verdict"]["decision"] == "APPROVED"
