"""The runner trades a user's engine like its own, and refuses one that is not the one that was trained."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.live.support import Promotions, bundle_of, fixed, pointer_to, trade, trades_of, write_model
from tests.support import small_bars
from tests.support.models import make_model
from tests.support.plugins import installed
from trading.codes import ReasonCode
from trading.engines.table import GROUP, engine_code
from trading.errors import EngineError, RegistryError
from trading.live.runner import Tick
from trading.model.bundle import Bundle
from trading.model.spec import EngineIdentity, PolicyShape
from trading.simulation.backtest import run_backtest
from trading.steps.features import FEATURES

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "engine" / "breakout.py"
BARS = small_bars(30)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of an installed package that offers the engine of the documentation."""
    folder = installed(tmp_path / "site", "breakout-engine", {GROUP: {"breakout": "breakout:Breakout"}})
    shutil.copy(EXAMPLE, folder)
    monkeypatch.syspath_prepend(folder)
    yield folder
    sys.modules.pop("breakout", None)


def breakout_bundle(folder: Path) -> Bundle:
    arrays = {
        "scaler.mean": np.zeros(FEATURES),
        "scaler.deviation": np.ones(FEATURES),
        "calibrator.x": np.array([0.5, 1.0]),
        "calibrator.y": np.array([0.5, 0.9]),
    }
    identity = EngineIdentity(
        name="breakout",
        tag="breakout_v1",
        revision=1,
        code=engine_code("breakout"),
        options={"bars": 12},
        extras=("place",),
    )
    policy = PolicyShape(kind="fixed", action=(1.0, 0.0, 0.0, 0.0))
    return write_model(folder, make_model(arrays, engine=identity, policy=policy))


def refusals(path: Path) -> list[str]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as db:
        return [code for (code,) in db.execute("SELECT code FROM refusals")]


def promoted_after(folder: Path, old: Bundle, new: Bundle, ts: int) -> None:
    """Trade one bundle, and promote another after a bar."""
    promotions = Promotions(pointer_to(old, 1))

    def promote(tick: Tick) -> None:
        if tick.ts == ts:
            promotions.pointer = pointer_to(new, 2)

    status = trade(folder / "j.db", promotions, BARS, 100, promote)
    assert status.bundle_digest == old.digest


@pytest.mark.usefixtures("package")
def test_a_users_engine_is_traded_with_the_ledger_of_its_backtest_and_goes_on_after_a_stop(folder: Path) -> None:
    bundle = breakout_bundle(folder / "b")
    expected = run_backtest(bundle.model, BARS, 100)
    for stop in (150, 301, len(BARS)):
        status = trade(folder / "j.db", fixed(bundle), BARS.slice(0, stop), 100)
    assert len(expected.trades) > 5
    assert trades_of(folder / "j.db") == expected.trades
    assert status.ledger_sha256 == expected.ledger_sha256


def test_a_model_of_another_engine_takes_over_between_two_bars(folder: Path, package: Path) -> None:
    old, new = bundle_of(folder, 4), breakout_bundle(folder / "b")
    promotions = Promotions(pointer_to(old, 1))

    def promote(tick: Tick) -> None:
        if tick.ts == int(BARS.ts[300]):
            promotions.pointer = pointer_to(new, 2)

    status = trade(folder / "j.db", promotions, BARS, 100, promote)
    assert (status.swaps, status.bundle_digest, status.refusals) == (1, new.digest, 0)


def test_changed_code_of_an_engine_is_refused_and_the_old_model_goes_on(folder: Path, package: Path) -> None:
    old, new = bundle_of(folder, 4), breakout_bundle(folder / "b")
    (package / "breakout.py").write_text(EXAMPLE.read_text() + "\n# another line\n")
    promoted_after(folder, old, new, int(BARS.ts[300]))
    assert refusals(folder / "j.db") == [ReasonCode.ENGINE_MISMATCH]
    with pytest.raises(RegistryError) as refused:
        trade(folder / "alone.db", fixed(new), BARS, 100)
    assert refused.value.code is ReasonCode.ENGINE_MISMATCH


def test_an_engine_that_is_not_installed_is_refused_and_the_old_model_goes_on(folder: Path, package: Path) -> None:
    old, new = bundle_of(folder, 4), breakout_bundle(folder / "b")
    shutil.rmtree(package)
    promoted_after(folder, old, new, int(BARS.ts[300]))
    assert refusals(folder / "j.db") == [ReasonCode.ENGINE_MISSING]
    # The same after a restart: the registry still offers it.
    again = trade(folder / "j.db", Promotions(pointer_to(new, 2)), BARS, 100)
    assert again.bundle_digest == old.digest


def test_an_engine_that_fails_on_the_bars_so_far_is_refused_and_the_old_model_goes_on(
    folder: Path, package: Path
) -> None:
    module = package / "breakout.py"
    module.write_text(EXAMPLE.read_text().replace("opinion = None", "raise KeyError('no opinion')"))
    old, new = bundle_of(folder, 4), breakout_bundle(folder / "b")
    promoted_after(folder, old, new, int(BARS.ts[300]))
    assert refusals(folder / "j.db") == [ReasonCode.ENGINE_BROKEN]
    with pytest.raises(EngineError, match=r"engine breakout cannot give an opinion .* KeyError: 'no opinion'"):
        trade(folder / "alone.db", fixed(new), BARS, 100)
