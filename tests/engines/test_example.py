"""The engine of docs/examples/engine, installed as another package: checked, trained through a night, and traded."""

from __future__ import annotations

import shutil
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.support import small_bars
from tests.support.nights import Played, play_night
from tests.support.plugins import installed
from trading.checks.check import Part
from trading.codes import ReasonCode
from trading.engines.base import parsed_options
from trading.engines.check import check_engine, checked_market
from trading.engines.stream import compute_signals
from trading.engines.table import ENGINES, GROUP, engine_class, engine_code, engine_names, engine_tag, open_engine
from trading.errors import ConfigError, EngineError, RegistryError
from trading.gates.verdict import read_verdict
from trading.model.bundle import Bundle, load_bundle
from trading.moments import DAY_MS, moment_text
from trading.night import data, evidence, fit
from trading.night.artifacts import BACKTEST, BARS, MODEL, SPLITS
from trading.night.plan import plan_night
from trading.night.publish import bundle_candidate, write_bundle_folder
from trading.night.workspace import Night, open_night
from trading.results import blocking_failures
from trading.settings.models import (
    DepthSpec,
    EngineSpec,
    FeatureSpec,
    MarketSpec,
    PolicySpec,
    RiskSpec,
    RuntimeSpec,
    SevengatesSettings,
)
from trading.simulation.backtest import run_backtest
from trading.steps.features import FeatureWindows
from trading.steps.opinion import EXTRAS
from trading.store import Ref

NAME, RANGE = "breakout", 24
SETTINGS = SevengatesSettings(
    market=MarketSpec(history_bars=2_500),
    features=FeatureSpec(fast=3, medium=6, slow=24, vwap=12),
    engine=EngineSpec(name=NAME, options={NAME: {"bars": RANGE}}),
    policy=PolicySpec(seeds=1, steps=1_000, lanes=4, rollout=16, batch_size=32, hidden=4, max_duration=24, workers=1),
    # Its calibrated confidence in the embedded market is low, and it is to trade.
    risk=RiskSpec(min_confidence=0.0),
    depth=DepthSpec(target_bars=500),
)


class Trained(NamedTuple):
    """A night of the example, and the bundle that it ended with."""

    night: Night
    played: Played
    bundle: Bundle


@pytest.fixture(scope="module")
def package(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example installed in it."""
    example = root / "docs" / "examples" / "engine"
    project = tomllib.loads((example / "pyproject.toml").read_text())["project"]
    folder = installed(
        tmp_path_factory.mktemp("packages"), project["name"], project["entry-points"], project["version"]
    )
    shutil.copy(example / f"{NAME}.py", folder)
    return folder


@pytest.fixture
def breakout(package: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where this process now finds the example."""
    use(package, monkeypatch)
    return package


@pytest.fixture(scope="module")
def trained(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A night of the example up to a judged bundle."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        use(package, patch)
        settings = SETTINGS.model_copy(update={"runtime": RuntimeSpec(home=str(home))})
        night = open_night(settings, "SIM", "2021-12-01")
        played = play_night(night)
        candidate = bundle_candidate(night, played.measured, played.judged, None)
        folder = write_bundle_folder(night.store, candidate, night.bundles)
        return Trained(night, played, load_bundle(folder))


def use(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process find the packages of a folder; what it imports from there is forgotten afterwards."""
    monkeypatch.syspath_prepend(package)
    # Set first, so that the end of the test removes whatever is imported in between.
    monkeypatch.setitem(sys.modules, NAME, None)
    monkeypatch.delitem(sys.modules, NAME)


def edited(package: Path, folder: Path) -> Path:
    """The same package with another line in its code."""
    copied = Path(shutil.copytree(package, folder, ignore=shutil.ignore_patterns("__pycache__")))
    source = copied / f"{NAME}.py"
    source.write_text(source.read_text().replace("min(0.5 + distance, 1.0)", "min(0.6 + distance, 1.0)"))
    return copied


def looking_ahead(package: Path, folder: Path, *, from_ms: int) -> Path:
    """The same package with a form for series whose opinions are those of the next bar from a moment on."""
    copied = Path(shutil.copytree(package, folder, ignore=shutil.ignore_patterns("__pycache__")))
    with (copied / f"{NAME}.py").open("a") as source:
        source.write(
            "\n    def opinions(self, bars, features):\n"
            "        rows = super().opinions(bars, features)\n"
            f"        first = int(bars.ts.searchsorted({from_ms}))\n"
            "        rows[first:-1] = rows[first + 1 :].copy()\n"
            "        return rows\n"
        )
    return copied


def night_of(home: Path) -> Night:
    """The night of the example in a home of its own."""
    return open_night(SETTINGS.model_copy(update={"runtime": RuntimeSpec(home=str(home))}), "SIM", "2021-12-01")


def begin_of_test_split(trained: Trained) -> int:
    """When the first bar of the test split opens."""
    store, measured = trained.night.store, trained.played.measured
    return int(store.get(BARS, measured.bars_ref).ts[store.get(SPLITS, measured.splits_ref).test.start])


@pytest.mark.usefixtures("breakout")
def test_it_is_found_by_its_entry_point_beside_the_built_in_ones() -> None:
    assert engine_names() == [*ENGINES, NAME]
    assert engine_class(NAME).__name__ == "Breakout"
    assert engine_tag(NAME) == "breakout_v1"
    with pytest.raises(ConfigError, match=r"engine\.options\.breakout\.bar is unknown") as caught:
        parsed_options(NAME, engine_class(NAME), {"bar": 3})
    assert caught.value.remedy == "Did you mean bars?"


@pytest.mark.usefixtures("breakout")
def test_it_keeps_every_promise_of_an_engine() -> None:
    kind = engine_class(NAME)
    market = checked_market(small_bars(40), FeatureWindows(6, 12, 96, 48))
    results = check_engine(kind, parsed_options(NAME, kind, {"bars": RANGE}), market)
    assert blocking_failures(results) == []
    assert len(results) == 7


def test_a_night_ends_with_a_judged_bundle_that_names_its_options_and_the_digest_of_its_code(
    trained: Trained, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = trained.bundle.model.spec.engine
    use(package, monkeypatch)
    assert identity.model_dump() == {
        "name": NAME,
        "tag": "breakout_v1",
        "revision": 1,
        "code": engine_code(NAME),
        "options": {"bars": RANGE},
        "extras": ("place",),
    }
    assert len(identity.code) == 64
    verdict = read_verdict(trained.bundle.gates)
    assert len(verdict.gates) == 7
    assert verdict.decision == trained.bundle.decision
    assert trained.bundle.model.layers is not None


@pytest.mark.usefixtures("breakout")
def test_its_bundle_trades_what_the_night_traded(trained: Trained) -> None:
    store, measured = trained.night.store, trained.played.measured
    bars, part = store.get(BARS, measured.bars_ref), store.get(SPLITS, measured.splits_ref).test
    run = run_backtest(trained.bundle.model, bars, part.start, part.stop)
    assert len(run.trades) > 5
    assert run.ledger_sha256 == store.get(BACKTEST, measured.backtest_ref).ledger_sha256


@pytest.mark.usefixtures("breakout")
def test_its_bundle_goes_by_its_own_rule_on_bars_it_never_saw(trained: Trained) -> None:
    model, bars = trained.bundle.model, small_bars(120, seed=8)
    signals = compute_signals(model, bars)
    tops = np.lib.stride_tricks.sliding_window_view(bars.high, RANGE)[:-1].max(axis=1)
    bottoms = np.lib.stride_tricks.sliding_window_view(bars.low, RANGE)[:-1].min(axis=1)
    closes = bars.close[RANGE:]
    rule = np.where(closes > tops, 1, np.where(closes < bottoms, -1, 0))
    assert signals.warm.tolist() == [0] * RANGE + [1] * (len(bars) - RANGE)
    np.testing.assert_array_equal(signals.direction[RANGE:], rule)
    assert set(rule) == {-1, 0, 1}
    assert np.ptp(signals.opinions[RANGE:, EXTRAS]) > 0.5


def test_its_bundle_is_refused_with_other_code_of_the_engine_before_any_of_it_runs(
    trained: Trained, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(edited(package, tmp_path / "edited"), monkeypatch)
    code = engine_code(NAME)
    assert code != trained.bundle.model.spec.engine.code
    with pytest.raises(RegistryError) as caught:
        open_engine(trained.bundle.model)
    assert caught.value.code == ReasonCode.ENGINE_MISMATCH
    assert code[:12] in caught.value.message
    assert NAME not in sys.modules
    assert plan_night(SETTINGS, "SIM", "2021-12-01").key != trained.night.plan.key


def test_without_the_package_its_bundle_and_its_name_are_refused(trained: Trained) -> None:
    assert engine_names() == list(ENGINES)
    with pytest.raises(RegistryError) as missing:
        run_backtest(trained.bundle.model, small_bars(40), 100)
    assert missing.value.code == ReasonCode.ENGINE_MISSING
    assert GROUP in missing.value.remedy
    with pytest.raises(ConfigError) as unknown:
        plan_night(SETTINGS, "SIM", "2021-12-01")
    assert unknown.value.code == ReasonCode.ENGINE_UNKNOWN


def test_a_form_for_series_that_sees_the_next_bar_stops_the_night_before_training(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(looking_ahead(package, tmp_path / "ahead", from_ms=0), monkeypatch)
    night = night_of(tmp_path / "home")
    bars = data.load_bars(night).bars_ref
    features, splits = data.compute_features(night, bars), data.make_splits(night, bars, night.plan.engines)
    with pytest.raises(EngineError, match="gives other opinions of a series than bar by bar") as refused:
        fit.fit_model(night, bars, features, splits, night.plan.engines[0])
    assert refused.value.code is ReasonCode.ENGINE_CHECK


def test_a_form_for_series_that_sees_the_next_bar_on_the_test_split_alone_stops_the_night_at_its_backtest(
    trained: Trained, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = begin_of_test_split(trained)
    use(looking_ahead(package, tmp_path / "ahead", from_ms=begin), monkeypatch)
    with pytest.raises(EngineError, match=r"opinions\(\) says .*, and on_bar\(\) says ") as refused:
        play_night(night_of(tmp_path / "home"))
    assert refused.value.code is ReasonCode.ENGINE_CHECK
    assert "run_backtest" in [entry.name for entry in refused.traceback]
    found = int(str(refused.value.fields["ts"]))
    assert begin <= found < begin + DAY_MS
    assert moment_text(found) in refused.value.message


@pytest.mark.parametrize("name", ["stress", "calibration"])
def test_no_check_on_the_test_split_measures_a_form_for_series_that_sees_the_next_bar_there(
    name: str, trained: Trained, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, measured = trained.night.store, trained.played.measured
    use(looking_ahead(package, tmp_path / "ahead", from_ms=begin_of_test_split(trained)), monkeypatch)
    # What this engine was fitted on is honest, so its model is that of the example under its own code.
    model = store.get(MODEL, measured.model_ref)
    identity = model.spec.engine.model_copy(update={"code": engine_code(NAME)})
    model = replace(model, spec=model.spec.model_copy(update={"engine": identity}))
    parts: dict[Part, Ref[Any]] = {
        "bars": measured.bars_ref,
        "splits": measured.splits_ref,
        "model": store.put(MODEL, model),
        "fit_report": trained.played.fit_report_ref,
    }
    with pytest.raises(EngineError) as refused:
        evidence.measuring(name)(trained.night, evidence.parts_of(name, parts))
    assert refused.value.code is ReasonCode.ENGINE_CHECK


def test_no_package_can_take_the_name_of_a_built_in_engine(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = installed(package.parent / "odd", "odd", {GROUP: {"regimes": f"{NAME}:Breakout"}})
    use(odd, monkeypatch)
    assert engine_names() == list(ENGINES)
    assert engine_class("regimes").__name__ == "Regimes"
    assert engine_code("regimes") == ""
