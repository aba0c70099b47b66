"""Hooks of the site: pages that are drawn from the rest of the checkout, so that nothing is written twice.

README, CONTRIBUTING and CHANGELOG become pages, every folder of code becomes a page of the API reference, a marker in a
page becomes the files of an example, the dotted name of something of ours becomes a link to it. MkDocs calls the
``on_`` functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("flows", "tasks", "envs", "trading")
PAGES_OF_THE_ROOT = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
EXAMPLES = "examples"
LANGUAGES = {".py": "python", ".patch": "diff", ".toml": "toml", ".csv": "text", ".sh": "sh", ".json": "json"}
WAITING = "*The example of this row is not written yet.*"

_MARKER = re.compile(r"^<!-- example: ([a-z_]+) -->$", re.MULTILINE)
_FENCED = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
_NAME = re.compile(rf"(?<![`\[:])`((?:{'|'.join(PACKAGES)})(?:\.\w+)+)`(?!`)")
_SIBLING = re.compile(r"\[([\w.]+)\]\(\1\)")
_LINK = re.compile(r"\]\(([^)#:]+)(#[^)]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill the parts of the navigation that follow from the files.

    Args:
        config: of the site; its navigation is changed in place.
    """
    sections = {title: entries for section in config.nav or [] for title, entries in section.items()}
    sections["Decisions"].extend(f"decisions/{path.name}" for path in sorted((ROOT / "docs/decisions").glob("*.md")))
    sections["API reference"].extend({name: f"api/{name}.md"} for name in rooms())
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere or nowhere.

    Args:
        files: of the site.
        config: of the site.
    """
    from mkdocs.structure.files import File

    for source, target in PAGES_OF_THE_ROOT.items():
        files.append(File.generated(config, target, content=as_page((ROOT / source).read_text())))
    for name, modules in rooms().items():
        files.append(File.generated(config, f"api/{name}.md", content=api_page(name, modules)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Link names of code, and put the files of an example where a page asks for them.

    Args:
        markdown: the page's text.
        page: which page it is.
        config: of the site.
        files: of the site.
    """
    text = markdown if page.file.src_uri.startswith("api/") else with_references(markdown)
    return _MARKER.sub(lambda found: example(ROOT / "docs" / EXAMPLES / found[1]), text)


def rooms() -> dict[str, list[str]]:
    """Every package of ours by its dotted name, with the dotted names of its public modules, in order.

    A package without an ``__init__.py``, or with modules that are all private, is not listed.
    """
    found: dict[str, list[str]] = {}
    for package in PACKAGES:
        for init in sorted((ROOT / package).rglob("__init__.py")):
            found[_dotted(init.parent)] = [
                _dotted(path.with_suffix(""))
                for path in sorted(init.parent.glob("*.py"))
                if not path.name.startswith("_")
            ]
    return found


def api_page(name: str, modules: list[str]) -> str:
    """The page of a room: its own sentence and names, then every module of it.

    Args:
        name: dotted name of the room.
        modules: dotted names of its modules.
    """
    blocks = [f"# {name}", f"::: {name}\n    options:\n      show_root_heading: false"]
    return "\n\n".join([*blocks, *(f"::: {module}" for module in modules)]) + "\n"


def as_page(text: str) -> str:
    """A file of the checkout's root as a page, its links as seen from the site.

    Args:
        text: Markdown with links that start at the root of the checkout.
    """

    def moved(found: re.Match[str]) -> str:
        target = PAGES_OF_THE_ROOT.get(found[1], found[1].removeprefix("docs/"))
        return f"]({target}{found[2] or ''})"

    return _LINK.sub(moved, text)


def with_references(text: str) -> str:
    """A page in which every dotted name of ours, written as code, leads to its place in the API reference.

    Args:
        text: Markdown; what is in fences stays as it is.
    """
    parts = _FENCED.split(text)
    parts[::2] = [_NAME.sub(r"[`\1`][\1]", part) for part in parts[::2]]
    return "".join(parts)


def markers(text: str) -> list[str]:
    """The kinds of which a page shows an example.

    Args:
        text: Markdown with markers such as ``<!-- example: engine -->``.
    """
    return _MARKER.findall(text)


def example(folder: Path) -> str:
    """An example as a part of a page: what its README says, then its files; or that it is still missing.

    Args:
        folder: of one example under ``docs/examples``; it may not exist yet.
    """
    return "\n\n".join(_parts(folder)) or WAITING


def _parts(folder: Path) -> Iterator[str]:
    readme = folder / "README.md"
    if readme.is_file():
        # Its title stands in the page already, and the files it links to follow.
        yield _SIBLING.sub(r"`\1`", readme.read_text().partition("\n")[2].strip())
    for path in sorted(folder.rglob("*")):
        if path.suffix in LANGUAGES and path.is_file():
            name = path.relative_to(ROOT)
            yield f'``` {LANGUAGES[path.suffix]} title="{name}"\n{path.read_text().rstrip()}\n```'


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).parts)
