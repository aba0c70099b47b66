from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live.support import bundle_of, fixed, trade
from tests.support import random_model, small_bars
from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.live import decider
from trading.live.decider import SignalStream
from trading.live.journal.encoding import stream_bytes, stream_of
from trading.live.journal.journal import Journal
from trading.simulation.backtest import run_backtest

BARS = small_bars(20)
TABLES = ("bars", "decisions", "intents", "fills", "trades")


def contents(path: Path) -> list[list[tuple]]:
    with closing(sqlite3.connect(path)) as db:
        return [db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]


def snapshot_row(path: Path) -> tuple:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT account, stream FROM snapshot").fetchone()


@given(
    stream=st.dictionaries(
        st.text(min_size=1).filter(lambda name: name != "__metadata__"),
        st.lists(st.floats(width=64), max_size=5),
        max_size=4,
    )
)
def test_a_stream_comes_back_bit_for_bit(stream: dict[str, list[float]]) -> None:
    arrays = {name: np.array(values, dtype=np.float64) for name, values in stream.items()}
    back = stream_of(stream_bytes(arrays))
    assert back is not None
    assert {name: array.tobytes() for name, array in back.items()} == {
        name: array.tobytes() for name, array in arrays.items()
    }


def test_a_stream_that_cannot_be_saved_is_not_there() -> None:
    assert stream_bytes(None) is None
    assert stream_of(None) is None


def test_the_snapshot_is_json_and_named_arrays_that_anybody_can_read(folder: Path) -> None:
    import json

    from safetensors.numpy import load

    trade(folder / "j.db", fixed(bundle_of(folder, 4)), BARS.slice(0, 200), 100)
    account, stream = snapshot_row(folder / "j.db")
    assert json.loads(account)["peak"] >= 100_000.0
    arrays = load(stream)
    assert set(arrays) == set(SignalStream(random_model(4)).save() or ())
    assert all(array.dtype == np.float64 for array in arrays.values())


def test_a_runner_whose_stream_cannot_be_saved_shows_its_model_the_journal_when_it_starts_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decider.SignalStream, "save", lambda self: None)
    bundle = bundle_of(folder, 4)
    for stop in (150, 151, 300, len(BARS)):
        status = trade(folder / "parts.db", fixed(bundle), BARS.slice(0, stop), 100)
        assert snapshot_row(folder / "parts.db")[1] is None
    monkeypatch.undo()
    trade(folder / "whole.db", fixed(bundle), BARS, 100)
    assert contents(folder / "parts.db") == contents(folder / "whole.db")
    assert status.ledger_sha256 == run_backtest(random_model(4), BARS, 100).ledger_sha256


@pytest.mark.parametrize("layout", ["other names", "another shape"])
def test_a_stream_in_the_layout_of_another_release_is_made_anew(folder: Path, layout: str) -> None:
    bundle, path = bundle_of(folder, 4), folder / "parts.db"
    trade(path, fixed(bundle), BARS.slice(0, 300), 100)
    arrays = dict(SignalStream(random_model(4)).save() or {})
    first = sorted(arrays)[0]
    arrays[first if layout == "another shape" else "other"] = np.zeros(1_000)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE snapshot SET stream = ?", (stream_bytes(arrays),))
        db.commit()
    trade(path, fixed(bundle), BARS, 100)
    trade(folder / "whole.db", fixed(bundle), BARS, 100)
    assert contents(path) == contents(folder / "whole.db")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("account", "{", "account:"),
        ("account", "[1]", "not a JSON object"),
        ("account", '{"cash": NaN}', "NaN is not a JSON number"),
        ("stream", b"12345678", "stream:"),
    ],
)
def test_a_damaged_snapshot_is_refused(folder: Path, column: str, value: object, said: str) -> None:
    bundle, path = bundle_of(folder, 4), folder / "j.db"
    trade(path, fixed(bundle), BARS.slice(0, 200), 100)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"UPDATE snapshot SET {column} = ?", (value,))
        db.commit()
    with pytest.raises(LiveError, match=said) as error:
        trade(path, fixed(bundle), BARS, 100)
    assert error.value.code is ReasonCode.JOURNAL_FAILED


def test_a_stored_account_with_a_field_of_a_later_release_is_refused_by_name(folder: Path) -> None:
    bundle, path = bundle_of(folder, 4), folder / "j.db"
    trade(path, fixed(bundle), BARS.slice(0, 200), 100)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE snapshot SET account = json_set(account, '$.margin', 1.0)")
        db.commit()
    with pytest.raises(LiveError, match="margin, which this release does not know") as error:
        trade(path, fixed(bundle), BARS, 100)
    assert error.value.code is ReasonCode.ACCOUNT_INVALID


def test_a_file_that_is_no_journal_is_refused(folder: Path) -> None:
    (folder / "j.db").write_text("not a database, whatever its name says")
    with pytest.raises(LiveError) as error:
        Journal(folder / "j.db")
    assert error.value.code is ReasonCode.JOURNAL_FAILED
