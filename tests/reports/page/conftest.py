"""One page that most tests look at, and a reader of HTML that holds to the rules a browser forgives."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.pages import REPORT, judged_candidate
from trading.model.bundle import load_bundle
from trading.night.artifacts import BARS, SPLITS
from trading.night.evaluation import PageSubject, RivalSource, collect
from trading.night.publish import write_bundle_folder
from trading.reports.page import DrawnPage, PageData, Training, draw_page


@pytest.fixture(scope="session")
def page_data() -> Iterator[PageData]:
    """Everything of a candidate that met a champion, itself."""
    with tempfile.TemporaryDirectory() as folder:
        night, candidate = judged_candidate(Path(folder))
        bundle = load_bundle(write_bundle_folder(night.store, candidate, Path(folder)))
        yield collect(
            PageSubject(
                name="sevengates-sim-1h version 3",
                fate="It is in Staging.",
                bundle=bundle,
                bars=night.store.get(BARS, candidate.bars_ref),
                splits=night.store.get(SPLITS, candidate.splits_ref),
                why_no_bars="",
                rival=RivalSource(name="champion (version 2)", model=bundle.model),
                training=Training(fit={"engine": {"starts": 1}}, policy=REPORT),
            )
        )


@pytest.fixture(scope="session")
def page(page_data: PageData) -> DrawnPage:
    return draw_page(page_data)


class Reader(HTMLParser):
    """Reads a page, and refuses elements that are not closed or closed in another order.

    Attributes:
        words: text outside of style.
        ids: of elements.
        links: every value of an attribute that a browser could load or follow.
        names: of elements.
    """

    VOID = ("meta", "br", "hr", "img", "link", "input")
    LOADING = ("src", "href", "xlink:href", "srcset", "data", "action", "poster")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        values = dict(attrs)
        assert len(values) == len(attrs), (tag, attrs)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in self.LOADING]
        assert not [name for name in values if name.startswith("on")]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words.append(data)


@pytest.fixture(scope="session")
def reader() -> type[Reader]:
    return Reader
