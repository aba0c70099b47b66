"""The wrapper around every stage: memory, states, retries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect import flow

from tasks import stage as stage_module
from tasks.pages import MOST_IMAGE_BYTES, artifact_key, image
from tasks.stage import stage
from trading.codes import ReasonCode
from trading.errors import DataError, SevengatesError, TransportError
from trading.night.workspace import Workplace
from trading.settings.models import GateSpec, RuntimeSpec
from trading.store import Ref

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    monkeypatch.setattr(stage_module, "FIRST_DELAY_SECONDS", 0.01)
    return Workplace(runtime=RuntimeSpec(home=str(tmp_path)), symbol="SIM", code="c")


def in_flow(work: Any) -> Any:
    """Run something inside a flow of its own; the error it ends with is raised."""

    @flow(name="test")
    def run() -> Any:
        return work()

    return run()


def test_a_stage_returns_its_output_and_the_second_time_its_memory(place: Workplace) -> None:
    runs: list[float] = []

    @stage("measure")
    def measure(place: Workplace, gates: GateSpec) -> Ref:
        runs.append(gates.min_sharpe)
        return place.store().put_json("number", gates.min_sharpe)

    def both() -> tuple[Ref, Ref, Ref]:
        return measure(place, GateSpec()), measure(place, gates=GateSpec()), measure(place, GateSpec(min_sharpe=2.0))

    first, second, other = in_flow(both)
    assert first == second != other
    assert runs == [1.0, 2.0]


def test_a_forgotten_parameter_does_not_count(place: Workplace) -> None:
    runs: list[int] = []

    @stage("count", forget=("hint",))
    def count(place: Workplace, hint: int) -> int:
        runs.append(hint)
        return 1

    in_flow(lambda: [count(place, 1), count(place, 2)])
    assert runs == [1]


def test_another_code_runs_the_stage_again(place: Workplace) -> None:
    runs: list[str] = []

    @stage("code")
    def coded(place: Workplace) -> int:
        runs.append(place.code)
        return 1

    in_flow(lambda: [coded(place), coded(place.model_copy(update={"code": "d"}))])
    assert runs == ["c", "d"]


@pytest.mark.parametrize(("error", "tries"), [(DataError, 1), (TransportError, 4)])
def test_only_a_peer_that_did_not_answer_is_asked_again(
    place: Workplace, error: type[SevengatesError], tries: int
) -> None:
    runs: list[int] = []

    @stage("fails")
    def fails(place: Workplace) -> int:
        runs.append(1)
        raise error(ReasonCode.REGISTRY_UNREACHABLE, "no answer.", remedy="Wait.")

    with pytest.raises(error):
        in_flow(lambda: fails(place))
    assert len(runs) == tries


def test_a_peer_that_answers_the_second_time_is_no_failure(place: Workplace) -> None:
    runs: list[int] = []

    @stage("recovers")
    def recovers(place: Workplace) -> int:
        runs.append(1)
        if len(runs) == 1:
            raise TransportError(ReasonCode.REGISTRY_UNREACHABLE, "no answer.", remedy="Wait.")
        return 7

    assert in_flow(lambda: recovers(place)) == 7


def test_a_mistake_of_ours_is_not_tried_again(place: Workplace) -> None:
    runs: list[int] = []

    @stage("mistaken")
    def mistaken(place: Workplace) -> int:
        runs.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_flow(lambda: mistaken(place))
    assert len(runs) == 1


@given(st.text(min_size=1), st.text())
def test_every_symbol_gives_a_key_that_prefect_accepts(symbol: str, part: str) -> None:
    key = artifact_key("gates", symbol, part)
    assert key.startswith("gates")
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_picture_too_large_for_a_page_is_named_instead() -> None:
    assert "data:image/png" in image(b"x" * 100, "equity")
    assert "data:image/png" not in image(b"x" * (MOST_IMAGE_BYTES + 1), "equity")
