"""Docstrings as the site shows them: roles such as ``:func:`trading.seeds.seed_for``` are links, examples are code.

A name that leads nowhere is an error of the site, so a docstring cannot keep speaking of what was renamed.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

OWN = ("flows", "tasks", "envs", "trading")

_EXAMPLE = re.compile(r"^>>> .*\n?(?:(?!$).+\n?)*", re.MULTILINE)
_ROLE = re.compile(r":(?:mod|class|func|meth|data|attr|exc):`~?([\w.]+)`")


class SiteDocstrings(griffe.Extension):
    """Loaded by mkdocstrings; sees every object of ours before its docstring is parsed."""

    def on_object(self, *, obj: griffe.Object, loader: griffe.GriffeLoader, **kwargs: Any) -> None:
        """Rewrite an object's docstring once everything around it is known.

        Args:
            obj: what was loaded.
            loader: not needed.
            **kwargs: not needed.
        """
        if obj.docstring is not None:
            obj.docstring.value = linked(fenced(obj.docstring.value), obj)


def fenced(text: str) -> str:
    """A docstring whose examples outside a section of their own are blocks of code, not quotations of quotations.

    Args:
        text: the docstring, without its indentation.
    """
    return _EXAMPLE.sub(lambda found: f"``` pycon\n{found[0].rstrip()}\n```\n", text)


def linked(text: str, described: griffe.Object) -> str:
    """A docstring with a reference of the site for every role.

    Args:
        text: the docstring.
        described: the object that it describes; short names are looked up from there outwards.

    Returns:
        The text; names of other packages are plain code.
    """

    def reference(found: re.Match[str]) -> str:
        name = found[1]
        path = resolved(name, described)
        if path.partition(".")[0] not in OWN:
            return f"`{name}`"
        return f"[`{name.rpartition('.')[2]}`][{path}]"

    return _ROLE.sub(reference, text)


def resolved(name: str, described: griffe.Object) -> str:
    """The whole dotted name of what a docstring calls by a short one.

    Args:
        name: as in the docstring.
        described: the object that it describes.

    Returns:
        The name's place; below ``described`` if it has none, which the site then refuses.
    """
    if name.partition(".")[0] in OWN:
        return name
    scope = described.parent if described.is_attribute and described.parent is not None else described
    first, dot, rest = name.partition(".")
    try:
        return scope.resolve(first) + dot + rest
    except griffe.NameResolutionError:
        return f"{described.path}.{name}"
