"""The checks of ``sevengates doctor``: each looks at one thing of this machine and changes nothing."""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
import tempfile
import urllib.error
import urllib.request
from contextlib import closing
from importlib import metadata
from pathlib import Path

from trading.codes import ReasonCode
from trading.errors import SevengatesError
from trading.results import CheckResult
from trading.settings.loader import without_password

PREFECT_PAGE = "http://127.0.0.1:4200"
MLFLOW_PAGE = "http://127.0.0.1:5000"

_OLDEST_PYTHON = (3, 11)
_LEAST_FREE_GB = 2.0
_CONSTRAINTS = Path(__file__).resolve().parents[2] / "constraints.txt"
_SECONDS = 2.0
_RESTORE = "Restore the file from a backup; a ledger is never repaired by hand."


def python_version() -> CheckResult:
    """Python is new enough."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= _OLDEST_PYTHON:
        return CheckResult(name="python", passed=True, observed=found, threshold="3.11", message=sys.executable)
    return CheckResult(
        name="python",
        passed=False,
        observed=found,
        threshold="3.11",
        code=ReasonCode.BELOW_MINIMUM,
        message=sys.executable,
        remedy="Install Python 3.11 or newer and run make setup again.",
    )


def packages() -> list[CheckResult]:
    """What the runner needs is installed; without the rest this machine can trade but not train."""
    required = {extra: _required(extra) for extra in ("", "train")}
    results: list[CheckResult] = []
    for name, extra, severity, remedy in (
        ("packages of the runner", "", "block", "Run make setup, or pip install sevengates."),
        ("packages of the night", "train", "warn", "Run make setup, or pip install 'sevengates[train]'."),
    ):
        missing = [package for package in required[extra] if _installed(package) is None]
        results.append(
            CheckResult(
                name=name,
                passed=not missing,
                severity="block" if severity == "block" else "warn",
                observed=len(required[extra]) - len(missing),
                threshold=len(required[extra]),
                code=ReasonCode.PACKAGE_MISSING if missing else ReasonCode.OK,
                message=f"missing: {', '.join(missing)}" if missing else "all installed",
                remedy=remedy if missing else "",
            )
        )
    return results


def versions(constraints: Path = _CONSTRAINTS) -> CheckResult:
    """Installed versions are those that were tested together.

    Args:
        constraints: file of ``NAME==VERSION`` lines; if it is missing there is nothing to compare.
    """
    name = "package versions"
    if not constraints.exists():
        return CheckResult(name=name, passed=True, message="constraints.txt is part of a checkout; none here")
    pinned = dict(
        line.strip().split("==") for line in constraints.read_text().splitlines() if "==" in line and line[0] != "#"
    )
    found = {package: _installed(package) for package in pinned}
    other = {
        package: version
        for package, version in found.items()
        # A local label such as +cpu names a build of the same version.
        if version is not None and version.partition("+")[0] != pinned[package]
    }
    return CheckResult(
        name=name,
        passed=not other,
        severity="warn",
        observed=len(other),
        threshold=0,
        code=ReasonCode.ABOVE_MAXIMUM if other else ReasonCode.OK,
        message=", ".join(f"{package} {version} instead of {pinned[package]}" for package, version in other.items())
        or f"as in {constraints.name}",
        remedy="Run make setup: untested versions may give other numbers." if other else "",
    )


def home_writable(home: Path) -> CheckResult:
    """The folder of run-time state, or the nearest one above it that exists, takes a file.

    Args:
        home: ``SEVENGATES_HOME``; it may not exist yet.
    """
    folder = _existing(home)
    try:
        with tempfile.TemporaryFile(dir=folder):
            return CheckResult(name="home folder", passed=True, message=str(home))
    except OSError as error:
        return CheckResult(
            name="home folder",
            passed=False,
            code=ReasonCode.CONFIG_INVALID,
            message=f"{home}: {error.strerror} in {folder}",
            remedy="Make that folder writable, or set SEVENGATES_HOME to one that is.",
        )


def disk_space(home: Path) -> CheckResult:
    """There is room for some nights.

    Args:
        home: ``SEVENGATES_HOME``; the disk that it lies on, or will lie on, is measured.
    """
    free = round(shutil.disk_usage(_existing(home)).free / 1e9, 1)
    enough = free >= _LEAST_FREE_GB
    return CheckResult(
        name="disk space, GB",
        passed=enough,
        severity="warn",
        observed=free,
        threshold=_LEAST_FREE_GB,
        code=ReasonCode.OK if enough else ReasonCode.BELOW_MINIMUM,
        remedy="" if enough else "Free some space, or set SEVENGATES_HOME to another disk.",
    )


def store(location: str) -> CheckResult:
    """The artifact store answers.

    Args:
        location: a folder, or an fsspec address with ``://``.
    """
    if "://" not in location:
        return home_writable(Path(location)).model_copy(update={"name": "artifact store"})
    try:
        import fsspec

        filesystem, path = fsspec.core.url_to_fs(location)
        filesystem.exists(path)
    # Each of fsspec's file systems has exceptions of its own, and a missing one is an ImportError.
    except Exception as error:  # noqa: BLE001
        return CheckResult(
            name="artifact store",
            passed=False,
            code=ReasonCode.STORE_MISSING,
            message=f"{location}: {error}",
            remedy="Check runtime.store and the credentials of that storage.",
        )
    return CheckResult(name="artifact store", passed=True, message=location)


def registry(tracking_uri: str) -> CheckResult:
    """MLflow's database opens, or its server answers.

    Args:
        tracking_uri: MLflow's address: ``http(s)://`` or ``sqlite:///``; another kind is not checked.
    """
    if tracking_uri.startswith(("http://", "https://")):
        problem = _http_problem(f"{tracking_uri.rstrip('/')}/health")
    elif tracking_uri.startswith("sqlite:///"):
        database = Path(tracking_uri.removeprefix("sqlite:///"))
        if not database.exists():
            return CheckResult(name="model registry", passed=True, message=f"{database}: made by the first night")
        problem = _sqlite_problem(database, "select version_num from alembic_version")
    else:
        return CheckResult(name="model registry", passed=True, message="not checked: another kind of database")
    if problem is None:
        return CheckResult(name="model registry", passed=True, message=without_password(tracking_uri))
    return CheckResult(
        name="model registry",
        passed=False,
        code=ReasonCode.REGISTRY_UNREACHABLE,
        message=f"{without_password(tracking_uri)}: {problem}",
        remedy="Start the server that runtime.tracking_uri names, or correct the setting.",
    )


def ledger(path: Path) -> CheckResult:
    """The promotion ledger's hash chain verifies.

    Args:
        path: the SQLite file; it may not exist yet.
    """
    from trading.registry.ledger import Ledger

    if not path.exists():
        return CheckResult(name="promotion ledger", passed=True, message=f"{path}: made by the first night")
    try:
        rows = Ledger(path).verify()
    except (SevengatesError, sqlite3.Error) as error:
        return CheckResult(
            name="promotion ledger",
            passed=False,
            code=error.code if isinstance(error, SevengatesError) else ReasonCode.LEDGER_BROKEN,
            message=f"{path}: {error.message if isinstance(error, SevengatesError) else error}",
            remedy=error.remedy if isinstance(error, SevengatesError) else _RESTORE,
        )
    return CheckResult(name="promotion ledger", passed=True, observed=rows, message=f"{path}: rows verified")


def numba_cache(folder: Path) -> CheckResult:
    """Whether the step functions are compiled already, or the next night spends the time.

    Args:
        folder: where numba keeps compiled code, searched with its subfolders.
    """
    compiled = list(folder.glob("**/*.nbc"))
    if not compiled:
        return CheckResult(name="compiled steps", passed=True, observed=0, message="the first night compiles them")
    return CheckResult(name="compiled steps", passed=True, observed=len(compiled), message=str(folder))


def page(name: str, health: str) -> CheckResult:
    """Whether a page of ``sevengates ui`` is up; a night does not need it.

    Args:
        name: what the report calls it.
        health: address that answers while the page is up.
    """
    problem = _http_problem(health)
    shown = health.removesuffix("/health").removesuffix("/api")
    return CheckResult(
        name=name, passed=True, severity="warn", message=shown if problem is None else "not running; make ui starts it"
    )


def _required(extra: str) -> list[str]:
    """Names that the installed distribution asks for, in its base or in one extra."""
    names: list[str] = []
    for requirement in metadata.requires("sevengates") or []:
        wanted, _, marker = requirement.partition(";")
        named = re.search(r"extra\s*==\s*['\"](\w+)['\"]", marker)
        name = re.match(r"[\w.-]+", wanted)
        if name is not None and (named[1] if named else "") == extra:
            names.append(name[0])
    return names


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _sqlite_problem(path: Path, query: str) -> str | None:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_SECONDS)) as connection:
            connection.execute(query).fetchone()
    except sqlite3.Error as error:
        return str(error)
    return None


def _http_problem(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS):
            return None
    except (urllib.error.URLError, OSError, ValueError) as error:
        return str(error)
