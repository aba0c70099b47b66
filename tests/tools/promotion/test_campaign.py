from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.promotion import __main__ as campaign
from tools.promotion.nights import riders
from trading.engines.table import engine_names


class Here:
    """A pool that runs what it is given at once, in this process."""

    def __init__(self, _workers: int) -> None: ...

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, function: Any, *arguments: Any) -> Any:
        from concurrent.futures import Future

        future: Future[Any] = Future()
        future.set_result(function(*arguments))
        return future


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    asked: list[tuple[str, int]] = []

    def play(kind: str, number: int, _real: Path) -> dict[str, Any]:
        asked.append((kind, number))
        night = {"decision": "REJECTED", "traded": True, "failed": ["risk"], "codes": [], "sharpe": 0.1}
        return {"kind": kind, "number": number, "nights": [night], "seconds": 0.1}

    monkeypatch.setattr(campaign, "_play", play)
    monkeypatch.setattr(campaign, "ProcessPoolExecutor", Here)
    return asked


def test_a_campaign_goes_on_with_the_nights_that_are_missing(played: list[tuple[str, int]], tmp_path: Path) -> None:
    wanted = [("edge 1", number) for number in range(5)]
    campaign.run(wanted[:3], tmp_path / "real", tmp_path / "kept", workers=2, minutes=1.0)
    campaign.run(wanted, tmp_path / "real", tmp_path / "kept", workers=2, minutes=1.0)
    assert sorted(played) == wanted
    rows = [json.loads(path.read_text()) for path in (tmp_path / "kept").glob("*.json")]
    assert sorted(row["number"] for row in rows) == [0, 1, 2, 3, 4]


def test_no_night_begins_after_the_time_is_up(played: list[tuple[str, int]], tmp_path: Path) -> None:
    wanted = [("edge 1", number) for number in range(5)]
    campaign.run(wanted, tmp_path / "real", tmp_path / "kept", workers=2, minutes=0.0)
    assert len(played) == 2


def test_the_rider_is_an_engine_only_while_its_package_is_there(tmp_path: Path) -> None:
    with riders(tmp_path / "packages"):
        assert "rider" in engine_names()
    assert "rider" not in engine_names()
