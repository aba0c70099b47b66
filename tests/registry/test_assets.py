from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.registry import assets
from trading.registry.assets import asset, generated, write_generated
from trading.settings.environment import QUIET
from trading.settings.models import GateSpec, PromotionSpec

ROOT = Path(__file__).resolve().parents[2]


def test_generated_files_are_up_to_date() -> None:
    stale = [name for name, data in generated().items() if (ROOT / "mlflow" / name).read_bytes() != data]
    assert stale == [], "run: python -m trading.registry.assets"


def test_schemas_hold_nothing_that_is_not_generated() -> None:
    there = {path.relative_to(ROOT / "mlflow").as_posix() for path in (ROOT / "mlflow" / "schemas").iterdir()}
    assert there == {name for name in generated() if name.startswith("schemas/")}


def test_policies_state_every_threshold_with_its_default_and_meaning() -> None:
    policies = json.loads(asset("policies.json").read_text())
    for table, spec in (("gates", GateSpec()), ("promotion", PromotionSpec())):
        stated = {key: row["default"] for key, row in policies[table].items()}
        assert stated == {f"{table}.{name}": value for name, value in spec.model_dump(mode="json").items()}
        assert all(row["meaning"] for row in policies[table].values())


def test_generated_files_can_be_written_anywhere(tmp_path: Path) -> None:
    for path in write_generated(tmp_path):
        json.loads(path.read_text())


def test_an_asset_comes_from_the_package_where_there_is_no_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "packaged").mkdir()
    (tmp_path / "packaged" / "model_card.md").write_text("packaged")
    monkeypatch.setattr(assets, "_CHECKOUT", tmp_path / "no-checkout")
    monkeypatch.setattr(assets, "_PACKAGED", tmp_path / "packaged")
    assert asset("model_card.md").read_text() == "packaged"


def test_an_asset_that_is_not_there_is_named() -> None:
    with pytest.raises(RegistryError, match=r"nothing\.json") as caught:
        asset("nothing.json")
    assert caught.value.code == ReasonCode.BUNDLE_MISSING


def test_the_data_folder_holds_no_python_and_does_not_shadow_the_library() -> None:
    assert not [path for path in (ROOT / "mlflow").rglob("*") if path.suffix in {".py", ".pyc", ".pyi"}]
    code = "import mlflow; print(mlflow.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, env={**os.environ, **QUIET}, check=True
    )
    assert done.stdout.strip()


def test_the_server_settings_turn_telemetry_off() -> None:
    lines = [line for line in asset("server.env").read_text().splitlines() if line and not line.startswith("#")]
    settings = dict(line.split("=", 1) for line in lines)
    assert settings["DO_NOT_TRACK"] == "true"
    assert settings["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert settings["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
