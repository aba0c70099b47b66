from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support import random_model, small_bars
from tests.support.models import KNOWN, make_model, one_map
from tests.support.plugins import installed
from trading.checks.stress import run_stress
from trading.codes import ReasonCode
from trading.engines.checked import checked_signals, checked_stream
from trading.engines.stream import SignalStream, compute_signals
from trading.engines.table import GROUP, engine_code
from trading.errors import EngineError
from trading.model.model import TradingModel
from trading.model.spec import EngineIdentity, PolicyShape
from trading.moments import moment_text
from trading.settings.models import StressSpec
from trading.simulation import lanes
from trading.simulation.backtest import run_backtest
from trading.simulation.lanes import run_lanes
from trading.simulation.parameters import model_parameters

BARS, START = small_bars(120), 800
ROOT = Path(__file__).resolve().parents[2]

HONEST = """
    def opinions(self, bars, features):
        return np.array([self.row(bar, one) for bar, one in zip(bars.rows(), features)])
"""
AHEAD = """
    def opinions(self, bars, features):
        rows = super().opinions(bars, features)
        rows[:-1] = rows[1:].copy()
        return rows
"""
AHEAD_WITHOUT_VOLUME = """
    def opinions(self, bars, features):
        rows = super().opinions(bars, features)
        still = np.flatnonzero(bars.volume[:-1] == 0)
        rows[still, 0] = np.where(bars.close[still + 1] > bars.close[still], 1.0, -1.0)
        return rows
"""
BEGINS_ANEW = """
    def opinions(self, bars, features):
        self.__init__(self.setup)
        return super().opinions(bars, features)
"""
SHORT = """
    def opinions(self, bars, features):
        return super().opinions(bars, features)[:-1]
"""
CHANGES_WHAT_IT_IS_GIVEN = """
    def opinions(self, bars, features):
        rows = super().opinions(bars, features)
        bars.close[:-1] = bars.close[1:].copy()
        features[:-1] = features[1:].copy()
        return rows
"""

MakeModel = Callable[[str], TradingModel]


@pytest.fixture
def users_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeModel:
    """Makes a model of the documented engine, installed with another form for series."""
    folder = installed(tmp_path / "site", "breakout-engine", {GROUP: {"breakout": "breakout:Breakout"}})
    monkeypatch.syspath_prepend(folder)

    def made(form: str) -> TradingModel:
        shutil.copy(ROOT / "docs" / "examples" / "engine" / "breakout.py", folder)
        source = folder / "breakout.py"
        row = """
    def row(self, bar, features):
        row = np.empty(OPINION_SIZE)
        self.write(bar, features, row)
        return row
"""
        head = "from __future__ import annotations\n"
        imports = f"{head}import numpy as np\nfrom trading.steps.opinion import OPINION_SIZE\n"
        source.write_text(source.read_text().replace(head, imports) + row + form)
        monkeypatch.delitem(sys.modules, "breakout", raising=False)
        identity = EngineIdentity(
            name="breakout",
            tag="breakout_v1",
            revision=1,
            code=engine_code("breakout"),
            options={"bars": 12},
            extras=("place",),
        )
        arrays = {
            "scaler.mean": np.zeros(len(KNOWN)),
            "scaler.deviation": np.ones(len(KNOWN)),
            **one_map([0.5, 1.0], [0.5, 0.9]),
        }
        policy = PolicyShape(kind="fixed", action=(1.0, 0.0, 0.0, 0.0))
        return make_model(arrays, engine=identity, policy=policy)

    return made


def test_a_built_in_engine_is_not_run_twice() -> None:
    assert type(checked_stream(random_model(1))) is SignalStream


def test_a_users_engine_without_a_form_for_series_is_not_run_twice(users_model: MakeModel) -> None:
    assert type(checked_stream(users_model(""))) is SignalStream


def test_an_honest_form_for_series_trades_what_the_engine_trades_bar_by_bar(
    users_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "STRETCH", 500)
    plain = run_backtest(users_model(""), BARS, START)
    model = users_model(HONEST)
    assert type(checked_stream(model)) is not SignalStream
    assert run_backtest(model, BARS, START).ledger_sha256 == plain.ledger_sha256
    assert len(plain.trades) > 20
    base, _ = run_stress(model, BARS, START, len(BARS), spec=StressSpec(seeds=1), seed=3)
    assert base.ledger_sha256 == plain.ledger_sha256
    np.testing.assert_array_equal(checked_signals(model, BARS).opinions, compute_signals(model, BARS).opinions)


def test_the_first_bar_with_two_opinions_is_named_with_both(users_model: MakeModel) -> None:
    model = users_model(AHEAD)
    with pytest.raises(EngineError) as refused:
        checked_signals(model, BARS)
    error = refused.value
    # The range holds 12 bars, so the 13th is the first with an opinion; seen a bar ahead, it is the 12th.
    assert (error.code, error.fields["ts"]) == (ReasonCode.ENGINE_CHECK, int(BARS.ts[11]))
    assert f"of the bar of {moment_text(BARS.ts[11])} opinions() says direction" in error.message
    assert error.message.endswith("and on_bar() says direction nan.")


@pytest.mark.parametrize("form", [AHEAD, BEGINS_ANEW, SHORT])
def test_a_backtest_of_a_form_that_differs_is_refused(
    users_model: MakeModel, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(lanes, "STRETCH", 500)
    with pytest.raises(EngineError) as refused:
        run_backtest(users_model(form), BARS, START)
    assert refused.value.code is ReasonCode.ENGINE_CHECK


def test_a_form_that_looks_ahead_in_a_stressed_market_alone_is_refused_by_the_stress_test(
    users_model: MakeModel,
) -> None:
    model = users_model(AHEAD_WITHOUT_VOLUME)
    assert len(run_backtest(model, BARS, START).trades) > 20
    with pytest.raises(EngineError) as refused:
        run_stress(model, BARS, START, len(BARS), spec=StressSpec(seeds=1), seed=3)
    assert refused.value.code is ReasonCode.ENGINE_CHECK


def test_what_a_form_does_to_bars_and_features_reaches_neither_prices_nor_policy(users_model: MakeModel) -> None:
    digest, plain = BARS.digest(), run_backtest(users_model(""), BARS, START)
    changed = run_backtest(users_model(CHANGES_WHAT_IT_IS_GIVEN), BARS, START)
    assert BARS.digest() == digest
    assert changed.ledger_sha256 == plain.ledger_sha256


def test_bars_that_were_checked_before_can_be_traded_without_it(users_model: MakeModel) -> None:
    model = users_model(HONEST)
    parameters = [model_parameters(model)]
    (checked,) = run_lanes(model, [BARS], parameters, START, len(BARS))
    (unchecked,) = run_lanes(model, [BARS], parameters, START, len(BARS), checked=False)
    np.testing.assert_array_equal(checked.equity, unchecked.equity)
