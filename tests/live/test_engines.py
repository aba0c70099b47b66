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
from tests.support.models import KNOWN, make_model, one_map
from tests.support.plugins import installed
from trading.codes import ReasonCode
from trading.engines.table import GROUP, engine_code
from trading.errors import EngineError, RegistryError
from trading.live.runner import Tick
from trading.model.bundle import Bundle
from trading.model.spec import EngineIdentity, PolicyShape
from trading.simulation.backtest import run_backtest

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "engine" / "breakout.py"
BARS = small_bars(30)
ON_BAR = "    def on_bar(self, bar, features):\n"
COUNTING = f"    seen = []\n\n{ON_BAR}        self.seen.append(bar.ts)\n"
SAVING = f"    def save(self):\n        return {{'seen': np.array([float(len(self.highs))])}}\n\n{ON_BAR}"
FAULTS = {
    "on a bar": (ON_BAR, f"{ON_BAR}        if bar.ts == {BARS.ts[200]}:\n            raise KeyError(bar.ts)\n"),
    "by saying nonsense": ("opinion = None", "opinion = Opinion(7)"),
    "when it is opened": ("super().__init__(setup)", "raise OSError('no licence')"),
    "when it is saved": (ON_BAR, f"    def save(self):\n        raise KeyError('lost')\n\n{ON_BAR}"),
    "when it is imported": ("from __future__ import annotations", "import a_package_that_is_not_here"),
}
"""What of the example is replaced by what."""


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
        "scaler.mean": np.zeros(len(KNOWN)),
        "scaler.deviation": np.ones(len(KNOWN)),
        **one_map([0.5, 1.0], [0.5, 0.9]),
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


def refusal_rows(path: Path) -> list[tuple]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT ts, subject, code FROM refusals").fetchall()


def refusals(path: Path) -> list[str]:
    return [code for _, _, code in refusal_rows(path)]


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


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("on a bar", ReasonCode.ENGINE_BROKEN),
        ("by saying nonsense", ReasonCode.ENGINE_OPINION),
        ("when it is opened", ReasonCode.ENGINE_BROKEN),
        ("when it is saved", ReasonCode.ENGINE_BROKEN),
        ("when it is imported", ReasonCode.PLUGIN_INVALID),
    ],
)
@pytest.mark.parametrize("down", [True, False], ids=["promoted while the runner is down", "promoted while it runs"])
def test_an_engine_that_fails_is_refused_once_and_the_old_model_trades_on(
    folder: Path, package: Path, fault: str, code: ReasonCode, down: bool
) -> None:
    text = EXAMPLE.read_text()
    (package / "breakout.py").write_text(text.replace(*FAULTS[fault]))
    assert (package / "breakout.py").read_text() != text
    old, new = bundle_of(folder, 4), breakout_bundle(folder / "b")
    if down:
        trade(folder / "j.db", fixed(old), BARS.slice(0, 301), 100)
        status = trade(folder / "j.db", Promotions(pointer_to(new, 2)), BARS, 100)
        assert status.bundle_digest == old.digest
    else:
        promoted_after(folder, old, new, int(BARS.ts[300]))
    assert refusal_rows(folder / "j.db") == [(int(BARS.ts[300]), new.digest, code)]
    assert trades_of(folder / "j.db") == run_backtest(old.model, BARS, 100).trades


def test_a_refused_promotion_is_written_down_at_a_start_without_another_bar(folder: Path, package: Path) -> None:
    (package / "breakout.py").write_text(EXAMPLE.read_text().replace(*FAULTS["on a bar"]))
    old, new = bundle_of(folder, 4), breakout_bundle(folder / "b")
    bars = BARS.slice(0, 301)
    trade(folder / "j.db", fixed(old), bars, 100)
    status = trade(folder / "j.db", Promotions(pointer_to(new, 2)), bars, 100)
    assert (status.bundle_digest, status.swaps) == (old.digest, 0)
    assert status.last_refusal.startswith("ENGINE_BROKEN: engine breakout cannot give an opinion of the bar of")


def test_a_healthy_model_that_takes_over_at_a_start_is_shown_every_bar_once(folder: Path, package: Path) -> None:
    (package / "breakout.py").write_text(EXAMPLE.read_text().replace(ON_BAR, COUNTING))
    old, new = bundle_of(folder, 4), breakout_bundle(folder / "b")
    trade(folder / "j.db", fixed(old), BARS.slice(0, 301), 100)
    assert trade(folder / "j.db", fixed(new), BARS, 100).swaps == 1
    assert sys.modules["breakout"].Breakout.seen == BARS.ts.tolist()


def test_a_start_fails_with_the_journals_own_model_if_that_cannot_be_used_either(folder: Path, package: Path) -> None:
    (package / "breakout.py").write_text(EXAMPLE.read_text().replace(*FAULTS["on a bar"]))
    old, new = bundle_of(folder, 4), breakout_bundle(folder / "b")
    trade(folder / "j.db", fixed(old), BARS.slice(0, 301), 100)
    shutil.rmtree(old.folder)
    with pytest.raises(RegistryError) as refused:
        trade(folder / "j.db", Promotions(pointer_to(new, 2)), BARS, 100)
    assert refused.value.code is ReasonCode.BUNDLE_MISSING


def test_an_own_model_that_cannot_go_on_where_it_was_saved_stops_the_start_by_code(folder: Path, package: Path) -> None:
    text = EXAMPLE.read_text().replace("from collections", "import numpy as np\nfrom collections", 1)
    (package / "breakout.py").write_text(text.replace(ON_BAR, SAVING))
    bundle = breakout_bundle(folder / "b")
    trade(folder / "j.db", fixed(bundle), BARS.slice(0, 301), 100)
    with pytest.raises(EngineError, match=r"cannot go on where it was saved: NotImplementedError"):
        trade(folder / "j.db", fixed(bundle), BARS, 100)
