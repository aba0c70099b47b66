"""A stage runs once for the same inputs, and again when anything it depends on is another."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.night.fit import Fitted
from trading.night.memory import as_json, once
from trading.settings.models import GateSpec
from trading.store import Ref, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_finished_stage_is_not_run_again_for_the_same_inputs(store: Store) -> None:
    runs: list[int] = []

    def work() -> Ref:
        runs.append(1)
        return store.put_json("thing", {"n": 1})

    first = once(store, "stage", {"gates": GateSpec(), "code": "a"}, Ref, work)
    second = once(store, "stage", {"code": "a", "gates": GateSpec()}, Ref, work)
    assert (first.fresh, second.fresh, len(runs)) == (True, False, 1)
    assert second.output == first.output


@pytest.mark.parametrize(
    "changed", [{"code": "b"}, {"gates": GateSpec(min_sharpe=2.0)}, {"ref": Ref(kind="x", digest="0" * 64)}]
)
def test_a_stage_runs_again_when_code_spec_or_reference_is_another(store: Store, changed: dict[str, object]) -> None:
    inputs = {"code": "a", "gates": GateSpec(), "ref": Ref(kind="x", digest="1" * 64)}
    once(store, "stage", inputs, int, lambda: 1)
    done = once(store, "stage", inputs | changed, int, lambda: 2)
    assert done.fresh
    assert done.output == 2


def test_another_stage_with_the_same_inputs_has_a_memory_of_its_own(store: Store) -> None:
    once(store, "one", {"n": 1}, int, lambda: 1)
    assert once(store, "two", {"n": 1}, int, lambda: 2).output == 2


def test_a_remembered_stage_runs_again_if_its_artifact_is_gone(store: Store, tmp_path: Path) -> None:
    def work() -> Fitted:
        return Fitted(model=store.put_json("model", [1]), report=store.put_json("report", [2]))

    ref = once(store, "fit", {}, Fitted, work).output.report
    next(tmp_path.glob(f"store/objects/*/{ref.digest}")).unlink()
    assert once(store, "fit", {}, Fitted, work).fresh


def test_a_stage_that_failed_is_not_remembered(store: Store) -> None:
    def fails() -> int:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        once(store, "stage", {}, int, fails)
    assert once(store, "stage", {}, int, lambda: 3).fresh


def test_a_finished_stage_can_be_repeated_on_request(store: Store) -> None:
    once(store, "stage", {}, int, lambda: 1)
    assert once(store, "stage", {}, int, lambda: 2, again=True).output == 2


@given(
    st.dictionaries(st.text(max_size=8), st.recursive(st.integers() | st.text(max_size=8) | st.none(), st.lists)),
)
def test_plain_inputs_are_their_own_json(inputs: dict[str, object]) -> None:
    assert {name: as_json(value) for name, value in inputs.items()} == inputs
