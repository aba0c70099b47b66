from __future__ import annotations

import inspect
import json
import math
from importlib import import_module
from pathlib import Path

import pytest

from tools import mutation
from tools.mutation import EQUIVALENTS, Equivalent, Mutant, mutants_of, prepare, read_equivalents, report

STEP = "trading.steps.carry.carry_step"
METRIC = "trading.simulation.metrics.ratios.sharpe"
STATISTIC = "trading.statistics.bootstrap.block_sums"
GATE = "trading.gates.risk.risk_rules"
ROOMS_OF_90 = (STEP, METRIC, STATISTIC)
SAME = Equivalent(STEP, "days > 0.0", "days >= 0.0", "nothing has passed")

MUTATED = """\
def x_carry_step__mutmut_orig(days):
    if days > 0.0:
        return 1
    return 0
def x_carry_step__mutmut_1(days):
    if days >= 0.0:
        return 1
    return 0
"""
SPANS = {"version": 1, "spans": {"x_carry_step__mutmut_orig": [1, 4], "x_carry_step__mutmut_1": [5, 8]}}


def mutant(function: str, verdict: int | None, was: str = "a + b", becomes: str = "a - b", number: int = 1) -> Mutant:
    module, _, name = function.rpartition(".")
    return Mutant(f"{module}.x_{name}__mutmut_{number}", function, was, becomes, verdict)


def many(killed: int, survived: int) -> list[Mutant]:
    """Mutants of a step, as many of a metric and of a statistic, and of a gate some that are all killed."""
    verdicts = [1] * killed + [0] * survived
    found = [mutant(function, verdict, number=n) for function in ROOMS_OF_90 for n, verdict in enumerate(verdicts)]
    return [*found, *(mutant(GATE, 1, number=n) for n in range(10))]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One step with one mutant that lives, and one test."""
    for folder in ("trading/steps", "tests", "mutants/trading/steps", "mutants/tests"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "trading/steps/carry.py").write_text("def carry_step(days): ...\n")
    (tmp_path / "tests/test_carry.py").write_text("def test_nothing(): ...\n")
    made = tmp_path / "mutants/trading/steps/carry.py"
    made.write_text(MUTATED)
    made.with_suffix(".py.spans").write_text(json.dumps(SPANS))
    verdicts = {"trading.steps.carry.x_carry_step__mutmut_1": 0}
    made.with_suffix(".py.meta").write_text(json.dumps({"exit_code_by_key": verdicts}))
    (tmp_path / "mutants/tests/test_gone.py").touch()
    return tmp_path


def test_a_mutant_is_what_was_changed_in_which_function(checkout: Path) -> None:
    (found,) = mutants_of(checkout)
    assert found.change == (STEP, "if days > 0.0:", "if days >= 0.0:")
    assert found.module == "trading.steps.carry"
    assert not found.killed


def test_a_module_that_is_gone_has_no_mutants(checkout: Path) -> None:
    (checkout / "trading/steps/carry.py").unlink()
    prepare(checkout)
    assert mutants_of(checkout) == []
    assert not list((checkout / "mutants/trading").rglob("*.*"))


def test_what_lived_is_tried_again_and_what_was_killed_is_not(checkout: Path) -> None:
    prepare(checkout)
    assert [each.verdict for each in mutants_of(checkout)] == [None]
    meta = checkout / "mutants/trading/steps/carry.py.meta"
    meta.write_text(meta.read_text().replace("null", "1"))
    prepare(checkout)
    assert [each.verdict for each in mutants_of(checkout)] == [1]


def test_tests_that_are_gone_do_not_stay(checkout: Path) -> None:
    prepare(checkout)
    assert not (checkout / "mutants/tests").exists()


def test_when_tests_change_it_is_asked_again_which_reach_what(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reached = checkout / "mutants/mutmut-stats.json"
    reached.touch()
    prepare(checkout)
    prepare(checkout)
    assert reached.exists()
    assert not capsys.readouterr().out
    (checkout / "tests/test_carry.py").write_text("def test_something(): ...\n")
    prepare(checkout)
    assert not reached.exists()
    assert "FRESH=1" in capsys.readouterr().out


def test_nine_of_ten_must_be_killed_in_each_room() -> None:
    assert report(many(9, 1), []).faults == []
    assert len(report(many(8, 1), []).faults) == 3
    faults = report([*many(90, 0), *(mutant(METRIC, 0, number=100 + n) for n in range(11))], []).faults
    assert faults == ["trading.simulation.metrics is under 90 %: 89.1 %"]


@pytest.mark.parametrize(
    ("survived", "faults"), [(1, []), (2, ["trading.gates is under 95 %: 94.7 %"])], ids=["19 of 20", "36 of 38"]
)
def test_nineteen_of_twenty_must_be_killed_of_the_gates(survived: int, faults: list[str]) -> None:
    others = [each for each in many(9, 1) if each.function != GATE]
    gates = [mutant(GATE, 1, number=n) for n in range(19 if survived == 1 else 36)]
    gates += [mutant(GATE, 0, number=100 + n) for n in range(survived)]
    assert report([*others, *gates], []).faults == faults


def test_a_room_without_mutants_passes_nothing() -> None:
    assert len(report([], []).faults) == 4


def test_of_one_room_only_its_own_score_and_its_own_part_of_the_list_count() -> None:
    gates = [each for each in many(9, 1) if each.function == GATE]
    found = report(gates, [SAME], rooms=["trading.gates"])
    assert found.faults == []
    assert not any("trading.steps" in line for line in found.lines)
    (fault,) = report(gates, [SAME._replace(function=GATE)], rooms=["trading.gates"]).faults
    assert "0 live" in fault


def test_the_table_has_a_row_for_each_module_and_room() -> None:
    lines = report(many(9, 1), []).lines
    assert "| trading.steps.carry | 10 | 9 | 1 | 0 | 90.0 % |" in lines
    assert "| trading.steps | 10 | 9 | 1 | 0 | 90.0 % |" in lines
    assert "| all | 40 | 37 | 3 | 0 | 92.5 % |" in lines
    assert sum("a + b  ->  a - b" in line for line in lines) == 3


def test_what_is_listed_as_equivalent_is_counted_openly_and_not_against_the_tests() -> None:
    found = report([*many(9, 0), mutant(STEP, 0, SAME.was, SAME.becomes)], [SAME])
    assert found.faults == []
    assert "| trading.steps.carry | 10 | 9 | 0 | 1 | 100.0 % |" in found.lines
    assert any("nothing has passed" in line for line in found.lines)


def test_an_entry_of_the_list_that_is_killed_or_made_no_more_is_a_fault() -> None:
    for others in ([mutant(STEP, 1, SAME.was, SAME.becomes)], []):
        (fault,) = report([*many(9, 0), *others], [SAME]).faults
        assert "says 1 of this, 0 live" in fault
    twice = [mutant(STEP, 0, SAME.was, SAME.becomes, number) for number in (1, 2)]
    (fault,) = report([*many(30, 0), *twice], [SAME]).faults
    assert "2 live" in fault


def test_a_sample_is_judged_as_a_whole_and_holds_no_whole_list() -> None:
    assert report(many(9, 1)[:10], [SAME], sampled=True).faults == []
    assert report(many(8, 1)[:9], [SAME], sampled=True).faults == ["all is under 90 %: 88.9 %"]


def test_a_mutant_without_a_verdict_is_a_fault() -> None:
    (fault,) = report([*many(99, 0), mutant(STEP, None)], []).faults
    assert "no verdict" in fault


@pytest.mark.parametrize("verdict", [1, 3, 36, -24, -11])
def test_failed_tests_and_endless_ones_kill(verdict: int) -> None:
    assert mutant(STEP, verdict).killed


@pytest.mark.parametrize("verdict", [0, 2, 5, 33, 35, None])
def test_no_tests_and_what_nobody_understands_kill_nothing(verdict: int | None) -> None:
    assert not mutant(STEP, verdict).killed


def test_nothing_has_no_score() -> None:
    assert math.isnan(mutation.Score(2, 0, 2).share)


def test_a_run_draws_its_sample_from_what_mutmut_made_and_tries_only_that(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[list[str]] = []
    monkeypatch.chdir(checkout)
    monkeypatch.setattr(mutation, "run_mutmut", lambda root, workers, names: calls.append(list(names)))
    assert mutation.main(["--sample", "5"]) == 1
    assert calls == [["trading.steps.carry.x_carry_step__mutmut_1"]]
    assert "| all | 1 | 0 | 1 | 0 | 0.0 % |" in capsys.readouterr().out
    calls.clear()
    assert mutation.main(["--room", "trading.steps"]) == 1
    assert calls == [["trading.steps.*"]]
    assert "| trading.steps | 1 | 0 | 1 | 0 | 0.0 % |" in capsys.readouterr().out
    calls.clear()
    assert mutation.main(["--room", "trading.steps", "--sample", "5"]) == 1
    assert calls == [["trading.steps.carry.x_carry_step__mutmut_1"]]
    calls.clear()
    assert mutation.main(["--fresh"]) == 1
    assert calls == [[]]
    assert mutants_of(checkout) == []


@pytest.mark.parametrize("entry", read_equivalents(EQUIVALENTS), ids=lambda entry: f"{entry.function}: {entry.becomes}")
def test_an_entry_of_the_list_is_of_a_line_that_still_stands_there(entry: Equivalent) -> None:
    module, _, name = entry.function.rpartition(".")
    text = " ".join(inspect.getsource(getattr(import_module(module), name)).split())
    assert entry.was in text
    assert entry.becomes != entry.was
    assert entry.reason
