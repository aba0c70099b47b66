from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.canonical import canonical_json, digest_of, parse_json, write_atomic


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_keeps_every_bit(value: float) -> None:
    assert math.copysign(1.0, value) == math.copysign(1.0, parse_json(canonical_json(value)))
    assert parse_json(canonical_json(value)) == value


@given(values=st.dictionaries(st.text(), st.integers(), min_size=2))
def test_key_order_does_not_matter(values: dict[str, int]) -> None:
    assert digest_of(values) == digest_of(dict(reversed(values.items())))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_are_refused_both_ways(number: float) -> None:
    with pytest.raises(ValueError, match=r"[Oo]ut of range"):
        canonical_json({"x": number})
    with pytest.raises(ValueError, match="not a JSON number"):
        parse_json(json.dumps(number))


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
