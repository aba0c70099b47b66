"""The versions of a registry on SQLite, read from its file: a list is there before MLflow would be imported."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from trading.registry.records import Version

_SQLITE = "sqlite:///"
_DELETED = "Deleted_Internal"
_PROMPT = "mlflow.prompt.is_prompt"
_VERSIONS = "SELECT name, version, current_stage, run_id, creation_time FROM model_versions WHERE current_stage != ?"
_TAGS = "SELECT name, version, key, value FROM model_version_tags"


def read_versions(tracking_uri: str, model_name: str | None = None) -> list[Version] | None:
    """All versions of a model, or of all, by name and number, without their aliases; as MLflow's own search lists them.

    Args:
        tracking_uri: of the registry.
        model_name: registered model; None is all of them.

    Returns:
        None if only MLflow can tell: the registry is no SQLite file, or not in the form of the installed MLflow.
    """
    if not tracking_uri.startswith(_SQLITE):
        return None
    database = Path(tracking_uri.removeprefix(_SQLITE))
    if not database.exists():
        return []
    stamp = database.with_name(f"{database.name}.schema")
    if not stamp.exists() or stamp.read_text() != version("mlflow"):
        return None
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
            rows, tagged = db.execute(_VERSIONS, (_DELETED,)).fetchall(), db.execute(_TAGS).fetchall()
    except sqlite3.Error:
        # MLflow reads it, or says what is wrong with it.
        return None
    tags: dict[tuple[str, int], dict[str, str]] = {}
    for name, number, key, value in tagged:
        tags.setdefault((name, number), {})[key] = value
    found = [
        Version(
            model_name=name,
            version=int(number),
            stage=stage,
            run_id=run_id or "",
            created_ms=int(created),
            tags=tags.get((name, number), {}),
        )
        for name, number, stage, run_id, created in rows
        if model_name in (None, name) and _PROMPT not in tags.get((name, number), {})
    ]
    return sorted(found, key=lambda one: (one.model_name, one.version))
