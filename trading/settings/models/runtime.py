"""Settings table ``[runtime]``: where state lies, and which services are used."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from trading.settings.models.base import Spec


class RuntimeSpec(Spec):
    """Where state lives and which services are used."""

    home: str = Field(default="var", min_length=1, description="Folder of all run-time state.")
    store: str = Field(
        default="", description="Artifact store, a folder or an fsspec URL such as s3://bucket; empty: HOME/store."
    )
    tracking_uri: str = Field(default="", description="MLflow tracking and registry URI; empty: SQLite under HOME.")
    ledger: str = Field(default="", description="SQLite file of the promotion ledger; empty: HOME/ledger.db.")
    tracking_token: SecretStr = Field(default=SecretStr(""), description="Bearer token for a remote MLflow server.")
    seed: int = Field(default=7, ge=0, description="Root of every random number.")
    symbols_at_a_time: int = Field(
        default=2, ge=1, le=1_000, description="Nights of different symbols that run side by side."
    )
    task_runner: Literal["threads", "dask", "ray"] = Field(
        default="threads",
        description="What runs them: threads of one process, or a Dask or Ray cluster (extras dask and ray).",
    )
