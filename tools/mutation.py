"""Asks of the code that decides whether a test notices when one of its lines is changed, and prints the score.

Run by ``make mutation``. mutmut makes the changed functions (mutants) in ``mutants/`` and runs the tests of
``[tool.mutmut]`` on each; a mutant is killed if one of them fails. Verdicts stay there, so that a run goes on where the
last one stopped and tries again only what no test has killed.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

FLOORS: Mapping[str, float] = {
    "trading.steps": 90.0,
    "trading.simulation.metrics": 90.0,
    "trading.statistics": 90.0,
    "trading.gates": 95.0,
}
"""Per cent of the mutants of each room that must be killed; the gates are the last to look at a candidate."""

EQUIVALENTS = Path(__file__).with_name("equivalent_mutants.toml")

# Exit codes of mutmut's test processes: failed tests, a fault inside pytest, and what never came to an end.
_KILLED = (1, 3, 36, 24, -24, 152, 255, -9, -11)
_FIRST = "trading.steps.stops.*"


class Mutant(NamedTuple):
    """One changed function.

    Attributes:
        name: mutmut's.
        function: with its module.
        was: the lines that were changed, without indentation.
        becomes: what they were changed to.
        verdict: mutmut's exit code; None if it has none yet.
    """

    name: str
    function: str
    was: str
    becomes: str
    verdict: int | None

    @property
    def module(self) -> str:
        """Of the function."""
        return self.function.rpartition(".")[0]

    @property
    def killed(self) -> bool:
        """Whether a test failed, or the mutant never came to an end."""
        return self.verdict in _KILLED

    def is_in(self, rooms: Iterable[str]) -> bool:
        """Whether its module is in one of these rooms.

        Args:
            rooms: names of packages.
        """
        return any(self.module.startswith(f"{room}.") for room in rooms)

    @property
    def change(self) -> tuple[str, str, str]:
        """What the list of equivalents knows it by."""
        return self.function, self.was, self.becomes


class Equivalent(NamedTuple):
    """A change that no test can notice: what it says of the mutant, and why.

    Attributes:
        function: with its module.
        was: the changed lines.
        becomes: what they were changed to.
        reason: why nothing can tell the two apart.
        times: how many mutants of the function read so.
    """

    function: str
    was: str
    becomes: str
    reason: str
    times: int = 1

    def __str__(self) -> str:
        return f"{self.function}: {self.was}  ->  {self.becomes}: {self.reason}"


class Score(NamedTuple):
    """What became of some mutants.

    Attributes:
        mutants: how many there are.
        killed: how many of them a test killed.
        equivalent: how many live, and are listed as equivalent.
    """

    mutants: int
    killed: int
    equivalent: int

    @property
    def share(self) -> float:
        """Per cent that were killed of those that could be; NaN if there are none."""
        possible = self.mutants - self.equivalent
        return 100.0 * self.killed / possible if possible else math.nan

    def row(self, name: str) -> str:
        """A line of the table.

        Args:
            name: of the module or room.
        """
        survived = self.mutants - self.killed - self.equivalent
        return f"| {name} | {self.mutants} | {self.killed} | {survived} | {self.equivalent} | {self.share:.1f} % |"


class Report(NamedTuple):
    """What a run found.

    Attributes:
        lines: to be printed.
        faults: why the run fails; empty if it does not.
    """

    lines: list[str]
    faults: list[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run mutmut and print the report; return how the process ends.

    Args:
        arguments: of the command line, without the program; None takes those of this process.

    Returns:
        0 if the score is at least the floor, 1 if it is not, or if what mutmut said cannot be read.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="try this many mutants, drawn at random; 0 tries all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--room", choices=FLOORS, help="of which the mutants are tried; all rooms without it")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--fresh", action="store_true", help="forget every verdict first")
    given = parser.parse_args(arguments)
    root = Path.cwd()
    if given.fresh:
        shutil.rmtree(root / "mutants", ignore_errors=True)
    prepare(root)
    rooms = [given.room] if given.room else list(FLOORS)
    chosen = [f"{given.room}.*"] if given.room else []
    if given.sample:
        if not mutants_of(root):
            # mutmut makes every mutant before it tries the first.
            run_mutmut(root, given.workers, [_FIRST])
        names = sorted(mutant.name for mutant in mutants_of(root) if mutant.is_in(rooms))
        chosen = random.Random(given.seed).sample(names, min(given.sample, len(names)))
    run_mutmut(root, given.workers, chosen)
    tried = [mutant for mutant in mutants_of(root) if mutant.is_in(rooms)]
    if given.sample:
        tried = [mutant for mutant in tried if mutant.name in chosen]
    found = report(tried, read_equivalents(EQUIVALENTS), rooms=rooms, sampled=bool(given.sample))
    print(*found.lines, sep="\n")
    for fault in found.faults:
        print(fault, file=sys.stderr)
    return 1 if found.faults else 0


def prepare(root: Path) -> None:
    """Take away what an earlier checkout left in ``mutants/``, and forget the verdict of every mutant that lived.

    Args:
        root: the checkout.
    """
    folder = root / "mutants"
    folder.mkdir(exist_ok=True)
    shutil.rmtree(folder / "tests", ignore_errors=True)
    for copied in folder.glob("trading/**/*.py*"):
        if not (root / copied.relative_to(folder).with_name(copied.name.partition(".py")[0] + ".py")).exists():
            copied.unlink()
    tests, known = digest_of(sorted((root / "tests").rglob("*.py"))), folder / "tests.sha256"
    if not known.exists():
        known.write_text(tests)
    elif known.read_text() != tests:
        # Which tests reach which function is asked again.
        (folder / "mutmut-stats.json").unlink(missing_ok=True)
        print("==> Tests have changed since the first verdict; what they killed then counts. FRESH=1 tries it again.")
    for meta in folder.glob("trading/**/*.meta"):
        said = json.loads(meta.read_text())
        verdicts = said["exit_code_by_key"]
        said["exit_code_by_key"] = {name: code if code in _KILLED else None for name, code in verdicts.items()}
        meta.write_text(json.dumps(said))


def run_mutmut(root: Path, workers: int, names: Iterable[str]) -> None:
    """Make the mutants and try those named, or all that have no verdict.

    Args:
        root: the checkout.
        workers: processes.
        names: of mutants, or patterns of them; none for all.

    Raises:
        subprocess.CalledProcessError: if mutmut could not do its work.
    """
    # Called from Python a step is plain Python; with this, so are the loops around it.
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1"}
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(workers), *names]
    subprocess.run(command, cwd=root, env=environment, check=True)


def mutants_of(root: Path) -> list[Mutant]:
    """Every mutant of the checkout with its verdict, by module and in the order of its lines.

    Args:
        root: the checkout.
    """
    found: list[Mutant] = []
    for meta in sorted((root / "mutants").glob("trading/**/*.meta")):
        verdicts: Mapping[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"]
        if not verdicts:
            continue
        source = meta.with_suffix("").read_text().splitlines()
        spans = json.loads(meta.with_suffix(".spans").read_text())["spans"]
        for name, verdict in verdicts.items():
            module, _, changed = name.rpartition(".")
            function = changed.partition("__mutmut_")[0]
            before, after = (
                [line.strip().replace(each, function) for line in source[spans[each][0] - 1 : spans[each][1]]]
                for each in (f"{function}__mutmut_orig", changed)
            )
            delta = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
            was, becomes = (" ".join(line[1:] for line in delta if line[0] == sign).strip() for sign in "-+")
            found.append(Mutant(name, f"{module}.{function.removeprefix('x_')}", was, becomes, verdict))
    return found


def read_equivalents(file: Path) -> list[Equivalent]:
    """The list of changes that no test can notice.

    Args:
        file: TOML, a table ``equivalent`` for each.
    """
    return [Equivalent(**entry) for entry in tomllib.loads(file.read_text())["equivalent"]]


def report(
    mutants: Sequence[Mutant],
    equivalents: Sequence[Equivalent],
    *,
    rooms: Sequence[str] = tuple(FLOORS),
    sampled: bool = False,
) -> Report:
    """Score of every module, what lives, and what is called equivalent and why.

    Args:
        mutants: that were tried.
        equivalents: that are listed.
        rooms: of which mutants were tried.
        sampled: whether these are a sample, of which a room may hold few and the list more than were drawn.
    """
    floors = {"all": min(FLOORS.values())} if sampled else {room: FLOORS[room] for room in rooms}
    listed = {(each.function, each.was, each.becomes): each for each in equivalents}
    excused = [mutant for mutant in mutants if not mutant.killed and mutant.change in listed]
    survived = [mutant for mutant in mutants if not mutant.killed and mutant.change not in listed]
    counted = Counter(mutant.change for mutant in excused)
    modules = sorted({mutant.module for mutant in mutants})
    groups = {module: [mutant for mutant in mutants if mutant.module == module] for module in modules}
    groups |= {room: [mutant for mutant in mutants if mutant.is_in([room])] for room in rooms}
    scores = {name: _score(group, excused) for name, group in (groups | {"all": list(mutants)}).items()}
    return Report(
        [
            "| module | mutants | killed | survived | equivalent | score |",
            "|---|---:|---:|---:|---:|---:|",
            *(score.row(name) for name, score in scores.items()),
            f"\nEquivalent, {len(excused)}:",
            *(f"  {each}" for key, each in listed.items() if counted[key]),
            f"\nSurvived, {len(survived)}:",
            *(f"  {mutant.name}: {mutant.was}  ->  {mutant.becomes}" for mutant in survived),
        ],
        [
            f"{name} is under {floor:.0f} %: {scores[name].share:.1f} %"
            for name, floor in floors.items()
            if not scores[name].share >= floor
        ]
        + [f"{mutant.name} has no verdict: run it again" for mutant in mutants if mutant.verdict is None]
        + [
            f"{EQUIVALENTS.name} says {each.times} of this, {counted[key]} live: {each}"
            for key, each in listed.items()
            if counted[key] != each.times
            and not sampled
            and each.function.startswith(tuple(f"{room}." for room in rooms))
        ],
    )


def _score(group: Sequence[Mutant], excused: Sequence[Mutant]) -> Score:
    return Score(len(group), sum(mutant.killed for mutant in group), sum(mutant in excused for mutant in group))


def digest_of(files: Iterable[Path]) -> str:
    """SHA-256 over the names and texts of files.

    Args:
        files: in an order that does not change.
    """
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
