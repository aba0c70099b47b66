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

from tests.support import small_bars
from trading.codes import ReasonCode
from trading.errors import StoreError
from trading.store import Ref, Store

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


def _only_object(root: Path) -> Path:
    return next(path for path in (root / "objects").rglob("*") if path.is_file())


@given(data=st.binary(max_size=200))
@settings(max_examples=30)
def test_bytes_come_back_and_equal_bytes_are_one_artifact(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    one, two = store.put("thing", data), store.put("thing", data)
    assert one == two
    assert store.get(one) == data


@given(value=json_values)
@settings(max_examples=30)
def test_json_comes_back(value: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    assert store.get_json(store.put_json("thing", value)) == value


def test_bars_and_arrays_come_back_bit_for_bit(tmp_path: Path) -> None:
    store, bars = Store(tmp_path), small_bars(10)
    assert store.get_bars(store.put_bars(bars)).digest() == bars.digest()
    arrays = {"b": np.arange(3), "a": np.array([[1.5, np.nan]])}
    found = store.get_arrays(store.put_arrays("arrays", arrays))
    np.testing.assert_array_equal(found["a"], arrays["a"])
    assert found["b"].dtype == arrays["b"].dtype


def test_the_order_in_which_arrays_are_given_does_not_change_their_digest(tmp_path: Path) -> None:
    store = Store(tmp_path)
    one = store.put_arrays("arrays", {"a": np.zeros(2), "b": np.ones(3)})
    assert one == store.put_arrays("arrays", {"b": np.ones(3), "a": np.zeros(2)})


def test_bytes_that_do_not_match_their_digest_are_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ref = store.put("thing", b"what it was")
    _only_object(tmp_path).write_bytes(b"what it became")
    with pytest.raises(StoreError) as error:
        store.get(ref)
    assert error.value.code is ReasonCode.STORE_CORRUPT


def test_a_missing_artifact_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="bars:0123"):
        Store(tmp_path).get(Ref(kind="bars", digest="0123" * 16))


def test_a_finished_stage_is_recalled_for_the_same_inputs_only(tmp_path: Path) -> None:
    store = Store(tmp_path)
    output = {"model": store.put("model", b"weights").model_dump()}
    store.remember("train", {"seed": 1}, output)
    assert store.recall("train", {"seed": 1}) == output
    assert store.recall("train", {"seed": 2}) is None
    assert store.recall("test", {"seed": 1}) is None


def test_a_stage_whose_output_is_gone_is_not_recalled(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.remember("train", {}, [store.put("model", b"weights").model_dump()])
    _only_object(tmp_path).unlink()
    assert store.recall("train", {}) is None


def test_a_store_can_lie_behind_any_fsspec_address() -> None:
    store = Store("memory://a-bucket/prefix")
    ref = store.put("thing", b"data")
    store.remember("stage", {}, ref.model_dump())
    assert Store("memory://a-bucket/prefix").get(ref) == b"data"
    assert Store("memory://a-bucket/prefix").recall("stage", {}) == ref.model_dump()


def test_a_writer_killed_at_any_moment_leaves_whole_files_only(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom trading.store import Store\nstore = Store(sys.argv[1])\nprint('go', flush=True)\n"
        "for i in range(100_000):\n    store.put('thing', str(i).encode() * 5_000)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
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
        store.get(Ref(kind="thing", digest=path.name))
