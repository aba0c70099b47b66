"""``prefect.yaml`` says what it means: Prefect ignores a misspelt key in silence, so every key is checked here."""

from __future__ import annotations

import ast
from importlib.metadata import packages_distributions
from pathlib import Path
from sys import stdlib_module_names
from typing import Any

import pytest
import yaml
from prefect import flow
from prefect.cli.deploy._models import (
    ConcurrencyLimitSpec,
    DeploymentConfig,
    PrefectYamlModel,
    RawScheduleConfig,
    WorkPoolConfig,
)
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.logging import disable_run_logger
from pydantic import BaseModel

from flows.parameters import NOT_OF_A_NIGHT, takes_settings
from trading.settings.environment import QUIET, SAFE, THREADS
from trading.settings.models import GateSpec, SevengatesSettings, Spec, tables


class FundingSpec(Spec):
    """What holding a position costs."""

    venue: str = "paper"


class MoreSettings(SevengatesSettings):
    """The settings of a later release."""

    funding: FundingSpec = FundingSpec()


DEPLOYMENTS = ("nightly", "train", "backfill", "promote", "rollback")
# Anchors of the file itself; Prefect's own examples keep them under this key.
ANCHORS = {"definitions"}


@pytest.fixture(scope="module")
def document(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "prefect.yaml").read_text())


def keys_of(model: type[BaseModel]) -> set[str]:
    """The keys that a model of Prefect reads, under their names and aliases."""
    aliases = {field.alias for field in model.model_fields.values() if field.alias}
    return set(model.model_fields) | aliases


def test_prefect_reads_every_key_of_the_file(document: dict[str, Any]) -> None:
    assert set(document) - ANCHORS <= keys_of(PrefectYamlModel)
    PrefectYamlModel.model_validate(document)
    for deployment in document["deployments"]:
        assert set(deployment) <= keys_of(DeploymentConfig), deployment["name"]
        assert set(deployment["work_pool"]) <= keys_of(WorkPoolConfig)
        assert set(deployment["concurrency_limit"]) <= keys_of(ConcurrencyLimitSpec)
        for schedule in deployment.get("schedules", []):
            assert set(schedule) <= keys_of(RawScheduleConfig)


def test_there_is_a_deployment_for_every_flow(document: dict[str, Any]) -> None:
    assert tuple(deployment["name"] for deployment in document["deployments"]) == DEPLOYMENTS


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_entry_point_loads_and_its_form_has_a_default_for_what_settings_decide(
    document: dict[str, Any], root: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    deployment = next(item for item in document["deployments"] if item["name"] == name)
    loaded = load_flow_from_entrypoint(deployment["entrypoint"])
    assert isinstance(loaded, Flow)
    assert loaded.name == name
    schema = loaded.parameters.model_dump()
    needed = set(schema.get("required", []))
    due = {"promote": {"model", "version"}, "rollback": {"model"}, "backfill": {"start", "stop"}}
    assert needed == due.get(name, set())


def test_the_form_of_the_nightly_flow_has_bounds_and_no_secret(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.setenv("SEVENGATES_RUNTIME__TRACKING_TOKEN", "hush")
    monkeypatch.setenv("SEVENGATES_GATES__MIN_SHARPE", "1.25")
    schema = load_flow_from_entrypoint("flows/nightly.py:nightly").parameters.model_dump()
    assert schema["definitions"]["GateSpec"]["properties"]["max_drawdown"]["maximum"] == 1.0
    assert "hush" not in str(schema)
    assert "**" not in str(schema["properties"]["runtime"])


@pytest.mark.parametrize("name", ["nightly", "train", "backfill"])
def test_the_form_of_a_flow_has_every_table_of_the_settings_with_its_bounds_and_meaning(
    root: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    schema = load_flow_from_entrypoint(f"flows/{name}.py:{name}").parameters.model_dump()
    due = {table: model for table, model in tables().items() if table not in NOT_OF_A_NIGHT}
    own = [parameter for parameter in schema["properties"] if parameter not in due]
    assert list(schema["properties"]) == [*due, *own]
    backfill = ["start", "stop", "every", "on_failure"]
    assert own == {"nightly": ["as_of", "force"], "train": ["as_of"], "backfill": backfill}[name]
    for table, model in due.items():
        shown, defined = schema["properties"][table], schema["definitions"][model.__name__]
        assert shown["description"] == f"table [{table}]. {model.__doc__}".partition("\n")[0]
        assert shown["default"].keys() == model.model_fields.keys()
        own_schema = model.model_json_schema(ref_template="#/definitions/{model}")
        for key, field in own_schema["properties"].items():
            assert defined["properties"][key] == field
        for inner, described in own_schema.get("$defs", {}).items():
            assert schema["definitions"][inner] == described
    assert all(schema["properties"][parameter]["description"] for parameter in own)


def test_a_table_that_is_added_to_the_settings_is_a_parameter_of_every_flow() -> None:
    @flow(name="takes")
    @takes_settings(MoreSettings())
    def takes(settings: MoreSettings, as_of: str = "") -> tuple[str, int, str]:
        """Show what arrives.

        Args:
            settings: every table.
            as_of: a moment.
        """
        return settings.funding.venue, settings.gates.min_live_bars, as_of

    described = takes.parameters.model_dump()["properties"]["funding"]
    assert (described["description"], described["default"]) == (
        "table [funding]. What holding a position costs.",
        {"venue": "paper"},
    )
    with disable_run_logger():
        given = takes.fn(funding=FundingSpec(venue="abroad"), gates=GateSpec(min_live_bars=9), as_of="now")
    assert given == ("abroad", 9, "now")


def test_the_nightly_run_is_scheduled_in_utc_and_never_overlaps(document: dict[str, Any]) -> None:
    nightly = document["deployments"][0]
    (schedule,) = nightly["schedules"]
    assert (schedule["cron"], schedule["timezone"]) == ("30 0 * * *", "UTC")
    assert nightly["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}


def test_the_file_holds_no_path_of_any_machine(document: dict[str, Any], root: Path) -> None:
    assert str(root) not in (root / "prefect.yaml").read_text()
    assert document["pull"] == [
        {"prefect.deployments.steps.set_working_directory": {"directory": "{{ checkout.stdout }}"}}
    ]


def test_runs_of_a_worker_get_the_environment_that_the_command_prepares(document: dict[str, Any]) -> None:
    known = {**QUIET, **THREADS, **SAFE}
    for deployment in document["deployments"]:
        given = deployment["work_pool"]["job_variables"]["env"]
        assert given == {name: known.get(name) for name in given}
        assert {"DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY", "GX_ANALYTICS_ENABLED", "OMP_NUM_THREADS"} <= set(given)


def test_no_flow_file_shadows_a_library(root: Path) -> None:
    # An entry point by file puts flows/ first on the path that imports are searched on.
    names = {path.stem for path in (root / "flows").glob("*.py")} - {"__init__"}
    assert not names & (set(packages_distributions()) | set(stdlib_module_names))


def test_flows_do_no_arithmetic(root: Path) -> None:
    for path in (root / "flows").glob("*.py"):
        found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.BinOp)]
        assert all(isinstance(node.op, ast.BitOr) for node in found), path.name
