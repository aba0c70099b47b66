"""A stage runs once for the same inputs, and again when anything it depends on is another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.night.artifacts import MODEL
from trading.night.fit import FittedModel
from trading.night.memory import Remembered, as_json, once, recall, remember
from trading.settings.models import GateSpec
from trading.store import Ref, Store
from trading.store.kind import json_kind

THING = json_kind("thing")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_finished_stage_is_not_run_again_for_the_same_inputs(store: Store) -> None:
    runs: list[int] = []

    def work() -> Ref[Any]:
        runs.append(1)
        return store.put(THING, {"n": 1})

    first = once(store, "stage", {"gates": GateSpec(), "code": "a"}, work, output_type=Ref)
    second = once(store, "stage", {"code": "a", "gates": GateSpec()}, work, output_type=Ref)
    assert (first.fresh, second.fresh, len(runs)) == (True, False, 1)
    assert second.output == first.output


@pytest.mark.parametrize(
    "changed", [{"code": "b"}, {"gates": GateSpec(min_sharpe=2.0)}, {"ref": Ref(kind="x", digest="0" * 64)}]
)
def test_a_stage_runs_again_when_code_spec_or_reference_is_another(store: Store, changed: dict[str, object]) -> None:
    inputs = {"code": "a", "gates": GateSpec(), "ref": Ref(kind="x", digest="1" * 64)}
    once(store, "stage", inputs, lambda: 1, output_type=int)
    done = once(store, "stage", inputs | changed, lambda: 2, output_type=int)
    assert done.fresh
    assert done.output == 2


def test_another_stage_with_the_same_inputs_has_a_memory_of_its_own(store: Store) -> None:
    once(store, "one", {"n": 1}, lambda: 1, output_type=int)
    assert once(store, "two", {"n": 1}, lambda: 2, output_type=int).output == 2


def test_a_remembered_stage_runs_again_if_its_artifact_is_gone(store: Store, tmp_path: Path) -> None:
    def work() -> FittedModel:
        return FittedModel(model_ref=store.put_bytes(MODEL.name, b"1"), report_ref=store.put(THING, [2]))

    ref = once(store, "fit", {}, work, output_type=FittedModel).output.report_ref
    next(tmp_path.glob(f"store/objects/*/{ref.digest}")).unlink()
    assert once(store, "fit", {}, work, output_type=FittedModel).fresh


def test_a_stage_is_recalled_for_the_same_inputs_only(store: Store) -> None:
    output = {"model": as_json(store.put(THING, [1]))}
    remember(store, "train", {"seed": 1}, output)
    assert recall(store, "train", {"seed": 1}) == Remembered(output)
    assert recall(store, "train", {"seed": 2}) is None
    assert recall(store, "test", {"seed": 1}) is None


def test_a_stage_that_returned_nothing_is_remembered_too(store: Store) -> None:
    once(store, "stage", {}, lambda: None, output_type=type(None))
    assert not once(store, "stage", {}, lambda: None, output_type=type(None)).fresh


def test_memory_lies_where_the_artifacts_lie() -> None:
    store = Store("memory://memory/of-stages")
    remember(store, "stage", {}, as_json(store.put(THING, 1)))
    assert recall(Store("memory://memory/of-stages"), "stage", {}) is not None


def test_a_stage_that_failed_is_not_remembered(store: Store) -> None:
    def fails() -> int:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        once(store, "stage", {}, fails, output_type=int)
    assert once(store, "stage", {}, lambda: 3, output_type=int).fresh


def test_a_finished_stage_can_be_repeated_on_request(store: Store) -> None:
    once(store, "stage", {}, lambda: 1, output_type=int)
    assert once(store, "stage", {}, lambda: 2, output_type=int, force=True).output == 2


@given(
    st.dictionaries(st.text(max_size=8), st.recursive(st.integers() | st.text(max_size=8) | st.none(), st.lists)),
)
def test_plain_inputs_are_their_own_json(inputs: dict[str, object]) -> None:
    assert as_json(inputs) == inputs
