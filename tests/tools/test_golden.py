from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.accepted import Target, accept, differences, leaves, newest_release, read_accepted
from tests.support.golden_targets import GROUPS, RELEASE, MarketDataError, chosen_targets
from tools.golden import compare

NUMBERS: dict[str, Any] = {"ledger": "abc", "metrics": {"sharpe": 0.1, "trades": 2}, "reasons": ["stop", "time"]}


def described(folder: Path) -> Path:
    """A new file: what is run, and no number yet."""
    path = folder / "one.json"
    path.write_text(json.dumps({"market": "sim"}))
    return path


def measuring(path: Path, numbers: dict[str, Any]) -> dict[str, Target]:
    return {"one": Target(path, lambda: numbers)}


def test_without_a_reason_differences_are_listed_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = described(tmp_path)
    before = path.read_bytes()
    assert compare(measuring(path, NUMBERS), reason="  ") == 1
    assert path.read_bytes() == before
    shown = capsys.readouterr()
    assert "one: 6 numbers differ: ledger 1, metrics 2, reasons 3" in shown.out
    assert "/metrics/sharpe: nothing -> 0.1" in shown.out
    assert 'make golden REASON="why"' in shown.err


def test_a_reason_accepts_and_says_what_changed(tmp_path: Path) -> None:
    path = described(tmp_path)
    assert compare(measuring(path, NUMBERS), reason="It is new.") == 0
    changed = {**NUMBERS, "metrics": {"sharpe": 0.2, "trades": 2}}
    assert compare(measuring(path, changed), reason="Stops pay more.\n") == 0
    accepted = read_accepted(path)
    assert accepted.about == {"market": "sim"}
    assert accepted.measured == changed
    assert [(change["reason"], change["what"], change["after_release"]) for change in accepted.changes] == [
        ("It is new.", {"ledger": 1, "metrics": 2, "reasons": 3}, newest_release()),
        ("Stops pay more.", {"metrics": 1}, newest_release()),
    ]


def test_accepting_what_did_not_change_changes_no_byte(tmp_path: Path) -> None:
    path = described(tmp_path)
    assert accept(path, NUMBERS, reason="It is new.", after_release="0.1.0") is True
    before = path.read_bytes()
    assert accept(path, NUMBERS, reason="Another reason.", after_release="0.2.0") is False
    assert compare(measuring(path, NUMBERS), reason="Another reason.") == 0
    assert compare(measuring(path, NUMBERS), reason="") == 0
    assert path.read_bytes() == before


def edited(path: Path, edit: Any) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content["measured"]["metrics"].update(sharpe=9.0),
        lambda content: content["measured"].pop("ledger"),
        lambda content: content.pop("measured"),
        lambda content: content.pop("changes"),
        lambda content: content["changes"].pop(),
        lambda content: content["changes"][0].pop("digest"),
        lambda content: content["changes"][0].pop("reason"),
        lambda content: content["changes"][0].update(reason=" "),
    ],
)
def test_a_file_without_a_reason_for_a_change_is_refused(
    edit: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = described(tmp_path)
    accept(path, NUMBERS, reason="It is new.", after_release="0.1.0")
    edited(path, edit)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="reason"):
        read_accepted(path)
    # Nor does a reason for something else cover it.
    assert compare(measuring(path, NUMBERS), reason="Another reason.") == 2
    assert "one.json" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_accepting_without_a_reason_is_refused(tmp_path: Path) -> None:
    path = described(tmp_path)
    with pytest.raises(ValueError, match="needs a reason"):
        accept(path, NUMBERS, reason=" ", after_release="0.1.0")
    assert read_accepted(path).changes == ()


def test_numbers_are_compared_to_the_last_bit() -> None:
    assert dict(leaves({"sharpe": [0.1, 2]})) == {
        "/sharpe/length": "2",
        "/sharpe/0": (0.1).hex(),
        "/sharpe/1": (2.0).hex(),
    }
    assert differences({"sharpe": 0.1}, {"sharpe": math.nextafter(0.1, 1.0)}).keys() == {"/sharpe"}
    assert differences({"costs": -0.0}, {"costs": 0.0}).keys() == {"/costs"}
    assert differences({"costs": 1}, {"costs": 1.0}) == {}
    assert differences({"long": 1}, {"short": 1}) == {
        "/long": ((1.0).hex(), "nothing"),
        "/short": ("nothing", (1.0).hex()),
    }


def test_every_accepted_file_of_the_checkout_is_in_order(root: Path) -> None:
    targets = chosen_targets([], Path("anywhere"))
    assert len(targets) == sum(len(members) for members in GROUPS.values())
    files = {target.path for target in targets.values()}
    assert files == {*(root / "tests" / "golden").rglob("*.json"), root / "tests/fixtures/release_0_1/changes.json"}
    for path in files:
        assert read_accepted(path).changes, path.name


def test_targets_are_chosen_by_name_or_by_group() -> None:
    assert list(chosen_targets(["sim-small", RELEASE], None)) == [RELEASE, "sim-small"]
    assert list(chosen_targets(["scenarios"], None)) == list(GROUPS["scenarios"])
    with pytest.raises(KeyError, match="No target moon"):
        chosen_targets(["moon"], None)


def test_a_night_of_real_bars_is_not_passed_over_where_there_are_none() -> None:
    with pytest.raises(MarketDataError, match=r"btcusdt-15m, btcusdt-1h, solusdt-30m.*SEVENGATES_MARKET_DATA"):
        chosen_targets([], None)


def test_the_command_ends_with_the_error_of_an_unknown_target(root: Path) -> None:
    command = [sys.executable, "-m", "tools.golden", "moon"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("No target moon.")
