from __future__ import annotations

import dataclasses
import math
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import small_model
from tests.support.models import at_depth
from trading.canonical import canonical_json, parse_json, sha256
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.model.bundle import CONTENT, MANIFEST, bundle_files, load_bundle, write_bundle, write_files
from trading.model.lineage import Lineage, library_versions
from trading.model.model import TradingModel
from trading.model.upgrades import SCHEMA_VERSION

FILES = (*CONTENT, MANIFEST)


def plain_model() -> TradingModel:
    """A small model, so that every bit of its bundle can be tried."""
    return small_model(1)


def with_layer(model: TradingModel, name: str, array: np.ndarray) -> TradingModel:
    assert model.layers is not None
    return dataclasses.replace(model, layers=model.layers._replace(**{name: array}))


LINEAGE = Lineage(symbol="SIM", interval="1h", as_of_ms=1_790_000_000_000, seeds={"root": 7}, data={"bars": "ab" * 32})
EVIDENCE, GATES, CARD = {"metrics": {"sharpe": 1.25}}, {"decision": "APPROVED", "paper_only": False}, "# Card\n"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("b") / "bundle", plain_model(), LINEAGE, EVIDENCE, GATES, CARD).folder


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "copy"))


def refusal(folder: Path, expected_digest: str | None = None) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        load_bundle(folder, expected_digest)
    return caught.value


def test_a_bundle_comes_back_as_it_was_written(original: Path) -> None:
    bundle = load_bundle(original)
    for name, array in plain_model().arrays().items():
        np.testing.assert_array_equal(bundle.model.arrays()[name], array)
    assert bundle.model.spec == plain_model().spec
    assert (bundle.lineage, bundle.evidence, bundle.gates, bundle.card) == (LINEAGE, EVIDENCE, GATES, CARD)
    assert bundle.approved
    assert not bundle.paper_only
    assert bundle.digest == sha256((original / MANIFEST).read_bytes())


def test_the_same_content_has_the_same_digest_wherever_it_is_written(original: Path, tmp_path: Path) -> None:
    again = write_bundle(tmp_path / "elsewhere", plain_model(), LINEAGE, dict(reversed(EVIDENCE.items())), GATES, CARD)
    assert again.digest == load_bundle(original).digest
    for name in FILES:
        assert (again.folder / name).read_bytes() == (original / name).read_bytes()


def test_any_change_of_content_changes_the_digest(original: Path) -> None:
    model, digest = plain_model(), load_bundle(original).digest
    others = [
        bundle_files(with_layer(model, "b2", np.full(4, 1e-15)), LINEAGE, EVIDENCE, GATES, CARD),
        bundle_files(model, LINEAGE.model_copy(update={"as_of_ms": LINEAGE.as_of_ms + 1}), EVIDENCE, GATES, CARD),
        bundle_files(model, LINEAGE, {"metrics": {"sharpe": 1.26}}, GATES, CARD),
        bundle_files(model, LINEAGE, EVIDENCE, {"decision": "REJECTED"}, CARD),
        bundle_files(model, LINEAGE, EVIDENCE, GATES, "# Cart\n"),
    ]
    assert len({digest, *(sha256(files[MANIFEST]) for files in others)}) == 6


def test_every_single_flipped_bit_of_the_manifest_is_refused(copy: Path) -> None:
    path = copy / MANIFEST
    data = path.read_bytes()
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        assert refusal(copy).code in (ReasonCode.BUNDLE_CORRUPT, ReasonCode.BUNDLE_MISSING)


@pytest.mark.parametrize("name", CONTENT)
def test_a_flipped_bit_of_any_file_is_refused_and_the_file_is_named(copy: Path, name: str) -> None:
    path = copy / name
    data = path.read_bytes()
    rng = np.random.default_rng(len(data))
    bits = {0, len(data) * 8 - 1, *(int(bit) for bit in rng.integers(0, len(data) * 8, 150))}
    for bit in bits:
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        error = refusal(copy)
        assert (error.code, error.fields["file"]) == (ReasonCode.BUNDLE_CORRUPT, name)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_truncated_or_extended_files_are_refused(
    original: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("t") / "b"))
    path = folder / data.draw(st.sampled_from(FILES))
    content = path.read_bytes()
    path.write_bytes(
        data.draw(
            st.one_of(
                st.integers(0, len(content) - 1).map(lambda n: content[:n]),
                st.binary(min_size=1, max_size=5).map(lambda more: content + more),
            )
        )
    )
    assert refusal(folder).code == ReasonCode.BUNDLE_CORRUPT


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    error = refusal(copy)
    assert error.code == ReasonCode.BUNDLE_MISSING
    assert name in error.message


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing").code == ReasonCode.BUNDLE_MISSING


def test_an_extra_file_is_refused(copy: Path) -> None:
    (copy / "model.pkl").write_bytes(b"")
    error = refusal(copy)
    assert error.code == ReasonCode.BUNDLE_CORRUPT
    assert "model.pkl" in error.message


@pytest.mark.parametrize("name", FILES)
def test_a_symbolic_link_is_refused_even_to_the_right_bytes(copy: Path, original: Path, name: str) -> None:
    (copy / name).unlink()
    (copy / name).symlink_to(original / name)
    assert refusal(copy).code == ReasonCode.BUNDLE_CORRUPT


def test_a_pipe_in_place_of_a_file_is_refused_without_waiting(copy: Path) -> None:
    (copy / "card.md").unlink()
    os.mkfifo(copy / "card.md")
    assert refusal(copy).code == ReasonCode.BUNDLE_CORRUPT


def test_an_intact_bundle_is_refused_when_another_was_expected(original: Path) -> None:
    assert refusal(original, "0" * 64).code == ReasonCode.BUNDLE_CORRUPT


def forged(folder: Path, name: str, data: bytes) -> None:
    """Replace a file and make the manifest agree, as somebody with write access could."""
    (folder / name).write_bytes(data)
    manifest = parse_json((folder / MANIFEST).read_bytes())
    for entry in manifest["files"]:
        if entry["name"] == name:
            entry |= {"size": len(data), "sha256": sha256(data)}
    (folder / MANIFEST).write_bytes(canonical_json(manifest))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bundle.json", b"{}"),
        ("bundle.json", b"not json"),
        ("evidence.json", b"[]"),
        ("evidence.json", b'{"sharpe": NaN}'),
        ("gates.json", b'{"decision": "approved"}'),
        ("weights.safetensors", b"\x80\x04\x95"),
        ("card.md", b"\xff\xfe"),
    ],
)
def test_consistent_files_that_are_no_model_are_refused(copy: Path, original: Path, name: str, data: bytes) -> None:
    digest = load_bundle(original).digest
    forged(copy, name, data)
    assert refusal(copy).code == ReasonCode.BUNDLE_INVALID
    assert refusal(copy, digest).code == ReasonCode.BUNDLE_CORRUPT


def test_a_bundle_of_a_later_schema_is_refused(copy: Path) -> None:
    head = parse_json((copy / "bundle.json").read_bytes())
    forged(copy, "bundle.json", canonical_json(head | {"schema_version": SCHEMA_VERSION + 1}))
    error = refusal(copy)
    assert error.code == ReasonCode.BUNDLE_INVALID
    assert "schema_version" in error.message


def test_the_same_manifest_spelled_differently_is_refused(copy: Path) -> None:
    path = copy / MANIFEST
    path.write_bytes(path.read_bytes().replace(b'"schema_version":1', b'"schema_version": 1'))
    assert refusal(copy).code == ReasonCode.BUNDLE_CORRUPT


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_weights_that_are_not_finite_are_never_written(tmp_path: Path, bad: float) -> None:
    model = plain_model()
    spoiled = with_layer(model, "b1", np.array([0.0, bad, 0.0, 0.0]))
    with pytest.raises(RegistryError, match="b1") as caught:
        write_bundle(tmp_path / "bundle", spoiled, LINEAGE, EVIDENCE, GATES, CARD)
    assert caught.value.code == ReasonCode.BUNDLE_INVALID
    assert not list(tmp_path.iterdir())


def test_evidence_that_is_not_finite_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as caught:
        write_bundle(tmp_path / "bundle", plain_model(), LINEAGE, {"sharpe": math.nan}, GATES, CARD)
    assert caught.value.code == ReasonCode.BUNDLE_INVALID


def test_a_bundle_without_a_verdict_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as caught:
        write_bundle(tmp_path / "bundle", plain_model(), LINEAGE, EVIDENCE, {}, CARD)
    assert caught.value.code == ReasonCode.BUNDLE_INVALID


def test_a_verdict_that_does_not_say_so_is_for_paper_only(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b", plain_model(), LINEAGE, EVIDENCE, {"decision": "APPROVED"}, CARD)
    assert bundle.paper_only


def test_writing_a_bundle_twice_changes_nothing_and_another_in_its_place_is_refused(copy: Path) -> None:
    write_bundle(copy, plain_model(), LINEAGE, EVIDENCE, GATES, CARD)
    with pytest.raises(RegistryError) as caught:
        write_bundle(copy, plain_model(), LINEAGE, EVIDENCE, GATES, "# Another\n")
    assert caught.value.code == ReasonCode.BUNDLE_CORRUPT
    assert (copy / "card.md").read_text() == CARD


def test_a_bundle_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    files = bundle_files(plain_model(), LINEAGE, EVIDENCE, GATES, CARD)
    del files["gates.json"]
    with pytest.raises(RegistryError):
        write_files(tmp_path / "bundle", files)
    assert not list(tmp_path.iterdir())


def test_library_versions_leave_out_what_is_not_installed() -> None:
    versions = library_versions(["numpy", "no-such-distribution"])
    assert versions == {"numpy": np.__version__}


def test_a_bundle_keeps_how_deep_its_training_was(tmp_path: Path) -> None:
    model = at_depth(plain_model(), 0.85)
    found = write_bundle(tmp_path / "b", model, LINEAGE, EVIDENCE, GATES, CARD).model.spec
    assert (found.depth, found.modifier) == (model.spec.depth, 0.85)
