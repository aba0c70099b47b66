from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.registry.conftest import NAME
from trading.codes import ReasonCode
from trading.errors import ConfigError, LiveError, RegistryError
from trading.model.bundle import load_bundle
from trading.registry import client as registry_client
from trading.registry.adapter import MlflowRegistry
from trading.registry.client import RegisteredVersion, RegistryClient
from trading.registry.ledger import Ledger
from trading.registry.promotion import enter_production

Log = Callable[..., int]


def test_the_champion_is_the_version_in_production_and_its_bundle_verifies(
    registry: MlflowRegistry, ledger: Ledger, log: Log, tmp_path: Path
) -> None:
    version = log(1)
    enter_production(registry, ledger, NAME, version, reason="better", actor="test")
    client = RegistryClient(registry.tracking_uri)
    champion = client.champion(NAME)
    digest = registry.download(NAME, version)
    assert champion == RegisteredVersion(
        model_name=NAME, version=version, bundle_digest=load_bundle(digest).digest, epoch=1
    )
    downloaded = client.download_bundle(champion, tmp_path)
    assert tmp_path in downloaded.parents
    assert load_bundle(downloaded, expected_digest=champion.bundle_digest).digest == champion.bundle_digest


def test_a_model_without_a_champion_is_no_model(registry: MlflowRegistry, log: Log) -> None:
    client = RegistryClient(registry.tracking_uri)
    for _ in range(2):
        with pytest.raises(LiveError, match="no champion") as error:
            client.champion(NAME)
        assert error.value.code is ReasonCode.NO_MODEL
        log(1)


def test_an_alias_without_production_in_the_ledger_is_a_conflict(registry: MlflowRegistry, log: Log) -> None:
    registry.set_champion(NAME, log(1))
    with pytest.raises(RegistryError) as error:
        RegistryClient(registry.tracking_uri).champion(NAME)
    assert error.value.code is ReasonCode.PROMOTION_CONFLICT


def test_a_missing_sqlite_registry_is_not_created_by_asking_for_a_champion(tmp_path: Path) -> None:
    with pytest.raises(LiveError, match="there is no registry"):
        RegistryClient(f"sqlite:///{tmp_path}/mlflow.db").champion(NAME)
    assert list(tmp_path.iterdir()) == []


def test_a_registry_that_cannot_be_reached_from_here_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_client, "find_spec", lambda name: None if name == "sqlalchemy" else object())
    with pytest.raises(ConfigError, match=r"sevengates\[train\].*http address.*--bundle") as error:
        RegistryClient("sqlite:///nowhere.db").champion(NAME)
    assert error.value.code is ReasonCode.PACKAGE_MISSING
    monkeypatch.setattr(registry_client, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"sevengates\[live\]"):
        RegistryClient("http://127.0.0.1:10").champion(NAME)


def test_importing_the_client_loads_nothing_heavy(root: Path) -> None:
    code = "import sys, trading.registry.client; assert not {'mlflow', 'pandas', 'sqlalchemy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
