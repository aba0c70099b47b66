"""The runner's wing stays light: by what its modules name, and by what a process has loaded after importing them."""

from __future__ import annotations

import copy
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ALLOWED = {"numpy", "pydantic", "pydantic_core", "safetensors", "typer", "rich", "ccxt"}
"""Outside the standard library, what the wing may import; ccxt only when a real venue is configured."""

CHILDREN = {"trading.live.watch.child"}
"""Programs of processes of their own, which are allowed more and which nothing imports."""


@pytest.fixture(scope="module")
def contract(root: Path) -> dict[str, list[str]]:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return next(contract for contract in contracts if contract["name"] == "the runner's wing is light")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("flows", "tasks", "trading", "envs", include_external_packages=True, cache_dir=None)


@pytest.fixture(scope="module")
def light(graph: grimp.ImportGraph, contract: dict[str, list[str]]) -> grimp.ImportGraph:
    """The graph without the imports that the contract excepts: those run only when training or a file asks for them."""
    without = copy.deepcopy(graph)
    for line in contract["ignore_imports"]:
        importer, imported = line.split(" -> ")
        without.remove_import(importer=importer, imported=imported)
    return without


def wing(graph: grimp.ImportGraph, roots: list[str]) -> set[str]:
    """The wing's modules and everything of ours that they reach."""
    members = {module for root in roots for module in ({root} | graph.find_descendants(root))} - CHILDREN
    reached = {module for member in members for module in graph.find_upstream_modules(member)}
    return members | {module for module in reached if module.startswith("trading")}


def test_the_wing_reaches_only_the_packages_it_may(light: grimp.ImportGraph, contract: dict[str, list[str]]) -> None:
    foreign = {
        (module, imported)
        for module in wing(light, contract["source_modules"])
        for imported in light.find_modules_directly_imported_by(module)
        if not imported.startswith("trading") and imported.partition(".")[0] not in sys.stdlib_module_names
    }
    assert {pair for pair in foreign if pair[1] not in ALLOWED} == set()


def test_importing_the_whole_wing_loads_nothing_heavy(
    root: Path, light: grimp.ImportGraph, contract: dict[str, list[str]]
) -> None:
    modules = sorted(wing(light, contract["source_modules"]))
    code = (
        f"import importlib, sys; [importlib.import_module(name) for name in {modules!r}]; "
        f"heavy = set({contract['forbidden_modules']!r}) & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)


def test_nothing_imports_a_child_process(graph: grimp.ImportGraph) -> None:
    for child in CHILDREN & graph.modules:
        assert not graph.find_modules_that_directly_import(child)


def test_of_the_registry_the_runner_reaches_its_light_client_alone(graph: grimp.ImportGraph) -> None:
    members = {"trading.live"} | graph.find_descendants("trading.live")
    reached = {module for member in members for module in graph.find_upstream_modules(member)}
    assert {module for module in reached if module.startswith("trading.registry.")} == {"trading.registry.client"}
