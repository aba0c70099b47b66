from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    *("mlflow", "torch", "stable_baselines3", "gymnasium", "pandas", "sklearn", "scipy", "prefect", "pyarrow"),
    *("great_expectations", "evidently", "numba", "hmmlearn", "matplotlib", "fsspec"),
)
MODULES = ("trading.live.runner", "trading.live.launch", "trading.live.record", "trading.cli.live")


@pytest.mark.parametrize(
    "module", ["trading.live.runner", "trading.live.launch", "trading.live.record", "trading.cli.live"]
)
def test_importing_the_runner_loads_nothing_of_the_training_wing(root: Path, module: str) -> None:
    code = f"import sys, {module}; heavy = set({HEAVY!r}) & set(sys.modules); assert not heavy, heavy"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)


def test_a_whole_replay_loads_nothing_of_the_training_wing(root: Path, folder: Path) -> None:
    from tests.live.support import bundle_of

    bundle = bundle_of(folder, 4)
    command = ["live", "--bundle", str(bundle.folder), "--from", "2021-01-10", "--to", "2021-01-20", "--json"]
    code = (
        "import contextlib, sys; from trading.cli.main import main\n"
        f"with contextlib.suppress(SystemExit): main({[*command, '--journal', str(folder / 'j.db')]!r})\n"
        f"heavy = set({HEAVY!r}) & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, stdout=subprocess.DEVNULL)
    assert (folder / "j.db").exists()
