"""The quick list of versions is MLflow's own, and leaves to MLflow what it cannot know."""

from __future__ import annotations

from pathlib import Path

from tests.registry.conftest import NAME, home, log, make_bundle, migrated, registry  # noqa: F401
from tests.registry.test_promotion import Log
from trading.registry.adapter import MlflowRegistry
from trading.registry.listing import read_versions

# ruff: noqa: F811  # pytest hands fixtures over by name


def test_the_list_is_what_mlflow_says_of_several_models_stages_tags_deleted_versions_and_prompts(
    registry: MlflowRegistry, log: Log
) -> None:
    first, second, gone = log(1), log(2), log(3)
    registry.set_stage(NAME, first, "Production")
    client = registry._client
    client.set_model_version_tag(NAME, str(second), "reasons", "a 'quoted' reason; ünïcode")
    client.delete_model_version(NAME, str(gone))
    client.create_registered_model("another")
    client.create_model_version("another", "file:///nowhere")
    client.register_prompt("greeting", "Hello")
    for model_name in (None, NAME, "another", "unknown"):
        found = read_versions(registry.tracking_uri, model_name)
        assert found == registry.listing(model_name)
    everything = read_versions(registry.tracking_uri)
    assert everything is not None
    assert [(one.model_name, one.version) for one in everything] == [("another", 1), (NAME, first), (NAME, second)]


def test_a_registry_that_is_not_there_has_no_versions_and_is_not_made(tmp_path: Path) -> None:
    assert read_versions(f"sqlite:///{tmp_path / 'mlflow.db'}") == []
    assert list(tmp_path.iterdir()) == []


def test_mlflow_is_asked_where_only_mlflow_can_tell(registry: MlflowRegistry) -> None:
    database = Path(registry.tracking_uri.removeprefix("sqlite:///"))
    stamp = database.with_name("mlflow.db.schema")
    written = stamp.read_text()
    assert read_versions(registry.tracking_uri) == []
    assert read_versions("http://somewhere") is None
    stamp.write_text("0.1")
    assert read_versions(registry.tracking_uri) is None
    stamp.unlink()
    assert read_versions(registry.tracking_uri) is None
    stamp.write_text(written)
    database.write_bytes(b"no database at all" * 100)
    assert read_versions(registry.tracking_uri) is None
