from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from trading.simulation.compiled import STEP_FILES, STEPS, source_digest

ROOT = Path(__file__).resolve().parents[2]


def test_an_edit_of_any_step_gives_another_cache_folder(tmp_path: Path) -> None:
    for name in STEP_FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "trading" / name, tmp_path / name)
    before = source_digest(tmp_path)
    assert before == source_digest()
    for name in STEP_FILES:
        text = (tmp_path / name).read_text()
        (tmp_path / name).write_text(text + "\n# edited\n")
        assert source_digest(tmp_path) != before, name
        (tmp_path / name).write_text(text)


def test_every_compiled_step_comes_from_a_file_of_the_digest() -> None:
    files = {f"{step.__module__.removeprefix('trading.').replace('.', '/')}.py" for step in STEPS}
    assert files <= set(STEP_FILES)


def test_an_edited_callee_is_never_run_from_a_stale_cache(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "trading", tmp_path / "trading")
    program = (
        "from trading.features.batch import compute_features\n"
        "from trading.config import FeatureSpec\n"
        "from trading.market.simulated import SimulatedMarket, simulate\n"
        "bars = simulate(SimulatedMarket(), 1_609_459_200_000 + 10 * 86_400_000).bars\n"
        "print(compute_features(bars, FeatureSpec())[-1, 8])\n"
    )

    def last_value() -> float:
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "SEVENGATES_HOME": str(tmp_path / "var")}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    first = last_value()
    assert last_value() == first
    steps = tmp_path / "trading" / "features" / "steps.py"
    steps.write_text(steps.read_text().replace("mean = (total + total_odd)", "mean = 2.0 * (total + total_odd)", 1))
    assert last_value() != first
