from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from trading.codes import ReasonCode
from trading.errors import StoreError
from trading.store import Kind, Ref, Store
from trading.store.kind import decode_arrays, decode_record, encode_arrays, encode_record, json_kind

finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


JSON = json_kind("thing")
ARRAYS = Kind("arrays", encode_arrays, decode_arrays)


def _only_object(root: Path) -> Path:
    return next(path for path in (root / "objects").rglob("*") if path.is_file())


@given(data=st.binary(max_size=200))
@settings(max_examples=30)
def test_bytes_come_back_and_equal_bytes_are_one_artifact(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    one, two = store.put_bytes("thing", data), store.put_bytes("thing", data)
    assert one == two
    assert store.get_bytes(one) == data


@given(value=json_values)
@settings(max_examples=30)
def test_json_comes_back(value: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    assert store.get(JSON, store.put(JSON, value)) == value


def test_arrays_come_back_bit_for_bit(tmp_path: Path) -> None:
    arrays = {"b": np.arange(3), "a": np.array([[1.5, np.nan]])}
    store = Store(tmp_path)
    found = store.get(ARRAYS, store.put(ARRAYS, arrays))
    np.testing.assert_array_equal(found["a"], arrays["a"])
    assert found["b"].dtype == arrays["b"].dtype


def test_the_order_in_which_arrays_are_given_does_not_change_their_bytes() -> None:
    one = encode_arrays({"a": np.zeros(2), "b": np.ones(3)})
    assert one == encode_arrays({"b": np.ones(3), "a": np.zeros(2)})


def test_a_record_keeps_its_values_and_its_arrays() -> None:
    values, arrays = decode_record(encode_record({"a": [1, "ü"]}, {"x": np.arange(3)}))
    assert values == {"a": [1, "ü"]}
    assert {name: array.tolist() for name, array in arrays.items()} == {"x": [0, 1, 2]}


def test_bytes_that_do_not_match_their_digest_are_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ref = store.put_bytes("thing", b"what it was")
    _only_object(tmp_path).write_bytes(b"what it became")
    with pytest.raises(StoreError) as error:
        store.get_bytes(ref)
    assert error.value.code is ReasonCode.STORE_CORRUPT


def test_a_record_with_one_flipped_bit_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ref = store.put(ARRAYS, {"x": np.arange(3)})
    content = bytearray(_only_object(tmp_path).read_bytes())
    content[-1] ^= 1
    _only_object(tmp_path).write_bytes(content)
    with pytest.raises(StoreError):
        store.get(ARRAYS, ref)


def test_a_reference_of_another_kind_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(StoreError, match="thing is needed here, and other:") as error:
        store.get(JSON, store.put(json_kind("other"), 1))
    assert error.value.code is ReasonCode.STORE_KIND


def test_a_reference_is_kind_and_digest_in_json_whatever_it_refers_to() -> None:
    adapter = TypeAdapter(Ref[bytes])
    ref = adapter.validate_json('{"kind": "thing", "digest": "ab"}')
    assert ref == Ref(kind="thing", digest="ab")
    assert adapter.dump_python(ref, mode="json") == {"kind": "thing", "digest": "ab"}
    with pytest.raises(ValidationError):
        adapter.validate_python({"kind": "thing", "digest": "ab", "path": "x"})


def test_a_missing_artifact_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="bars:0123"):
        Store(tmp_path).get_bytes(Ref(kind="bars", digest="0123" * 16))


@pytest.mark.parametrize("prefix", ["", "file://", "local://"])
def test_an_address_of_this_machine_is_a_plain_folder(tmp_path: Path, prefix: str) -> None:
    ref = Store(f"{prefix}{tmp_path}").put_bytes("thing", b"data")
    assert (tmp_path / "objects" / ref.digest[:2] / ref.digest).read_bytes() == b"data"


def test_a_store_can_lie_behind_any_fsspec_address() -> None:
    ref = Store("memory://a-bucket/prefix").put_bytes("thing", b"data")
    again = Store("memory://a-bucket/prefix")
    assert again.holds(ref.digest)
    assert again.get_bytes(ref) == b"data"


def test_a_writer_killed_at_any_moment_leaves_whole_files_only(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom trading.store import Store\nstore = Store(sys.argv[1])\nprint('go', flush=True)\n"
        "for i in range(100_000):\n    store.put_bytes('thing', str(i).encode() * 5_000)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(0.3)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    store = Store(tmp_path)
    files = [path for path in (tmp_path / "objects").rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert files
    for path in files:
        store.get_bytes(Ref(kind="thing", digest=path.name))
