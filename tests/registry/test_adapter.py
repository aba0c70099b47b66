from __future__ import annotations

import shutil
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import mlflow
import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from trading.codes import ReasonCode
from trading.errors import RegistryError, TransportError
from trading.market.bars import Bars
from trading.model.bundle import Bundle
from trading.model.naming import model_name
from trading.registry import mlflow_runtime
from trading.registry.adapter import MlflowRegistry
from trading.registry.records import Dataset, flatten
from trading.registry.serving import decision_columns, decisions

NAME = "sevengates-sim-1h"
Log = Callable[..., int]


def random_bars(n: int = 400) -> Bars:
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    opened = np.r_[100.0, close[:-1]]
    return Bars(
        symbol="SIM",
        interval=3_600_000,
        ts=np.arange(n, dtype=np.int64) * 3_600_000 + 1_700_000_000_000 // 3_600_000 * 3_600_000,
        open=opened,
        high=np.maximum(opened, close) * 1.001,
        low=np.minimum(opened, close) * 0.999,
        close=close,
        volume=rng.uniform(1, 10, n),
    )


def table(bars: Bars) -> pd.DataFrame:
    return pd.DataFrame({name: getattr(bars, name) for name in ("ts", "open", "high", "low", "close", "volume")})


def client_of(registry: MlflowRegistry) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(registry.tracking_uri, registry_uri=registry.tracking_uri)


def test_the_library_is_imported_and_not_the_data_folder() -> None:
    assert Path(mlflow.__file__).parent.name == "mlflow"
    assert "site-packages" in mlflow.__file__


def test_a_file_is_kept_beside_the_night_of_its_version_and_may_be_replaced(
    registry: MlflowRegistry, log: Log, tmp_path: Path
) -> None:
    version = log(0)
    for words in ("first", "second"):
        (tmp_path / "page.html").write_text(words)
        logged = registry.log_file(NAME, version, tmp_path / "page.html")
        assert Path(logged.address.removeprefix("file://")).read_text() == words
    assert logged.run_id == registry.version(NAME, version).run_id
    assert "page.html" in [item.path for item in client_of(registry).list_artifacts(logged.run_id)]
    with pytest.raises(RegistryError, match="MODEL_UNKNOWN"):
        registry.log_file(NAME, 99, tmp_path / "page.html")


def test_model_names_are_lower_case_and_free_of_separators() -> None:
    assert model_name("BTC/USDT", "15m") == "sevengates-btc-usdt-15m"


def test_nested_settings_become_flat_parameters() -> None:
    assert flatten({"a": {"b": 1, "c": {"d": "x"}}, "e": (1, 2)}) == {"a.b": "1", "a.c.d": "x", "e": "[1, 2]"}


def test_a_night_is_logged_whole(registry: MlflowRegistry, make_bundle: Callable[..., Bundle]) -> None:
    bundle = make_bundle(1)
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([1, 2])
    number = registry.log_night(
        NAME,
        bundle.folder,
        metrics={f"metric_{i}": float(i) for i in range(40)},
        params={"policy": {f"setting_{i}": i for i in range(230)}},
        curves={"reward": [(100, 0.5), (200, -0.25)]},
        datasets=[Dataset(name="SIM-1h", digest="ab" * 32, source="sim:edge=1")],
        figures={"equity": figure},
        tags={"night": "one"},
    )
    version = registry.version(NAME, number)
    run = client_of(registry).get_run(version.run_id)
    assert (version.version, version.stage, version.verdict) == (1, "None", "APPROVED")
    assert version.bundle_digest == bundle.digest
    assert version.tags["night"] == "one"
    assert (len(run.data.metrics), run.info.status) == (41, "FINISHED")
    points = client_of(registry).get_metric_history(version.run_id, "reward")
    assert [(point.step, point.value) for point in points] == [(100, 0.5), (200, -0.25)]
    assert len([name for name in run.data.params if name.startswith("policy.")]) == 230
    assert run.data.metrics["metric_7"] == 7.0
    assert run.inputs is not None
    dataset = run.inputs.dataset_inputs[0].dataset
    assert (dataset.name, dataset.digest) == ("SIM-1h", ("ab" * 32)[:36])
    paths = {item.path for item in client_of(registry).list_artifacts(version.run_id)}
    assert {"card.md", "evidence.json", "gates.json", "figures"} <= paths
    assert [item.path for item in client_of(registry).list_artifacts(version.run_id, "figures")] == [
        "figures/equity.png"
    ]


def test_a_file_of_a_run_is_kept_and_read_back_and_one_that_is_not_there_is_none(
    registry: MlflowRegistry, make_bundle: Callable[..., Bundle]
) -> None:
    number = registry.log_night(NAME, make_bundle(1).folder, metrics={}, params={}, files={"night.json": b"{}"})
    version = registry.version(NAME, number)
    assert (registry.run_file(version, "night.json"), registry.run_file(version, "other.json")) == (b"{}", None)


def test_a_version_is_found_by_its_bundle(registry: MlflowRegistry, log: Log) -> None:
    log(1)
    second = registry.version(NAME, log(2))
    found = registry.find(NAME, second.bundle_digest)
    assert found is not None
    assert (found.version, found.tags) == (2, second.tags)
    assert registry.find(NAME, "0" * 64) is None
    assert registry.find("sevengates-other-1h", second.bundle_digest) is None


def test_versions_of_all_models_are_listed_by_name_and_number(
    registry: MlflowRegistry, make_bundle: Callable[..., Bundle]
) -> None:
    for name, seed in (("b", 1), ("a", 2), ("b", 3)):
        registry.log_night(name, make_bundle(seed).folder, metrics={}, params={})
    assert [(known.model_name, known.version) for known in registry.listing()] == [("a", 1), ("b", 1), ("b", 2)]
    assert [(known.model_name, known.version) for known in registry.listing("b")] == [("b", 1), ("b", 2)]


def test_the_runs_of_candidates_say_data_numbers_and_when(
    registry: MlflowRegistry, make_bundle: Callable[..., Bundle]
) -> None:
    registry.log_night(
        NAME,
        make_bundle(1).folder,
        metrics={"run_wall_seconds": 12.5},
        params={"market": {"source": "sim:edge=1"}},
        datasets=[Dataset(name="SIM-bars", digest="ab" * 32, source="sim:edge=1")],
    )
    (run,) = registry.night_runs(0)
    assert (run.model_name, run.status, run.source, run.metrics) == (
        NAME,
        "FINISHED",
        "sim:edge=1",
        {"run_wall_seconds": 12.5},
    )
    assert ("ab" * 32).startswith(run.bars)
    assert registry.night_runs(run.started_ms + 1) == []


def test_a_page_lies_beside_its_version_and_a_later_one_takes_its_place(registry: MlflowRegistry, log: Log) -> None:
    number = log(1)
    for text in ("<p>first</p>", "<p>second</p>"):
        assert registry.add_page(NAME, number, "drift", text) == "pages/drift.html"
    client, run_id = client_of(registry), registry.version(NAME, number).run_id
    assert [item.path for item in client.list_artifacts(run_id, "pages")] == ["pages/drift.html"]
    assert Path(client.download_artifacts(run_id, "pages/drift.html")).read_text() == "<p>second</p>"


def test_no_artifact_of_a_version_is_a_pickle(registry: MlflowRegistry, log: Log, home: Path) -> None:
    log()
    names = {path.name for path in (home / "mlflow" / "artifacts").rglob("*") if path.is_file()}
    assert "weights.safetensors" in names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib", ".zip", ".pt"))]


def test_the_same_bundle_is_one_version_however_often_it_is_logged(registry: MlflowRegistry, log: Log) -> None:
    assert [log(1), log(2), log(1), log(2)] == [1, 2, 1, 2]
    assert len(registry.versions(NAME)) == 2


def test_two_threads_logging_the_same_bundle_make_one_version(registry: MlflowRegistry, log: Log) -> None:
    numbers: list[int] = []
    threads = [threading.Thread(target=lambda: numbers.append(log(1))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers == [1, 1, 1]


def test_what_a_killed_attempt_left_is_closed_and_the_night_is_logged_again(
    registry: MlflowRegistry, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(registry, "_log_model", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            log(1)
    assert registry.versions(NAME) == []
    assert log(1) == 1
    runs = client_of(registry).search_runs([registry.experiment_id])
    assert sorted(run.info.status for run in runs) == ["FINISHED", "KILLED"]


def test_a_corrupt_bundle_is_never_registered(registry: MlflowRegistry, make_bundle: Callable[..., Bundle]) -> None:
    folder = make_bundle(1).folder
    (folder / "card.md").write_text("another")
    with pytest.raises(RegistryError) as caught:
        registry.log_night(NAME, folder, metrics={}, params={})
    assert caught.value.code == ReasonCode.BUNDLE_CORRUPT
    assert registry.models() == []


def test_a_bundle_comes_back_from_the_registry_verified(registry: MlflowRegistry, log: Log) -> None:
    number = log(1)
    bundle = registry.bundle(NAME, number)
    assert bundle.digest == registry.version(NAME, number).bundle_digest
    path = registry.download(NAME, number) / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(RegistryError) as caught:
        registry.bundle(NAME, number)
    assert caught.value.code == ReasonCode.BUNDLE_CORRUPT


def test_an_unknown_version_is_refused_with_the_ones_there_are(registry: MlflowRegistry, log: Log) -> None:
    log(1)
    with pytest.raises(RegistryError, match="versions there: 1") as caught:
        registry.version(NAME, 7)
    assert caught.value.code == ReasonCode.MODEL_UNKNOWN
    assert registry.versions("sevengates-nothing-1h") == []
    assert registry.model_tags("sevengates-nothing-1h") == {}


def test_stages_and_alias_are_written_without_a_warning(registry: MlflowRegistry, log: Log) -> None:
    number = log(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        registry.set_stage(NAME, number, "Production")
        registry.set_champion(NAME, number)
    version = registry.version(NAME, number)
    assert (version.stage, version.aliases) == ("Production", ("champion",))
    registry.set_champion(NAME, None)
    assert registry.version(NAME, number).aliases == ()


def test_the_production_model_loads_without_pickle_and_decides_like_the_bundle(
    registry: MlflowRegistry, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    number = log(1)
    registry.set_stage(NAME, number, "Production")
    mlflow.set_tracking_uri(registry.tracking_uri)
    mlflow.set_registry_uri(registry.tracking_uri)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        loaded = mlflow.pyfunc.load_model(f"models:/{NAME}/Production")
    bars = random_bars()
    answer = loaded.predict(table(bars))
    expected = decisions(registry.bundle(NAME, number).model, bars)
    assert list(answer.columns) == list(decision_columns(registry.bundle(NAME, number).model))
    pd.testing.assert_frame_equal(answer, pd.DataFrame(expected))
    assert (answer["code"] == "OK").sum() > 20
    ordered = answer[answer["code"] == "OK"]
    assert (np.sign(ordered["size_frac"]) == ordered["direction"]).all()
    assert ordered[["size_frac", "duration_bars", "stop_log", "target_log"]].notna().all().all()
    assert set(answer["code"][:50]) == {"WARMING_UP"}


def test_the_logged_model_takes_bars_with_and_without_funding(registry: MlflowRegistry, log: Log) -> None:
    number = log(1)
    mlflow.set_tracking_uri(registry.tracking_uri)
    loaded = mlflow.pyfunc.load_model(f"models:/{NAME}/{number}")
    rows = table(random_bars())
    # What is owed concerns an open position; the answer is that of a flat account.
    pd.testing.assert_frame_equal(loaded.predict(rows.assign(funding=0.0001)), loaded.predict(rows))
    with pytest.raises(Exception, match="BARS_NOT_FINITE: row 0"):
        loaded.predict(rows.assign(funding=float("nan")))


def test_the_logged_model_refuses_a_bundle_other_than_the_registered_one(registry: MlflowRegistry, log: Log) -> None:
    number = log(1)
    path = registry.download(NAME, number) / "gates.json"
    path.write_bytes(path.read_bytes() + b" ")
    mlflow.set_tracking_uri(registry.tracking_uri)
    with pytest.raises(RegistryError) as caught:
        mlflow.pyfunc.load_model(f"models:/{NAME}/{number}")
    assert caught.value.code == ReasonCode.BUNDLE_CORRUPT


def test_the_logged_model_refuses_bars_that_no_market_prints(
    registry: MlflowRegistry, make_bundle: Callable[..., Bundle]
) -> None:
    number = registry.log_night(NAME, make_bundle(1).folder, metrics={}, params={}, max_jump=4.0)
    mlflow.set_tracking_uri(registry.tracking_uri)
    loaded = mlflow.pyfunc.load_model(f"models:/{NAME}/{number}")
    rows = table(random_bars(50))
    rows.loc[7, "high"] = rows.loc[7, "low"] / 2
    with pytest.raises(Exception, match="BARS_HIGH_LOW: row 7"):
        loaded.predict(rows)
    rows = table(random_bars(50))
    rows["ts"] += 1
    with pytest.raises(Exception, match="BARS_OFF_GRID: row 0"):
        loaded.predict(rows)
    rows = table(random_bars(50))
    rows.loc[20:, ["open", "high", "low", "close"]] *= 100.0
    with pytest.raises(Exception, match="BARS_JUMP: row 20"):
        loaded.predict(rows)
    wider = mlflow.pyfunc.load_model(f"models:/{NAME}/{number}", model_config={"max_jump": 200.0})
    assert len(wider.predict(rows)) == 50


def test_decisions_on_a_prefix_are_the_prefix_of_the_decisions(make_bundle: Callable[..., Bundle]) -> None:
    model, bars = make_bundle(1).model, random_bars()
    whole, part = decisions(model, bars), decisions(model, bars.slice(0, 250))
    for name in decision_columns(model):
        np.testing.assert_array_equal(whole[name][:250], part[name])


def test_a_new_database_is_migrated_once_however_many_open_it_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgraded: list[Path] = []

    def upgrade(database: Path) -> None:
        upgraded.append(database)
        database.write_bytes(b"migrated")

    monkeypatch.setattr(mlflow_runtime, "_upgrade", upgrade)
    database = tmp_path / "mlflow.db"
    threads = [threading.Thread(target=mlflow_runtime.migrate, args=(database,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # It is made aside and moved into place, so a kill in between leaves no half of a database.
    assert upgraded == [tmp_path / "mlflow.db.new"]
    assert {path.name for path in tmp_path.iterdir()} == {"mlflow.db", "mlflow.db.lock", "mlflow.db.schema"}


def test_a_database_of_another_mlflow_is_backed_up_and_upgraded(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "mlflow.db"
    shutil.copyfile(migrated, database)
    (tmp_path / "mlflow.db.schema").write_text("2.9.0")
    upgraded: list[Path] = []
    monkeypatch.setattr(mlflow_runtime, "_upgrade", upgraded.append)
    mlflow_runtime.migrate(database)
    assert upgraded == [database]
    assert (tmp_path / "mlflow.db.backup").read_bytes() == migrated.read_bytes()


def test_a_server_that_does_not_answer_is_a_transport_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TransportError) as caught:
        MlflowRegistry("http://127.0.0.1:9", tmp_path / "artifacts", tmp_path)
    assert caught.value.code == ReasonCode.REGISTRY_UNREACHABLE
    assert caught.value.retryable
