"""Proves that a wheel is whole: installs it into a fresh environment outside the checkout and runs a night there.

Run as ``python -m tools.wheel_night WHEEL``; ``make release`` does so before it tags.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
PACKAGES = ("flows", "tasks", "envs", "trading")

QUICK_SETTINGS = """\
# A night of a minute: few bars, one short policy, and gates that an honest candidate of that size passes.
[market]
history_bars = 5000

[regimes]
seeds = 1
iterations = 15

[policy]
seeds = 1
steps = 1000
lanes = 8
rollout = 16
batch_size = 64
hidden = 16
workers = 1

[depth]
target_bars = 500

[drift]
critical_psi = 1000.0
critical_ks = 1.0
recent_bars = 80
minimum_psi = 1000.0
minimum_tails = 1.0
minimum_brier = 1.0

[stress]
max_drawdown = 1.0
max_loss = 1.0
max_excess_drawdown = 1.0
max_shock_loss = 100.0
max_excess_recovery = 1.0
min_trades = 1
min_met = 0.01
seeds = 2

[gates]
min_sharpe = -100.0
min_win_rate = 0.0
min_profit_factor = 0.0
max_drawdown = 1.0
max_volatility = 100.0
max_consecutive_losses = 10000
max_brier = 1.0
max_ece = 1.0
max_psi = 1000.0
"""
AS_OF = "2021-12-01"

_OTHERS = ("SEVENGATES_", "PREFECT_", "MLFLOW_", "COVERAGE_", "COV_CORE_", "PYTEST_")

_WHERE = """
import importlib, json, sys
from pathlib import Path
from trading.registry.assets import asset
names = {packages!r}
places = [importlib.import_module(name).__file__ for name in names] + [str(asset(name)) for name in {assets!r}]
print(json.dumps([place for place in places if Path(sys.prefix) not in Path(place).parents]))
"""


class WheelError(Exception):
    """The wheel lacks something, or its night did not end as it should."""


@dataclass(frozen=True)
class FreshInstall:
    """An environment that holds the wheel and what it names, and nothing of the checkout.

    Attributes:
        folder: where it lies, and where its commands run.
    """

    folder: Path

    def run(self, command: str, *arguments: str) -> str:
        """What a command of the environment prints.

        Args:
            command: a program of the environment, such as ``python``.
            *arguments: what follows it.

        Raises:
            WheelError: if the command fails; its output ends the message.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)}
        kept.pop("PYTHONPATH", None)
        kept.pop("VIRTUAL_ENV", None)
        line = [str(self.folder / "venv" / "bin" / command), *arguments]
        done = subprocess.run(line, cwd=self.folder, env=kept, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            shown = f"{command} {' '.join(arguments)}"[:200]
            raise WheelError(f"{shown} ended with {done.returncode} in {self.folder}:\n{done.stdout}{done.stderr}")
        return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Install the named wheel, run a night, print how it ended.

    Args:
        arguments: of the command line, without the program; None takes those of this process.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.wheel_night", description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--torch-index", default="", help="an index of CPU wheels of torch")
    given = parser.parse_args(arguments)
    try:
        print(night_from(given.wheel, torch_index=given.torch_index))
    except WheelError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def night_from(wheel: Path, *, torch_index: str = "") -> str:
    """Install a wheel in a temporary folder and run a quick night of the embedded market there.

    Args:
        wheel: the file.
        torch_index: an index of CPU wheels of torch; empty for pip's own.

    Returns:
        How the night ended, as one line.

    Raises:
        WheelError: if the wheel lacks a package or a file, or the night failed.
    """
    with tempfile.TemporaryDirectory(prefix="sevengates-wheel-", ignore_cleanup_errors=True) as name:
        fresh = install(wheel.resolve(), Path(name), torch_index=torch_index)
        check_place(fresh)
        (fresh.folder / "sevengates.toml").write_text(QUICK_SETTINGS)
        first = night(fresh)
        again = night(fresh)
        versions = json.loads(fresh.run("sevengates", "models", "list", "--json"))
    expected = ("Promoted", "Nothing to do", 1)
    if (first, again, len(versions)) != expected:
        raise WheelError(
            f"the first night, the same night again, and the number of versions should be {expected}, but are "
            f"{(first, again, len(versions))}."
        )
    return f"{wheel.name} runs a night in an environment of its own; the same night again has nothing to do."


def install(wheel: Path, folder: Path, *, torch_index: str) -> FreshInstall:
    """Make an environment in ``folder`` and install the wheel with all that a night needs.

    Args:
        wheel: the file.
        folder: an empty folder outside the checkout.
        torch_index: an index of CPU wheels of torch; empty for pip's own.

    Raises:
        WheelError: if the folder lies in the checkout, or pip fails.
    """
    if ROOT in folder.resolve().parents:
        raise WheelError(f"{folder} lies in the checkout, where the wheel's own files would not be needed.")
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    fresh = FreshInstall(folder)
    pip = ("-m", "pip", "install", "-qq", "--disable-pip-version-check", "-c", str(CONSTRAINTS))
    # First and alone: a bare torch among other packages brings CUDA packages of several GB.
    fresh.run("python", *pip, *(("--extra-index-url", torch_index) if torch_index else ()), "torch")
    fresh.run("python", *pip, f"{wheel}[train]")
    return fresh


def check_place(fresh: FreshInstall) -> None:
    """Check that every package, and every file of ``mlflow/``, comes from the environment.

    Args:
        fresh: the environment.

    Raises:
        WheelError: if one does not.
    """
    assets = [str(path.relative_to(ROOT / "mlflow")) for path in (ROOT / "mlflow").rglob("*") if path.is_file()]
    outside = json.loads(fresh.run("python", "-c", _WHERE.format(packages=PACKAGES, assets=assets)))
    if outside:
        raise WheelError(f"these come from somewhere else than the wheel: {', '.join(outside)}.")


def night(fresh: FreshInstall) -> str:
    """Run the night; the name of the state in which it ended.

    Args:
        fresh: the environment with the wheel; the night runs in its folder.
    """
    return json.loads(fresh.run("sevengates", "nightly", "--as-of", AS_OF, "--json"))["result"]


if __name__ == "__main__":
    sys.exit(main())
