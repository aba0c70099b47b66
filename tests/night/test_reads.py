"""A stage reads what it declares, and is remembered by that: by no more, and by no less."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from trading.night.memory import as_json
from trading.night.reads import FACTS, declared_reads, inputs_of, reads
from trading.night.workspace import Night, open_night
from trading.settings.models import DriftSpec, GateSpec, PolicySpec, RuntimeSpec, SevengatesSettings, tables
from trading.store import Ref

REF = Ref[Any](kind="bars", digest="0" * 64)


@reads("gates", "symbol", seed="policy")
def judge(night: Night, bars_ref: Ref[Any], note: str = "") -> float:
    return night.settings.gates.min_sharpe


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return night_of(tmp_path)


def night_of(home: Path, **settings: Any) -> Night:
    runtime = RuntimeSpec(home=str(home), seed=settings.pop("seed", 7))
    return open_night(SevengatesSettings(runtime=runtime, **settings), settings.pop("symbol", "SIM"), "2022-01-01")


def key(night: Night, *args: Any, **kwargs: Any) -> Any:
    return as_json(inputs_of(judge, night, args, kwargs))


def test_a_stage_reads_what_it_declares(night: Night) -> None:
    @reads("gates", "symbol", "as_of_ms", seed="policy")
    def stage(night: Night) -> tuple[Any, ...]:
        return night.settings.gates, night.symbol, night.plan.as_of_ms, night.plan.seeds["policy"]

    assert stage(night) == (GateSpec(), "SIM", night.plan.as_of_ms, night.plan.seeds["policy"])


@pytest.mark.parametrize("table", tables())
def test_a_stage_cannot_read_a_table_that_it_did_not_declare(night: Night, table: str) -> None:
    @reads(*(name for name in tables() if name != table))
    def stage(night: Night) -> Any:
        return getattr(night.settings, table)

    with pytest.raises(AttributeError, match=f"reads {table} and does not declare it"):
        stage(night)


@pytest.mark.parametrize("fact", FACTS)
def test_a_stage_cannot_read_a_fact_that_it_did_not_declare(night: Night, fact: str) -> None:
    @reads(*(name for name in FACTS if name != fact))
    def stage(night: Night) -> Any:
        return getattr(night.plan, fact)

    with pytest.raises(AttributeError, match=f"reads {fact} and does not declare it"):
        stage(night)


def test_a_stage_draws_from_no_seed_but_its_own(night: Night) -> None:
    @reads(seed="policy")
    def stage(night: Night) -> int:
        return night.plan.seeds["stress"]

    with pytest.raises(KeyError, match="stress"):
        stage(night)


def test_a_stage_cannot_declare_what_no_night_has() -> None:
    with pytest.raises(TypeError, match="drfit: neither a table"):
        reads("drfit")


def test_a_stage_that_declares_nothing_cannot_be_remembered() -> None:
    def stage(night: Night) -> int:
        return 1

    with pytest.raises(TypeError, match="stage is to be remembered"):
        declared_reads(stage)


@pytest.mark.parametrize(
    "changes", [{"gates": GateSpec(min_sharpe=2.0)}, {"seed": 8}], ids=["a table it reads", "its seed"]
)
def test_what_a_stage_reads_is_part_of_its_key(night: Night, tmp_path: Path, changes: dict[str, Any]) -> None:
    assert key(night_of(tmp_path, **changes), REF) != key(night, REF)


@pytest.mark.parametrize(
    "changes",
    [{"drift": DriftSpec(bins=5)}, {"policy": PolicySpec(workers=7)}],
    ids=["a table it does not read", "workers"],
)
def test_what_a_stage_does_not_read_is_no_part_of_its_key(
    night: Night, tmp_path: Path, changes: dict[str, Any]
) -> None:
    assert key(night_of(tmp_path, **changes), REF) == key(night, REF)
    assert key(night_of(tmp_path / "elsewhere", **changes), REF) == key(night, REF)


def test_code_and_arguments_are_part_of_the_key_however_they_are_given(night: Night) -> None:
    assert key(night, REF, "a") == key(night, bars_ref=REF, note="a")
    assert key(night, REF, "a") != key(night, REF, "b")
    other = night.model_copy(update={"plan": night.plan.model_copy(update={"code": "other"})})
    assert key(other, REF) != key(night, REF)


def test_an_argument_that_is_bound_beforehand_is_no_part_of_the_key(night: Night) -> None:
    one, two = partial(judge, note="quietly"), partial(judge, note="loudly")
    assert inputs_of(one, night, (REF,), {}) == inputs_of(two, night, (REF,), {})
