from __future__ import annotations

import os
import tomllib
from pathlib import Path

from tests.cli.conftest import Run
from trading.cli.reference import reference_pages
from trading.codes import ReasonCode
from trading.settings.loader import describe


def test_show_prints_the_resolved_settings_as_toml_or_json(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sevengates.toml").write_text("[gates]\nmin_sharpe = 1.5\n")
    assert tomllib.loads(run("config", "show").out)["gates"]["min_sharpe"] == 1.5
    assert run("config", "show", "--json").json["gates"]["min_sharpe"] == 1.5
    assert run("--set", "gates.min_sharpe=2.5", "config", "show", "--json").json["gates"]["min_sharpe"] == 2.5


def test_show_takes_the_file_named_before_the_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[runtime]\nseed = 3\n")
    assert run("--config", "other.toml", "config", "show", "--json").json["runtime"]["seed"] == 3
    assert run("--config", "absent.toml", "config", "show").code == 2


def test_show_masks_secrets_and_makes_no_folder(run: Run, tmp_path: Path) -> None:
    os.environ["SEVENGATES_RUNTIME__TRACKING_TOKEN"] = "hunter2"
    result = run("config", "show")
    assert "hunter2" not in result.out
    assert 'tracking_token = "**********"' in result.out
    assert not (tmp_path / "var").exists()


def test_docs_writes_the_generated_pages(run: Run, tmp_path: Path) -> None:
    assert run("config", "docs", "pages").code == 0
    assert {path.name for path in (tmp_path / "pages").iterdir()} == set(reference_pages())


def test_the_generated_pages_are_up_to_date(root: Path) -> None:
    stale = [name for name, text in reference_pages().items() if (root / "docs" / name).read_text() != text]
    assert not stale, f"run: make docs ({stale})"


def test_the_generated_pages_name_every_key_and_code() -> None:
    text = reference_pages()
    for setting in describe():
        assert f"| `{setting.key.partition('.')[2]}` |" in text["configuration.md"]
    for code in ReasonCode:
        assert f"| `{code}` | {code.meaning} |" in text["codes.md"]
