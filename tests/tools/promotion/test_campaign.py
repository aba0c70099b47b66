from __future__ import annotations

from pathlib import Path

from tools.promotion.nights import riders
from trading.engines.table import engine_names


def test_the_rider_is_an_engine_only_while_its_package_is_there(tmp_path: Path) -> None:
    with riders(tmp_path / "packages"):
        assert "rider" in engine_names()
    assert "rider" not in engine_names()
