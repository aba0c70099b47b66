from __future__ import annotations

import json
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tools import kept


class Here:
    """A pool that runs what it is given at once, in this process."""

    def __init__(self, _workers: int) -> None: ...

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, function: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function())
        return future


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(kept, "ProcessPoolExecutor", Here)
    return []


def parts(folder: Path, count: int, played: list[int]) -> dict[Path, Any]:
    def play(number: int) -> dict[str, Any]:
        played.append(number)
        return {"number": number}

    return {folder / f"{number}.json": partial(play, number) for number in range(count)}


def line(row: dict[str, Any]) -> str:
    return f"part {row['number']}"


def test_a_run_that_was_stopped_goes_on_with_the_parts_that_are_missing(
    played: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.run_missing(parts(tmp_path / "deep", 3, played), line, workers=2)
    kept.run_missing(parts(tmp_path / "deep", 5, played), line, workers=2)
    assert sorted(played) == [0, 1, 2, 3, 4]
    assert sorted(json.loads(path.read_text())["number"] for path in (tmp_path / "deep").iterdir()) == [0, 1, 2, 3, 4]
    said = capsys.readouterr().out
    assert "3 of 5 are kept, 2 to run" in said
    assert "2 of 2  part" in said


def test_no_part_begins_after_the_time_is_up(played: list[int], tmp_path: Path) -> None:
    kept.run_missing(parts(tmp_path, 5, played), line, workers=2, minutes=0.0)
    assert played == [0, 1]


def test_a_part_that_fails_is_not_kept_and_stops_the_run(played: list[int], tmp_path: Path) -> None:
    def fails() -> dict[str, Any]:
        raise ValueError("no bars")

    with pytest.raises(ValueError, match="no bars"):
        kept.run_missing({tmp_path / "0.json": fails}, line, workers=1)
    assert not list(tmp_path.iterdir())
