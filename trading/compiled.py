"""Compilation: every function of ``trading.steps`` made known to numba, and the disk cache keyed by their source.

numba's cache sees an edit of the file a loop stands in, and not of a function the loop calls from another file. So
loops call the steps and functions of their own file only, and the cache folder is named by a digest of every step
file. The step modules themselves never import numba.
"""

from __future__ import annotations

import hashlib
import inspect
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

STEPS_FOLDER = Path(__file__).resolve().with_name("steps")
CACHE = "SEVENGATES_COMPILED"
"""Names the folder of compiled code; by default ``cache/numba`` under the home folder."""


def step_files(folder: Path = STEPS_FOLDER) -> list[Path]:
    """Every file whose functions can be compiled.

    Args:
        folder: where the step modules lie.
    """
    return sorted(folder.glob("*.py"))


def source_digest(folder: Path = STEPS_FOLDER) -> str:
    """SHA-256 over name and text of every step file, and over this file, which says how they are compiled.

    Args:
        folder: where the step modules lie; what is in its subfolders does not count.
    """
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in step_files(folder):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where compiled code of these very steps lies."""
    root = os.environ.get(CACHE) or Path(os.environ.get("SEVENGATES_HOME", "var")) / "cache" / "numba"
    return Path(root).resolve() / source_digest()[:16]


# numba reads the variable when it is first imported, so it is set before that import.
os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())

import numba  # noqa: E402
from numba.core import config as numba_config  # noqa: E402
from numba.extending import register_jitable  # noqa: E402

# Whatever else in this process imported numba first has fixed its cache folder; this line moves it all the same.
numba_config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]  # pyright: ignore[reportAttributeAccessIssue]  # set at run time


def step_functions() -> list[Callable[..., Any]]:
    """Every function of every step file."""
    modules = [import_module(f"trading.steps.{file.stem}") for file in step_files() if file.stem != "__init__"]
    return [
        function
        for module in modules
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
    ]


SCALARS = ("None", "bool", "int", "float", "tuple[float, float, float]", "Bar", "Signal", "VenueBar")
"""What a step may return that holds no array."""


def counts_references(step: Callable[..., Any]) -> bool:
    """Whether a compiled step has to count references to arrays: if it makes one, or hands one over.

    The others only look into arrays that their caller holds. Counting there is an atomic instruction for every array
    at every call, and takes most of the time of a step (measured: 104 of 140 ns a bar).

    Args:
        step: a function of a step file.
    """
    return step.__annotations__["return"] not in SCALARS or "np." in inspect.getsource(step).partition('"""')[2]


for _step in step_functions():
    register_jitable(_nrt=counts_references(_step))(_step)


def compile_loop(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop over step functions: no Python objects, other threads run meanwhile, kept on disk.

    Args:
        loop: calls steps and functions of its own file only; it is compiled at its first call.
    """
    return numba.njit(cache=True, nogil=True)(loop)


def compile_vector_loop(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop like :func:`compile_loop` whose sums may be taken in any order, so that they go side by side.

    The order is that of the processor's kind: what such a loop returns may differ in the last digits between two kinds.
    Steps are never compiled like this.

    Args:
        loop: calls functions of its own file only; it is compiled at its first call.
    """
    return numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"}, error_model="numpy")(loop)
