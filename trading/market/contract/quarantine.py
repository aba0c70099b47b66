"""Keeps a file that breaches the contract where it can be looked at, beside a report for people and for machines."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trading.canonical import canonical_json, write_atomic
from trading.markdown import table
from trading.market.raw import Repair
from trading.results import CheckResult


def quarantine_file(
    root: Path,
    *,
    symbol: str,
    digest: str,
    file: Path | None,
    checks: Sequence[CheckResult],
    repairs: Sequence[Repair] = (),
) -> Path:
    """Copy a refused file into ``root/SYMBOL/DIGEST`` with ``report.json`` and ``report.md``; return that folder.

    The same bytes always lie in the same folder, so a night that is refused again does not fill the disk. The report
    is written last: a folder with a report is whole.

    Args:
        root: folder of all quarantined files.
        symbol: the name of the market.
        digest: SHA-256 of the source's bytes.
        file: the file, or None for a source without one.
        checks: results of the contract, failed and passed.
        repairs: what explicit options had changed before.
    """
    folder = root / _safe(symbol) / digest[:12]
    folder.mkdir(parents=True, exist_ok=True)
    if file is not None:
        _copy(file, folder / file.name)
    report: dict[str, Any] = {
        "symbol": symbol,
        "file": file.name if file is not None else None,
        "sha256": digest,
        "checks": [check.model_dump(mode="json") for check in checks],
        "repairs": [repair_as_json(repair) for repair in repairs],
    }
    write_atomic(folder / "report.md", _markdown(report, checks).encode())
    write_atomic(folder / "report.json", canonical_json(report))
    return folder


def repair_as_json(repair: Repair) -> dict[str, Any]:
    """A repair as report data.

    Args:
        repair: what an option of the settings has changed.
    """
    return {"option": repair.option, "count": repair.count, "message": repair.message, "rows": list(repair.rows)}


def _markdown(report: dict[str, Any], checks: Sequence[CheckResult]) -> str:
    name = report["file"] or "the source"
    lines = [
        f"# {report['symbol']}: {name} was refused",
        "",
        f"SHA-256 `{report['sha256']}`. Nothing was imported.",
        "",
    ]
    lines += [table(("check", "result", "observed", "limit"), map(_check_row, checks))]
    for repair in report["repairs"]:
        lines += ["", f"Repaired before ({repair['option']}): {repair['message']}."]
    for check in checks:
        if check.passed:
            continue
        lines += ["", f"## {check.code}", "", _plain(check.message), "", f"Remedy: {_plain(check.remedy)}"]
        rows = check.evidence.get("rows") or check.evidence.get("gaps") or []
        if rows:
            columns = list(rows[0])
            lines += ["", table(columns, ([_cell(row.get(column)) for column in columns] for row in rows))]
    return "\n".join(lines) + "\n"


def _check_row(check: CheckResult) -> tuple[str, str, str, str]:
    result = "passed" if check.passed else ("FAILED" if check.severity == "block" else "warning")
    return check.name, result, _cell(check.observed), _cell(check.threshold)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _cell(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)
    return _plain(text).replace("`", "'").replace("<", "&lt;")


def _safe(symbol: str) -> str:
    """A folder name: a symbol may hold slashes, and must not be able to leave the folder."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", symbol) or "-"


def _copy(source: Path, target: Path) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as out, source.open("rb") as data:
            shutil.copyfileobj(data, out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
