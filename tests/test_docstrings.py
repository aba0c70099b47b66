"""Docstrings say what is so: their examples run, and their arguments are those of the function."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Only modules with an example are imported: some of the others are programs, or are slow to import.
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in ("flows", "tasks", "envs", "trading", "tools")
    for path in sorted((ROOT / package).rglob("*.py"))
    if re.search(r"^\s*>>> ", path.read_text(), re.MULTILINE)
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_module_give_what_they_say(name: str) -> None:
    result = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 0
    assert result.failed == 0


def test_there_are_examples() -> None:
    assert WITH_EXAMPLES


UNDESCRIBED = 29
"""Public functions of three or more parameters that do not describe each. Lower it with every one that does."""


def test_arguments_are_described_one_by_one_and_ever_fewer_are_not() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for package in ("flows", "tasks", "envs", "trading", "tools")
        for path in sorted((ROOT / package).rglob("*.py"))
        for function in public_functions(ast.parse(path.read_text()).body)
        if undescribed(function)
    ]
    assert len(found) <= UNDESCRIBED, "\n".join(found)


def test_an_argument_counts_as_described_only_under_its_own_name() -> None:
    head = 'def f(a, *, b, c):\n    """Do it.\n\n    Args:\n        '
    whole = head + 'a: one.\n        b (int): two,\n            and more.\n        c: three.\n    """\n'
    joined = head + 'a, b: one and two.\n        c: three.\n    """\n'
    assert [undescribed(function) for function in public_functions(ast.parse(whole).body)] == [[]]
    assert [undescribed(function) for function in public_functions(ast.parse(joined).body)] == [["a", "b"]]


def public_functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """Functions and methods without a leading underscore; commands aside, whose options describe themselves."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body)
        elif isinstance(node, ast.FunctionDef) and not (
            node.name.startswith("_") or "typer.Context" in ast.unparse(node.args)
        ):
            yield node


def undescribed(function: ast.FunctionDef) -> list[str]:
    """Parameters that the docstring does not describe; none if there are fewer than three."""
    taken = function.args
    names = [argument.arg for argument in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)]
    names = [name for name in names if name not in ("self", "cls") and not name.startswith("_")]
    section = re.search(r"^Args:\n((?: +.*\n?|\n)*)", ast.get_docstring(function) or "", re.MULTILINE)
    described = set(re.findall(r"^ +\*{0,2}(\w+)(?: \([^)]*\))?:", section[1], re.MULTILINE)) if section else set[str]()
    return [name for name in names if name not in described] if len(names) >= 3 else []
