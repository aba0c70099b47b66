"""A bundle of release 0.1 loads for ever, and trades as it did but for the rules that were changed on purpose since.

What it trades now is accepted with its reason in ``changes.json``; that nothing but those rules changed it is shown by
putting them back.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from tests.support import release_0_1
from tests.support.accepted import differences
from tests.support.release_0_1_now import codes_sha256, run_numbers, traded
from tests.support.release_0_1_rules import ROUNDING, RULES, fill_as_release_0_1, metrics_of_0_1
from trading.arrays import Floats
from trading.canonical import canonical_json, parse_json
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.market.bars import Bars
from trading.model.bundle import Bundle, BundleHead, load_bundle
from trading.model.upgrades import SCHEMA_VERSION, upgraded_bundle
from trading.simulation.backtest import run_backtest
from trading.steps.account import TRADE_QUANTITY

ROOT = Path(__file__).resolve().parents[2]
NEW_NAME = {
    "scaler_mean": "scaler.mean",
    "scaler_std": "scaler.deviation",
    "calibrator_x": "calibrator.x",
    "calibrator_y": "calibrator.y",
    **{name: f"engine.{name}" for name in ("startprob", "transmat", "means", "covars")},
    **{name: f"policy.{name}" for name in ("w0", "b0", "w1", "b1", "w2", "b2")},
}


@pytest.fixture(scope="module", params=release_0_1.BUNDLES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def bundle(name: str) -> Bundle:
    return load_bundle(release_0_1.FOLDER / name, release_0_1.expected()["bundles"][name]["digest"])


def sha256(array: np.ndarray, kind: str) -> str:
    return hashlib.sha256(np.ascontiguousarray(array, dtype=kind).tobytes()).hexdigest()


def test_the_fixture_is_what_the_release_wrote() -> None:
    found = release_0_1.expected()
    assert release_0_1.bars().digest() == found["bars"]["digest"]
    for file, digest in found["files"].items():
        assert hashlib.sha256((release_0_1.FOLDER / file).read_bytes()).hexdigest() == digest, file


def test_its_arrays_are_those_that_were_trained(name: str, bundle: Bundle) -> None:
    for old, described in release_0_1.expected()["bundles"][name]["arrays"].items():
        array = bundle.model.arrays()[NEW_NAME[old]]
        if old.startswith("calibrator"):
            assert (array[0] == array[1]).all()
            array = array[0]
        assert list(array.shape) == described["shape"]
        assert sha256(array, "<f8") == described["sha256"]


@pytest.mark.parametrize("part", release_0_1.PARTS)
def test_it_trades_what_was_accepted_since(name: str, part: str) -> None:
    found = run_numbers(traded(name, part))
    assert differences(release_0_1.accepted().measured["bundles"][name][part], found) == {}


@pytest.mark.parametrize("part", release_0_1.PARTS)
def test_two_rules_are_all_that_changed_what_it_trades(name: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    then = release_0_1.expected()["bundles"][name][part]
    fill_as_release_0_1(monkeypatch, *RULES)
    now = traded(name, part)
    assert release_0_1.ledger_of_0_1(now.trades) == then["ledger_sha256"]
    assert codes_sha256(now.codes) == then["codes_sha256"]
    metrics = {key: pytest.approx(value, rel=1e-9) for key, value in then["metrics"].items()}
    assert metrics_of_0_1(name, part) == metrics


def test_every_trade_of_it_is_still_the_same_one_a_little_smaller(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = traded(name, "all")
    fill_as_release_0_1(monkeypatch, *RULES)
    for after, before in zip(now.trades, traded(name, "all").trades, strict=True):
        assert all(after[key] == before[key] for key in ("entry_ts", "exit_ts", "side", "reason", "held", "regime"))
        assert 0.999 * abs(before["quantity"]) < abs(after["quantity"]) <= abs(before["quantity"])
    assert len(now.trades) == release_0_1.expected()["bundles"][name]["all"]["trades"]


def test_until_a_limit_binds_at_the_fill_its_prices_are_one_tick_worse_at_most(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, tick = traded(name, "all"), 1e-8
    fill_as_release_0_1(monkeypatch, *RULES)
    before = traded(name, "all")
    alike = next(i for i, (one, other) in enumerate(zip(now.closed, before.closed, strict=True)) if smaller(one, other))
    worse = 0.0
    for after, other in zip(now.trades[:alike], before.trades[:alike], strict=True):
        side = 1.0 if after["side"] == "long" else -1.0
        entered, left = (side * (after[key] - other[key]) for key in ("entry_price", "exit_price"))
        # A target is no taker's: it moves with the entry and is rounded outward.
        ends = (entered,) if after["reason"] == "target" else (entered, -left)
        assert all(-0.1 * tick < worsened < 1.1 * tick for worsened in ends)
        worse += sum(ends)
    assert alike == 3
    assert worse > 0.9 * tick


def test_the_first_smaller_trade_of_it_was_over_its_limit_at_the_fill(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = load_bundle(release_0_1.FOLDER / name).model.spec.limits
    fill_as_release_0_1(monkeypatch, *RULES)
    before = traded(name, "all")
    monkeypatch.undo()
    fill_as_release_0_1(monkeypatch, ROUNDING)
    now = traded(name, "all")
    pairs = list(zip(now.closed, before.closed, strict=True))
    first = next(i for i, pair in enumerate(pairs) if smaller(*pair))
    after, then = now.trades[first], before.trades[first]
    assert now.trades[:first] == before.trades[:first]
    cash = limits.initial_equity + sum(trade["pnl"] for trade in now.trades[:first])
    share = [abs(trade["quantity"]) * trade["entry_price"] / cash for trade in (after, then)]
    assert share[0] < limits.size_cap < share[1] < 1.001 * limits.size_cap


def smaller(one: Floats, other: Floats) -> bool:
    return abs(one[TRADE_QUANTITY]) < abs(other[TRADE_QUANTITY]) * (1.0 - 1e-12)


def test_its_engine_is_named_as_the_one_it_was(bundle: Bundle) -> None:
    engine = bundle.model.spec.engine
    assert (engine.name, engine.tag, engine.revision, engine.code) == ("regimes", "hmm_v1", 1, "")
    assert bundle.lineage.ranges == {}


def test_adding_a_feature_by_its_name_and_its_step_changes_no_trade_of_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "trading", tmp_path / "trading", ignore=shutil.ignore_patterns("__pycache__"))
    example = ROOT / "docs" / "examples" / "feature" / "range_place.patch"
    subprocess.run(["patch", "-p1", "-i", str(example)], cwd=tmp_path, check=True, capture_output=True)
    program = (
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from tests.support import release_0_1\n"
        "from trading.model.bundle import load_bundle\n"
        "from trading.simulation.backtest import run_backtest\n"
        "from trading.engines.series import compute_features\n"
        "from trading.steps.features import FEATURES\n"
        "bars = release_0_1.bars().slice(2400, 3600)\n"
        "model = load_bundle(release_0_1.FOLDER / 'bundle-1').model\n"
        "print(FEATURES, run_backtest(model, bars, 240).ledger_sha256)\n"
        "place = compute_features(bars, model.spec.windows.as_step())[200:, 14]\n"
        "assert ((place >= 0.0) & (place <= 1.0)).all()\n"
    )
    # Plain Python, as the runner runs it: a number beyond the end of an array is an error here.
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    part: Bars = release_0_1.bars().slice(2400, 3600)
    model = load_bundle(release_0_1.FOLDER / "bundle-1").model
    assert done.stdout.split() == ["15", run_backtest(model, part, 240).ledger_sha256]


def test_no_settings_model_stands_in_what_outlives_a_release() -> None:
    seen: set[type[Any]] = set()
    waiting: list[Any] = [BundleHead]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
            seen.add(kind)
            waiting += [field.annotation for field in kind.model_fields.values()]
        waiting += list(getattr(kind, "__args__", ()))
    assert len(seen) > 5
    own = {"trading.model.bundle", "trading.model.spec", "trading.model.lineage", "trading.model.depth"}
    assert {kind.__module__ for kind in seen} == own


def head_of_0_1() -> dict[str, Any]:
    return json.loads((release_0_1.FOLDER / "bundle-1" / "bundle.json").read_text())


@pytest.mark.parametrize("missing", ["model", "regimes", "observation_size", "lineage"])
def test_a_head_of_schema_1_without_one_of_its_parts_is_refused(missing: str) -> None:
    head = head_of_0_1()
    del head[missing]
    with pytest.raises(ValueError, match="schema 1"):
        upgraded_bundle(head, {})


def test_a_head_of_schema_1_with_other_regimes_or_arrays_is_refused() -> None:
    with pytest.raises(ValueError, match="regimes or actions"):
        upgraded_bundle(head_of_0_1() | {"regimes": ["bear", "bull", "chop"]}, {})
    with pytest.raises(ValueError, match="observation"):
        upgraded_bundle(head_of_0_1() | {"observation_size": 28}, {})
    with pytest.raises(ValueError, match="arrays w9"):
        upgraded_bundle(head_of_0_1(), {"w9": np.zeros(1)})


def test_what_an_upgrade_gives_is_of_the_present_schema_and_stays_as_it_is() -> None:
    once, arrays = upgraded_bundle(head_of_0_1(), {})
    assert once["schema_version"] == SCHEMA_VERSION
    head = BundleHead.model_validate(once)
    again, _ = upgraded_bundle(parse_json(canonical_json(head.model_dump(mode="json"))), arrays)
    assert BundleHead.model_validate(again) == head


def test_a_bundle_that_needs_a_feature_nobody_computes_any_more_is_refused_in_words() -> None:
    head = head_of_0_1()
    head["model"]["feature_names"][0] = "moon_phase"
    document, _ = upgraded_bundle(head, {})
    spec = BundleHead.model_validate(document).model
    from trading.model.model import model_from

    with pytest.raises(RegistryError, match="moon_phase") as refused:
        model_from(spec, load_bundle(release_0_1.FOLDER / "bundle-1").model.arrays())
    assert refused.value.code is ReasonCode.BUNDLE_INVALID
