"""The data of the folder ``mlflow/``: where to find it, and the part of it that is generated from the models here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from trading.canonical import write_atomic
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.settings.models import GateSpec, PromotionSpec

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PACKAGED = Path(__file__).with_name("assets")
_CHECKOUT = Path(__file__).resolve().parents[2]

STAGES = {
    "Production": "The version the live runner trades; at most one, and only APPROVED versions.",
    "Staging": "The latest approved version that was not better than Production, or has no live record yet.",
    "Archived": "Was in Production or Staging before; a rollback can bring a former Production back.",
    "None": "Not judged yet, or rejected: the tag `stage` says Rejected and the tag `reasons` says why.",
}


def asset(name: str) -> Path:
    """A file of ``mlflow/`` by its path inside it: from the checkout if this is one, else from the installed package.

    Args:
        name: path inside ``mlflow/``.

    Raises:
        RegistryError: if there is no such file.
    """
    checkout = (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "mlflow").is_dir()
    path = (_CHECKOUT / "mlflow" if checkout else _PACKAGED) / name
    if not path.is_file():
        raise RegistryError(
            ReasonCode.BUNDLE_MISSING,
            f"the file {name} of the installation is not at {path}.",
            remedy="Install the package again.",
        )
    return path


def generated() -> dict[str, bytes]:
    """Every generated file by its path inside ``mlflow/``."""
    from trading.gates.verdict import Verdict
    from trading.model.bundle import BundleHead, Manifest
    from trading.registry.entries import Entry

    documents: dict[str, Any] = {
        "schemas/bundle.json": _schema(BundleHead),
        "schemas/manifest.json": _schema(Manifest),
        "schemas/evidence.json": _evidence_schema(),
        "schemas/verdict.json": _schema(Verdict),
        "schemas/ledger.json": _schema(Entry),
        "policies.json": {
            "gates": _settings("gates", GateSpec()),
            "promotion": _settings("promotion", PromotionSpec()),
            "stages": STAGES,
        },
    }
    return {name: _pretty(document) for name, document in documents.items()}


def write_generated(folder: Path = _CHECKOUT / "mlflow") -> list[Path]:
    """Write the generated files; run it by ``python -m trading.registry.assets`` after changing a model.

    Args:
        folder: where ``mlflow/`` is.
    """
    paths = []
    for name, data in generated().items():
        write_atomic(folder / name, data)
        (folder / name).chmod(0o644)
        paths.append(folder / name)
    return paths


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return {"$schema": _DIALECT, **model.model_json_schema(mode="serialization")}


def _evidence_schema() -> dict[str, Any]:
    """Evidence with the sections of the checks of this release; others may stand beside them."""
    from pydantic.json_schema import models_json_schema

    from trading.checks.evidence import Evidence
    from trading.checks.table import CHECKS

    kinds = {name: check.evidence for name, check in CHECKS.items()}
    refs, schema = models_json_schema([(kind, "serialization") for kind in (Evidence, *kinds.values())])
    document = schema["$defs"].pop("Evidence")
    document["properties"]["checks"]["properties"] = {
        name: refs[(kind, "serialization")] for name, kind in kinds.items()
    }
    return {"$schema": _DIALECT, **document, "$defs": schema["$defs"]}


def _settings(table: str, spec: BaseModel) -> dict[str, Any]:
    """Defaults with their meaning, by the key that changes them."""
    return {
        f"{table}.{name}": {"default": getattr(spec, name), "meaning": field.description or ""}
        for name, field in type(spec).model_fields.items()
    }


def _pretty(document: Any) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


if __name__ == "__main__":
    for written in write_generated():
        print(written)
