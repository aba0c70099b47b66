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


def test_every_argument_is_described() -> None:
    trees = {
        path.relative_to(ROOT): ast.parse(path.read_text())
        for package in ("flows", "tasks", "envs", "trading", "tools")
        for path in sorted((ROOT / package).rglob("*.py"))
    }
    promised = {key for tree in trees.values() for key in promises(tree)}
    found = [
        f"{path}:{function.lineno} {function.name}: {', '.join(missing)}"
        for path, tree in trees.items()
        for function in public_functions(tree.body)
        if (missing := undescribed(function)) and signature(function) not in promised
    ]
    assert not found, "\n".join(found)


def test_an_argument_counts_as_described_only_under_its_own_name() -> None:
    head = 'def f(a, *, b, c):\n    """Do it.\n\n    Args:\n        '
    whole = head + 'a: one.\n        b (int): two,\n            and more.\n        c: three.\n    """\n'
    joined = head + 'a, b: one and two.\n        c: three.\n    """\n'
    assert [undescribed(function) for function in public_functions(ast.parse(whole).body)] == [[]]
    assert [undescribed(function) for function in public_functions(ast.parse(joined).body)] == [["a", "b"]]


def test_a_method_may_leave_its_arguments_to_the_protocol_that_describes_them() -> None:
    described = '    def f(self, a):\n        """Do it.\n\n        Args:\n            a: one.\n        """\n'
    protocol, plain = f"class A(Protocol):\n{described}", f"class A:\n{described}"
    abstract = f"{plain}    @abstractmethod\n    def g(self): ...\n"
    assert [promises(ast.parse(source)) for source in (protocol, abstract, plain)] == [
        {("f", "self", "a")},
        {("f", "self", "a"), ("g", "self")},
        set(),
    ]


Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions(body: list[ast.stmt]) -> Iterator[Function]:
    """Functions and methods without a leading underscore, except those that are described in another way."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body)
        elif isinstance(node, Function) and not (node.name.startswith("_") or says_it_elsewhere(node)):
            yield node


def says_it_elsewhere(function: Function) -> bool:
    """Whether it is a command, whose options have help texts, or a further signature of a described function."""
    return "typer." in ast.unparse(function.args) or "overload" in map(ast.unparse, function.decorator_list)


def promises(tree: ast.Module) -> set[tuple[str, ...]]:
    """Methods that a protocol or an abstract class describes, and that others write without saying it again."""
    return {
        signature(method)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and is_interface(node)
        for method in public_functions(node.body)
        if not undescribed(method)
    }


def is_interface(node: ast.ClassDef) -> bool:
    marks = [*node.bases, *(mark for item in node.body if isinstance(item, Function) for mark in item.decorator_list)]
    return not {"Protocol", "abstractmethod"}.isdisjoint(map(ast.unparse, marks))


def signature(function: Function) -> tuple[str, ...]:
    return (function.name, *parameters(function))


def undescribed(function: Function) -> list[str]:
    """Parameters that the docstring does not describe."""
    section = re.search(r"^Args:\n((?: +.*\n?|\n)*)", ast.get_docstring(function) or "", re.MULTILINE)
    described = set(re.findall(r"^ +\*{0,2}(\w+)(?: \([^)]*\))?:", section[1], re.MULTILINE)) if section else set[str]()
    names = [name for name in parameters(function) if name not in ("self", "cls") and not name.startswith("_")]
    return [name for name in names if name not in described]


def parameters(function: Function) -> list[str]:
    taken = function.args
    each = (*taken.posonlyargs, *taken.args, taken.vararg, *taken.kwonlyargs, taken.kwarg)
    return [argument.arg for argument in each if argument is not None]
