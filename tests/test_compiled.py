from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

from trading.compiled import counts_references, source_digest, step_files, step_functions

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


def test_loops_call_only_steps_and_functions_of_their_own_file() -> None:
    """Whatever else a loop calls is not in the key of its cache."""
    for file in sorted((ROOT / "trading").rglob("*.py")):
        tree = ast.parse(file.read_text())
        loops = [node for node in tree.body if isinstance(node, ast.FunctionDef) and _is_loop(node)]
        if not loops:
            continue
        steps = {
            alias.asname or alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trading.steps.")
            for alias in node.names
        }
        own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        called = {
            node.func.id
            for loop in loops
            for node in ast.walk(loop)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert called <= steps | own | {"range", "min", "max", "abs", "len"}, file.name


def _is_loop(function: ast.FunctionDef) -> bool:
    return any(isinstance(mark, ast.Name) and mark.id == "compile_loop" for mark in function.decorator_list)


def test_only_steps_that_make_or_hand_over_arrays_count_references() -> None:
    counting = {step.__name__ for step in step_functions() if counts_references(step)}
    assert counting == {"new_account", "new_ring", "observation_names", "view_at", "policy_step", "emission_terms"}


def test_every_loop_keeps_inside_its_arrays_and_frees_what_it_takes() -> None:
    """numba checks no bounds by itself: a number too many is written into the neighbour."""
    program = (
        "import numpy as np\n"
        "from tests.support import random_model, small_bars\n"
        "from trading.checks.stress import run_stress\n"
        "from trading.engines.regimes.beliefs import filtered_probabilities\n"
        "from trading.engines.regimes.em import HmmParameters\n"
        "from trading.engines.stream import compute_signals\n"
        "from trading.settings.models import PolicySpec, StressSpec\n"
        "from trading.training.jobs import TrainingJob\n"
        "from envs.vectorised import LaneVecEnv\n"
        "bars, model = small_bars(40), random_model(1)\n"
        "run_stress(model, bars, 200, len(bars), spec=StressSpec(seeds=1), seed=1)\n"
        "parts = [model.engine[name] for name in ('startprob', 'transmat', 'means', 'covars')]\n"
        "filtered_probabilities(HmmParameters(*parts), np.zeros((5, 3)))\n"
        "job = TrainingJob(name='a', seed=1, bars=bars, signals=compute_signals(model, bars), model=model,\n"
        "    train=(100, 700), validation=(750, 900), spec=PolicySpec(lanes=4), episode_bars=100)\n"
        "lanes = LaneVecEnv(job, 1)\n"
        "lanes.reset()\n"
        "for _ in range(50):\n"
        "    lanes.step(np.zeros((4, 4), dtype=np.float32))\n"
        "from numba.core.runtime import rtsys\n"
        "held = []\n"
        "for _ in range(3):\n"
        "    run_stress(model, bars, 200, len(bars), spec=StressSpec(seeds=1), seed=1)\n"
        "    stats = rtsys.get_allocation_stats()\n"
        "    held.append((stats.alloc - stats.free, stats.mi_alloc - stats.mi_free))\n"
        "assert stats.alloc > 0 and len(set(held)) == 1, held\n"
        "from trading.compiled import numba_config\n"
        "print('checked', numba_config.BOUNDSCHECK)\n"
    )
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_NRT_STATS": "1", "PYTHONPATH": str(ROOT)}
    environment["SEVENGATES_COMPILED"] = f"{os.environ.get('SEVENGATES_COMPILED', ROOT / 'var' / 'tests')}/bounds"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "checked 1"


def test_an_edited_callee_is_never_run_from_a_stale_cache(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "trading", tmp_path / "trading")
    program = (
        "from trading.engines.series import compute_features\n"
        "from trading.steps.features import FeatureWindows\n"
        "from trading.market.sources.simulated import SimulatedMarket, simulate\n"
        "bars = simulate(SimulatedMarket(), 1_609_459_200_000 + 10 * 86_400_000).bars\n"
        "print(compute_features(bars, FeatureWindows(6, 12, 96, 48))[-1, 8])\n"
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
