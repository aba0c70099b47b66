from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trading.codes import ReasonCode
from trading.errors import RegistryError, TransportError
from trading.registry.adapter import MlflowRegistry
from trading.registry.client import RegistryClient
from trading.registry.ledger import Ledger
from trading.registry.promotion import promote

NAME = "sevengates-sim-1h"
Log = Callable[..., int]


@pytest.fixture
def client(registry: MlflowRegistry) -> RegistryClient:
    return RegistryClient(registry.tracking_uri)


def test_a_registry_without_the_model_or_without_a_champion_offers_nothing(client: RegistryClient, log: Log) -> None:
    assert client.champion(NAME) is None
    log(1)
    assert client.champion(NAME) is None


def test_the_promoted_version_is_offered_and_fetched_verified(
    client: RegistryClient, registry: MlflowRegistry, ledger: Ledger, log: Log, tmp_path: Path
) -> None:
    entry = promote(registry, ledger, NAME, log(1), reason="better", actor="test")
    offer = client.champion(NAME)
    assert offer is not None
    assert (offer.version, offer.bundle_digest) == (1, entry.bundle)
    folder = tmp_path / "live" / "1"
    assert client.fetch(offer, folder).digest == entry.bundle
    assert client.fetch(offer, folder).folder == folder
    assert [path.name for path in folder.parent.iterdir()] == ["1"]


def test_a_damaged_bundle_is_refused_and_leaves_no_folder(
    client: RegistryClient, registry: MlflowRegistry, ledger: Ledger, log: Log, tmp_path: Path
) -> None:
    promote(registry, ledger, NAME, log(1), reason="better", actor="test")
    path = registry.download(NAME, 1) / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[100] ^= 4
    path.write_bytes(data)
    offer = client.champion(NAME)
    assert offer is not None
    with pytest.raises(RegistryError) as caught:
        client.fetch(offer, tmp_path / "live" / "1")
    assert caught.value.code == ReasonCode.BUNDLE_CORRUPT
    assert list((tmp_path / "live").iterdir()) == []


def test_a_rejected_version_under_the_alias_is_refused(
    client: RegistryClient, registry: MlflowRegistry, log: Log, tmp_path: Path
) -> None:
    registry.set_champion(NAME, log(1, sharpe=0.5))
    offer = client.champion(NAME)
    assert offer is not None
    with pytest.raises(RegistryError) as caught:
        client.fetch(offer, tmp_path / "live" / "1")
    assert caught.value.code == ReasonCode.MODEL_NOT_APPROVED


def test_a_server_that_does_not_answer_can_be_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TransportError):
        RegistryClient("http://127.0.0.1:9").champion(NAME)


def test_importing_the_client_imports_no_mlflow() -> None:
    code = (
        "import sys; import trading.registry.client, trading.registry.bundle, trading.registry.ledger;"
        "print([m for m in ('mlflow', 'pandas', 'numba', 'torch', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
