from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest

from tools import site_pages

OWN = ("flows", "tasks", "envs", "trading", "tools")
IN_A_WHEEL = "trading/registry/assets/"
EXTERNAL_ASSET = re.compile(r"<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)=\"?(?:https?:)?//[^\" >]+")


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a broken link, anchor or reference fails here."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=root,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if not line.startswith("INFO"))
    return folder


def test_every_public_module_has_its_place_in_the_api_reference(root: Path, site: Path) -> None:
    for room, modules in site_pages.rooms().items():
        page = (site / "api" / f"{room}.html").read_text()
        assert [name for name in modules if f'id="{name}"' not in page] == []
    listed = {name for modules in site_pages.rooms().values() for name in modules}
    tracked = subprocess.run(
        ["git", "ls-files", *site_pages.PACKAGES], cwd=root, check=True, capture_output=True, text=True
    ).stdout.split()
    public = {
        name.removesuffix(".py").replace("/", ".")
        for name in tracked
        if name.endswith(".py") and not Path(name).name.startswith("_") and (root / name).is_file()
    }
    assert public <= listed


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    loaded = {found for page in pages for found in EXTERNAL_ASSET.findall(page.read_text())}
    assert {tag for tag in loaded if "rel=canonical" not in tag} == set()


def test_links_of_the_readme_are_turned_to_the_site() -> None:
    text = "[a](docs/data.md) [b](CONTRIBUTING.md#c) ![d](docs/images/e.png) [f](https://g.example/docs/h) [i](#j)"
    expected = "[a](data.md) [b](contributing.md#c) ![d](images/e.png) [f](https://g.example/docs/h) [i](#j)"
    assert site_pages.as_page(text) == expected


def test_a_dotted_name_of_ours_leads_to_the_api_reference() -> None:
    text = "`trading.store.Ref`, `numpy.array`, `trading/store.py`, ``:func:`trading.a.b` ``\n```sh\n`trading.c`\n```\n"
    assert site_pages.with_references(text) == text.replace(
        "`trading.store.Ref`", "[`trading.store.Ref`][trading.store.Ref]"
    )


def test_an_example_shows_its_files_and_says_when_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_pages, "ROOT", tmp_path)
    folder = tmp_path / "docs" / "examples" / "source"
    assert site_pages.example(folder) == site_pages.WAITING
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__" / "source.pyc").write_bytes(b"")
    (folder / "source.py").write_text('"""A source."""\n')
    file = '``` python title="docs/examples/source/source.py"\n"""A source."""\n```'
    assert site_pages.example(folder) == file
    (folder / "README.md").write_text("# A source\n\n[source.py](source.py) is [whole](#here).\n")
    assert site_pages.example(folder) == f"`source.py` is [whole](#here).\n\n{file}"


def test_every_example_stands_in_a_page_and_in_a_test(root: Path) -> None:
    kinds = {path.name for path in (root / "docs" / "examples").glob("*") if path.is_dir()}
    shown = {found for page in (root / "docs").glob("*.md") for found in site_pages.markers(page.read_text())}
    assert kinds <= shown
    tests = "".join(path.read_text() for path in (root / "tests").rglob("*.py") if path.name != Path(__file__).name)
    run = {kind for kind in kinds if re.search(rf"examples[/\"', ]+{kind}\b|example\(\"{kind}\b", tests)}
    assert kinds == run


def test_the_pages_name_only_code_that_is_there(root: Path) -> None:
    # An example says where its files will stand.
    written = [page for page in (root / "docs").rglob("*.md") if root / "docs" / "examples" not in page.parents]
    pages = [*root.glob("*.md"), *written, root / "mlflow" / "README.md", root / "prefect.yaml"]
    code = re.compile(rf"\b(?:{'|'.join(OWN)})(?:(?:/\w+)+(?:\.py|/)?|(?:\.\w+)+)")
    unknown = {
        f"{page.relative_to(root)}: {name}"
        for page in pages
        for name in code.findall(page.read_text())
        if not there(root, name)
    }
    assert unknown == set()


def there(root: Path, name: str) -> bool:
    """Whether a name in a page is a file or folder of the checkout, or a module or what one holds."""
    if "/" in name:
        return name == IN_A_WHEEL or (root / name).exists()
    try:
        resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True
