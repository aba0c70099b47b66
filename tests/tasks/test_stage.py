"""The wrapper around every stage: memory, states, retries."""

from __future__ import annotations

import inspect
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect import flow

from tasks import stage as stage_module
from tasks import stages
from tasks.pages import MOST_IMAGE_BYTES, artifact_key, image
from tasks.stage import Stage, as_stage
from trading.checks.table import CHECKS
from trading.codes import ReasonCode
from trading.errors import DataError, SevengatesError, TransportError
from trading.night.reads import declared_reads, reads
from trading.night.workspace import Night, open_night
from trading.settings.models import GateSpec, RuntimeSpec, SevengatesSettings
from trading.store import Ref
from trading.store.kind import json_kind

pytestmark = pytest.mark.usefixtures("prefect_server")

NUMBER = json_kind("number")
TABLE = {name: item for name, item in vars(stages).items() if isinstance(item, Stage)}


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    monkeypatch.setattr(stage_module, "FIRST_DELAY_SECONDS", 0.01)
    return night_of(tmp_path)


def night_of(home: Path, min_sharpe: float = 1.0) -> Night:
    settings = SevengatesSettings(gates=GateSpec(min_sharpe=min_sharpe), runtime=RuntimeSpec(home=str(home)))
    return open_night(settings, "SIM", "2022-01-01")


def in_flow(work: Any) -> Any:
    """Run something inside a flow of its own; the error it ends with is raised."""

    @flow(name="test")
    def run() -> Any:
        return work()

    return run()


def test_a_stage_returns_its_output_and_the_second_time_its_memory(night: Night, tmp_path: Path) -> None:
    runs: list[float] = []

    @reads("gates")
    def measure(night: Night, factor: float) -> Ref[Any]:
        runs.append(night.settings.gates.min_sharpe)
        return night.store.put(NUMBER, factor * night.settings.gates.min_sharpe)

    stage = as_stage(measure, "measure")
    first, second, changed, other = in_flow(
        lambda: [stage(night, 3.0), stage(night, factor=3.0), stage(night_of(tmp_path, 2.0), 3.0), stage(night, 4.0)]
    )
    assert first == second
    assert len({first, changed, other}) == 3
    assert runs == [1.0, 2.0, 1.0]


def test_a_forced_night_repeats_a_stage_unless_it_is_what_the_night_met(night: Night) -> None:
    runs: list[str] = []

    @reads()
    def count(night: Night) -> None:
        runs.append("count")

    @reads()
    def meet(night: Night) -> None:
        runs.append("meet")

    forced = night.model_copy(update={"force": True})
    counted, met = as_stage(count, "count"), as_stage(meet, "meet", repeatable=False)
    in_flow(lambda: [counted(night), met(night), counted(forced), met(forced)])
    assert runs == ["count", "meet", "count"]


def test_an_argument_that_says_how_a_stage_works_is_forgotten(night: Night) -> None:
    runs: list[int] = []

    @reads()
    def count(night: Night, hint: int) -> int:
        runs.append(hint)
        return 1

    one, two = as_stage(partial(count, hint=1), "hinted"), as_stage(partial(count, hint=2), "hinted")
    in_flow(lambda: [one(night), two(night)])
    assert runs == [1]


def test_another_code_runs_the_stage_again(night: Night) -> None:
    runs: list[str] = []

    @reads()
    def coded(night: Night) -> int:
        runs.append(night.plan.code)
        return 1

    stage, other = as_stage(coded, "code"), night.plan.model_copy(update={"code": "other"})
    in_flow(lambda: [stage(night), stage(night.model_copy(update={"plan": other}))])
    assert runs == [night.plan.code, "other"]


@pytest.mark.parametrize(("error", "tries"), [(DataError, 1), (TransportError, 4)])
def test_only_a_peer_that_did_not_answer_is_asked_again(night: Night, error: type[SevengatesError], tries: int) -> None:
    runs: list[int] = []

    def fails(night: Night) -> int:
        runs.append(1)
        raise error(ReasonCode.REGISTRY_UNREACHABLE, "no answer.", remedy="Wait.")

    with pytest.raises(error):
        in_flow(lambda: as_stage(fails, "fails", remembered=False)(night))
    assert len(runs) == tries


def test_a_peer_that_answers_the_second_time_is_no_failure(night: Night) -> None:
    runs: list[int] = []

    @reads()
    def recovers(night: Night) -> int:
        runs.append(1)
        if len(runs) == 1:
            raise TransportError(ReasonCode.REGISTRY_UNREACHABLE, "no answer.", remedy="Wait.")
        return 7

    assert in_flow(lambda: as_stage(recovers, "recovers")(night)) == 7


def test_a_mistake_of_ours_is_not_tried_again(night: Night, caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []

    @reads()
    def mistaken(night: Night) -> int:
        runs.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_flow(lambda: as_stage(mistaken, "mistaken")(night))
    assert len(runs) == 1
    assert "SIM: mistaken stopped with ZeroDivisionError" in caplog.text


def test_a_stage_that_declares_nothing_cannot_be_remembered() -> None:
    def undeclared(night: Night) -> int:
        return 1

    with pytest.raises(TypeError, match="undeclared"):
        as_stage(undeclared, "undeclared")


@pytest.mark.parametrize("name", TABLE)
def test_every_stage_is_called_like_its_function_and_remembered_only_under_what_it_declares(name: str) -> None:
    stage = TABLE[name]
    function = getattr(stage.function, "func", stage.function)
    assert function.__name__ == name
    assert next(iter(inspect.signature(stage.function).parameters)) == "night"
    if stage.remembered:
        assert declared_reads(stage.function) is not None


def test_no_two_stages_share_a_name() -> None:
    names = [stage.name for stage in [*TABLE.values(), *stages.measure_checks.values()]]
    assert len(set(names)) == len(names) > 15


def test_every_check_has_a_stage_that_is_called_like_it_and_remembered() -> None:
    assert {name: stage.name for name, stage in stages.measure_checks.items()} == {name: name for name in CHECKS}
    assert all(stage.remembered and declared_reads(stage.function) for stage in stages.measure_checks.values())


@given(st.text(min_size=1), st.text())
def test_every_symbol_gives_a_key_that_prefect_accepts(symbol: str, part: str) -> None:
    key = artifact_key("gates", symbol, part)
    assert key.startswith("gates")
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_picture_too_large_for_a_page_is_named_instead() -> None:
    assert "data:image/png" in image(b"x" * 100, "equity")
    assert "data:image/png" not in image(b"x" * (MOST_IMAGE_BYTES + 1), "equity")
