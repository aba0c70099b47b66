from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Run
from tests.registry.conftest import (  # noqa: F401
    NAME,
    home,
    ledger,
    log,
    make_bundle,
    migrated,
    registry,
)
from trading.registry.adapter import MlflowRegistry
from trading.registry.ledger import Ledger

# ruff: noqa: F811  # pytest hands fixtures over by name


def test_versions_that_are_not_there_are_not_compared(run: Run) -> None:
    result = run("models", "compare", "1", "2", "--json")
    assert result.code == 6
    assert result.json["error"]["code"] == "MODEL_UNKNOWN"
    assert result.json["error"]["fields"] == {"model_name": "sevengates-sim-1h", "version": 1}


def test_a_comparison_needs_two_versions_that_are_numbers(run: Run) -> None:
    for versions in (["1"], ["1", "two"]):
        result = run("models", "compare", *versions, "--json")
        assert result.code == 2
        assert result.json["error"]["code"] == "CONFIG_INVALID"


def test_an_override_is_shown_wherever_people_look(
    run: Run, home: Path, registry: MlflowRegistry, ledger: Ledger, log: Callable[..., int]
) -> None:
    os.environ["SEVENGATES_HOME"] = str(home)
    version = str(log(1, sharpe=0.5))
    refused = run("models", "override", version, "--operator", "Ada", "--reason", "a study", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (6, "MODEL_NOT_APPROVED")
    assert "--despite-gates" in refused.json["error"]["remedy"]

    # Who calls himself as the nights do is shown all the same.
    named = ("--operator", "nightly", "--reason", "a study")
    done = run("models", "override", version, *named, "--despite-gates")
    said = "overridden against its gates by nightly: a study"
    assert (done.code, said in done.out, "on paper only" in done.out) == (0, True, True)

    (row,) = run("models", "list", "--json").json
    assert (row["stage"], row["override"]) == ("Production", said)
    assert said in run("models", "list").out
    assert run("models", "show", "--json").json["override"] == said
    assert run("models", "show").out.startswith(f"{NAME} version 1 was {said}")
    report = run("report", "--json").json
    assert [entry["action"] for entry in report["overrides"]] == ["override_gates"]
    assert [entry["action"] for entry in report["changes"]] == ["override_gates"]
    assert f"is in Production, {said}" in run("report").out


def test_an_override_needs_its_reason_and_its_operator(run: Run) -> None:
    for given in (["--reason", "why"], ["--operator", "Ada"]):
        assert run("models", "override", "1", *given).code == 2
