"""HTML by small functions: text is escaped unless it is HTML already."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from html import escape


class Html(str):
    """Text that is HTML already, and is not escaped again."""

    __slots__ = ()


class LeftOut(str):
    """Why a section is not there, one sentence; plain text."""

    __slots__ = ()


def text(value: object) -> Html:
    """A value as HTML text; HTML stays as it is, None is nothing.

    Args:
        value: what to show.

    >>> text("<b> & so on")
    '&lt;b&gt; &amp; so on'
    """
    if isinstance(value, Html):
        return value
    return Html("" if value is None else escape(str(value), quote=True))


def element(name: str, *children: object, **attributes: str | None) -> Html:
    """An element with its children in order.

    Args:
        name: of the element.
        *children: HTML, or anything else as text.
        **attributes: by name, without its last underscore; None leaves one out.

    >>> element("p", "1 < 2", class_="note")
    '<p class="note">1 &lt; 2</p>'
    """
    given = "".join(
        f' {key.removesuffix("_").replace("_", "-")}="{escape(value, quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{given}>{''.join(map(text, children))}</{name}>")


def prose(words: str) -> Html:
    """A sentence whose parts in backticks are code.

    Args:
        words: plain text.

    >>> prose("Run `a < b` again.")
    'Run <code>a &lt; b</code> again.'
    """
    return Html(re.sub(r"`([^`]+)`", r"<code>\1</code>", text(words)))


def joined(parts: Iterable[object], between: str = "") -> Html:
    """Several parts as one.

    Args:
        parts: HTML, or anything else as text.
        between: stands between two parts, as text.
    """
    return Html(text(between).join(map(text, parts)))


def table(
    columns: Sequence[object],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Collection[int] = (),
    caption: str = "",
    class_: str | None = None,
) -> Html:
    """A table that scrolls sideways by itself where the window is narrow.

    Args:
        columns: headings.
        rows: cells of each row in the order of the columns; the first is the row's heading.
        numbers: positions of the columns that stand to the right.
        caption: above it; empty is none.
        class_: of the table.
    """

    def cell(name: str, place: int, value: object, scope: str | None = None) -> Html:
        return element(name, value, class_="number" if place in numbers else None, scope=scope)

    head = element("tr", *(cell("th", place, name, "col") for place, name in enumerate(columns)))
    body = [
        element("tr", *(cell("td" if place else "th", place, value, None if place else "row")
                        for place, value in enumerate(row)))
        for row in rows
    ]  # fmt: skip
    parts = [element("caption", caption)] if caption else []
    parts += [element("thead", head), element("tbody", *body)]
    return element("div", element("table", *parts, class_=class_), class_="wide", tabindex="0")


def facts(pairs: Iterable[tuple[object, object]]) -> Html:
    """Names and what they stand for, as a list.

    Args:
        pairs: in order.
    """
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in pairs))


def paragraph(*children: object, class_: str | None = None) -> Html:
    """A paragraph.

    Args:
        *children: HTML, or anything else as text.
        class_: of the paragraph.
    """
    return element("p", *children, class_=class_)


def note(*children: object) -> Html:
    """A smaller paragraph that says how something was made.

    Args:
        *children: HTML, or anything else as text.
    """
    return paragraph(*children, class_="note")
