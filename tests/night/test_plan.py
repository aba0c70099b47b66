"""The key of a night: the same for the same work, another for anything that could change the outcome."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from trading.canonical import sha256
from trading.errors import ConfigError, DataError
from trading.night.plan import NightPlan, code_version, plan_night
from trading.settings.models import SevengatesSettings

ROWS = "ts,open,high,low,close,volume\n" + "".join(
    f"{1_600_000_000_000 // 3_600_000 * 3_600_000 + 3_600_000 * n},1,1,1,1,5\n" for n in range(5)
)


def plan(**changes: dict[str, object]) -> NightPlan:
    settings = SevengatesSettings.model_validate(changes)
    return plan_night(settings, settings.market.symbols[0], "2022-01-01")


def of_file(path: Path, as_of: str | None = None) -> NightPlan:
    settings = SevengatesSettings.model_validate({"market": {"source": f"csv:{path}", "symbols": ["ABC"]}})
    return plan_night(settings, "ABC", as_of)


def test_a_file_that_is_moved_is_the_same_night(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS)
    shutil.copy(tmp_path / "a.csv", tmp_path / "b.csv")
    first, second = of_file(tmp_path / "a.csv"), of_file(tmp_path / "b.csv")
    assert first.key == second.key
    assert first.source_label == second.source_label
    assert str(tmp_path) not in first.source_label


def test_a_file_with_one_more_bar_is_another_night(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS)
    before = of_file(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text(ROWS + "1600020000000,1,1,1,1,5\n")
    assert of_file(tmp_path / "a.csv").key != before.key


def test_funding_is_part_of_the_night_by_its_bytes_and_not_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS)

    def charged(name: str, text: str) -> NightPlan:
        (tmp_path / name).write_text(text)
        market = {"source": f"csv:{tmp_path / 'a.csv'}", "symbols": ["ABC"], "funding": str(tmp_path / name)}
        return plan_night(SevengatesSettings.model_validate({"market": market}), "ABC")

    first = charged("f.csv", "ts,funding_rate\n1600000000000,0.0001\n")
    assert first.funding == sha256((tmp_path / "f.csv").read_bytes())
    assert first.key == charged("moved.csv", "ts,funding_rate\n1600000000000,0.0001\n").key
    assert first.key != charged("f.csv", "ts,funding_rate\n1600000000000,0.0002\n").key
    assert first.key != of_file(tmp_path / "a.csv").key
    assert (of_file(tmp_path / "a.csv").funding, first.source) == ("", of_file(tmp_path / "a.csv").source)


def test_a_file_of_funding_that_is_not_there_is_refused(tmp_path: Path) -> None:
    market = {"symbols": ["ABC"], "funding": str(tmp_path / "gone.csv")}
    settings = SevengatesSettings.model_validate({"market": market})
    with pytest.raises(DataError, match=r"Check market\.funding"):
        plan_night(settings, "ABC")


HOURS = "Mon-Fri 09:30-16:00 America/New_York"


def test_holidays_are_part_of_the_night_by_their_bytes_and_not_by_their_path(tmp_path: Path) -> None:
    def closed(name: str, text: str) -> NightPlan:
        (tmp_path / name).write_text(text)
        return plan(market={"hours": HOURS, "holidays": str(tmp_path / name)})

    first = closed("a.csv", "2024-12-25\n")
    assert first.holidays == sha256((tmp_path / "a.csv").read_bytes())
    assert first.key == closed("moved.csv", "2024-12-25\n").key
    assert first.key != closed("a.csv", "2024-12-26\n").key
    assert first.key != plan(market={"hours": HOURS}).key
    assert (plan().holidays, plan(market={"hours": HOURS}).holidays) == ("", "")


def test_hours_and_holidays_that_cannot_be_read_are_refused_before_a_night(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"market\.hours 'whenever'"):
        plan(market={"hours": "whenever"})
    with pytest.raises(DataError, match=r"Check market\.holidays"):
        plan(market={"hours": HOURS, "holidays": str(tmp_path / "gone.csv")})
    (tmp_path / "days.csv").write_text("Christmas\n")
    with pytest.raises(DataError, match=r"days\.csv: line 1 'Christmas' is no date"):
        plan(market={"hours": HOURS, "holidays": str(tmp_path / "days.csv")})


def test_a_file_is_run_as_of_the_close_of_its_last_bar(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS)
    last = max(int(line.split(",")[0]) for line in ROWS.splitlines()[1:])
    assert of_file(tmp_path / "a.csv").as_of_ms == last + 3_600_000


@pytest.mark.parametrize(
    "changes",
    [
        {"runtime": {"home": "/elsewhere"}},
        {"runtime": {"tracking_uri": "http://mlflow:5000"}},
        {"runtime": {"symbols_at_a_time": 9}},
        {"policy": {"workers": 7}},
        {"live": {"poll_seconds": 1.0}},
        {"market": {"source": "sim:seed=7,edge=1.0"}},
        {"market": {"symbols": ["SIM", "OTHER"]}},
    ],
)
def test_what_cannot_change_the_outcome_does_not_change_the_key(changes: dict[str, dict[str, object]]) -> None:
    assert plan(**changes).key == plan().key


@pytest.mark.parametrize(
    "changes",
    [
        {"runtime": {"seed": 8}},
        {"policy": {"steps": 5_000}},
        {"gates": {"min_sharpe": 1.1}},
        {"costs": {"fee_bps": 5.0}},
        {"promotion": {"min_improvement": 0.1}},
        {"market": {"source": "sim:edge=0.9"}},
        {"market": {"symbols": ["OTHER"]}},
        {"market": {"interval": "2h"}},
        {"market": {"hours": "Mon-Fri 09:30-16:00 America/New_York"}},
    ],
)
def test_what_can_change_the_outcome_changes_the_key(changes: dict[str, dict[str, object]]) -> None:
    assert plan(**changes).key != plan().key


def test_a_later_moment_is_another_night() -> None:
    settings = SevengatesSettings()
    assert plan_night(settings, "SIM", "2022-01-02").key != plan_night(settings, "SIM", "2022-01-01").key


def test_every_use_has_a_seed_of_its_own() -> None:
    assert len(set(plan().seeds.values())) == len(plan().seeds)


def test_a_moment_that_cannot_be_read_is_refused_by_the_name_of_its_option() -> None:
    with pytest.raises(ConfigError, match="--as-of 'yesterday'"):
        plan_night(SevengatesSettings(), "SIM", "yesterday")


def test_a_source_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.csv"):
        of_file(tmp_path / "nothing.csv")


def test_the_code_counts_and_the_command_line_and_the_runner_do_not(tmp_path: Path) -> None:
    for name in ("trading/a.py", "trading/cli/b.py", "trading/live/c.py", "envs/d.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    version: Callable[[Path], str] = code_version.__wrapped__
    before = version(tmp_path)
    for name in ("trading/cli/b.py", "trading/live/c.py"):
        (tmp_path / name).write_text("2")
    assert version(tmp_path) == before
    for name in ("trading/a.py", "envs/d.py"):
        (tmp_path / name).write_text(f"2 {name}")
        changed = version(tmp_path)
        assert changed != before
        before = changed


def test_a_plan_survives_json() -> None:
    assert NightPlan.model_validate_json(plan().model_dump_json()).key == plan().key
