from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

from trading.compiled import source_digest, step_files, step_functions

ROOT = Path(__file__).resolve().parents[1]
STEPS = ROOT / "trading" / "steps"


def test_an_edit_of_any_step_gives_another_cache_folder(tmp_path: Path) -> None:
    shutil.copytree(STEPS, tmp_path / "steps", ignore=shutil.ignore_patterns("__pycache__"))
    before = source_digest(tmp_path / "steps")
    assert before == source_digest()
    for file in step_files(tmp_path / "steps"):
        text = file.read_text()
        file.write_text(text + "\n# edited\n")
        assert source_digest(tmp_path / "steps") != before, file.name
        file.write_text(text)


def test_every_function_of_the_steps_room_can_be_compiled_into_a_loop() -> None:
    written = {
        node.name
        for file in step_files()
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert {step.__name__ for step in step_functions()} == written


def test_an_edited_callee_is_never_run_from_a_stale_cache(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "trading", tmp_path / "trading")
    program = (
        "from trading.simulation.features import compute_features\n"
        "from trading.settings.models import FeatureSpec\n"
        "from trading.market.sources.simulated import SimulatedMarket, simulate\n"
        "bars = simulate(SimulatedMarket(), 1_609_459_200_000 + 10 * 86_400_000).bars\n"
        "print(compute_features(bars, FeatureSpec())[-1, 8])\n"
    )

    def last_value() -> float:
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "SEVENGATES_COMPILED": str(tmp_path / "compiled")}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    first = last_value()
    assert last_value() == first
    steps = tmp_path / "trading" / "steps" / "features.py"
    steps.write_text(steps.read_text().replace("mean = (total + total_odd)", "mean = 2.0 * (total + total_odd)", 1))
    assert last_value() != first
