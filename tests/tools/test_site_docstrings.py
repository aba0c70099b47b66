from __future__ import annotations

import griffe
import pytest

from tools.site_docstrings import fenced, linked

MODULE = '''
import numpy as np
from trading.store import Ref

LIMIT = 3
"""See :func:`fit`."""


def fit():
    """Fit."""


class Night:
    """A night."""

    def run(self):
        """Run."""
'''


@pytest.fixture
def module() -> griffe.Module:
    return griffe.visit("trading.example", filepath=None, code=MODULE)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        (":func:`fit`", "[`fit`][trading.example.fit]"),
        (":class:`Ref`", "[`Ref`][trading.store.Ref]"),
        (":meth:`Night.run`", "[`run`][trading.example.Night.run]"),
        (":mod:`trading.store`", "[`store`][trading.store]"),
        (":data:`np.nan`", "`np.nan`"),
        ("``:nothing:`` and `fit`", "``:nothing:`` and `fit`"),
    ],
)
def test_a_role_leads_to_what_the_name_means_where_it_stands(module: griffe.Module, role: str, shown: str) -> None:
    for described in (module, module["LIMIT"], module["fit"], module["Night.run"]):
        assert linked(f"See {role}.", described) == f"See {shown}."


def test_a_method_sees_the_names_of_its_class(module: griffe.Module) -> None:
    assert linked(":meth:`run`", module["Night.run"]) == "[`run`][trading.example.Night.run]"


def test_a_name_that_is_nowhere_becomes_a_link_that_the_site_refuses(module: griffe.Module) -> None:
    assert linked(":func:`gone`", module["fit"]) == "[`gone`][trading.example.fit.gone]"


def test_an_example_becomes_code_and_one_in_a_section_is_left_to_the_section() -> None:
    example = ">>> add(1,\n...     1)\n2\n"
    section = "Args:\n    a: one.\n\nExamples:\n    >>> add(1, 2)\n    3\n"
    shown = f"Add.\n\n``` pycon\n{example}```\n\n{section}"
    assert fenced(f"Add.\n\n{example}\n{section}") == shown
