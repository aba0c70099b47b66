"""A night travels as a small value, and opens store, registry and ledger where it works."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from trading.night.services import ledger_of, registry_of
from trading.night.workspace import Night, open_night
from trading.registry import adapter
from trading.settings.models import PolicySpec, RuntimeSpec, SevengatesSettings


def night_with(runtime: RuntimeSpec, workers: int = 2) -> Night:
    settings = SevengatesSettings(runtime=runtime, policy=PolicySpec(workers=workers))
    return open_night(settings, "SIM", "2022-01-01")


def test_a_night_travels_to_another_machine_and_opens_its_store_there(tmp_path: Path) -> None:
    night = night_with(RuntimeSpec(home=str(tmp_path)))
    night.store.put_bytes("thing", b"data")
    for there in (pickle.loads(pickle.dumps(night)), Night.model_validate_json(night.model_dump_json())):  # noqa: S301
        assert there == night
        assert there.store.holds(night.store.put_bytes("thing", b"data").digest)


def test_where_and_how_a_night_works_is_no_part_of_its_plan(tmp_path: Path) -> None:
    one = night_with(RuntimeSpec(home=str(tmp_path / "one")), workers=1)
    two = night_with(RuntimeSpec(home=str(tmp_path / "two"), store="memory://two"), workers=2)
    assert (one.workers, two.workers) == (1, 2)
    assert one.places.home != two.places.home
    assert one.plan == two.plan


def test_the_pages_of_mlflow_are_those_of_the_server_or_of_this_machine() -> None:
    assert night_with(RuntimeSpec()).mlflow_page == "http://127.0.0.1:5000"
    assert night_with(RuntimeSpec(tracking_uri="https://mlflow.example/")).mlflow_page == "https://mlflow.example"


@pytest.mark.usefixtures("own_environment")
def test_the_registry_is_opened_with_the_token_of_the_process_unless_one_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(
        adapter, "open_registry", lambda runtime: seen.append(runtime.tracking_token.get_secret_value())
    )
    monkeypatch.setenv("SEVENGATES_RUNTIME__TRACKING_TOKEN", "of the process")
    monkeypatch.chdir(tmp_path)
    registry_of(night_with(RuntimeSpec()).runtime)
    registry_of(RuntimeSpec.model_validate({"tracking_token": "given"}))
    assert seen == ["of the process", "given"]


def test_the_ledger_lies_where_the_settings_say(tmp_path: Path) -> None:
    assert ledger_of(RuntimeSpec(home=str(tmp_path))).path == tmp_path / "ledger.db"
