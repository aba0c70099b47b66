"""Leaks are found by the stages, checks and gate of a night: a few of the corpus, on short histories."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.leaks import HONEST, LEAKS, TRAINED, Case, found_in
from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.night.examination import examine, feature_set
from trading.settings.models import MarketSpec, SevengatesSettings

BARS = 3_000
CASES = {case.name: case for case in (*LEAKS, *HONEST)}

FOUND = {
    "lanes are fed bars 24 ahead": "decisions",
    "scaler fitted over the test split": "fit_scaler",
    "the same, and its record says otherwise": "refit",
    "calibrator fitted on the test split": "fit_calibrator",
    "policy trained on the test split": "fit_policy",
    "seed chosen on the test split": "fit_choice",
    "features: A scaler over the whole sample": "own features: prefix",
}


def short(case: Case) -> Case:
    market = case.settings.market.model_copy(update={"history_bars": BARS})
    return replace(case, settings=case.settings.model_copy(update={"market": market}))


@pytest.mark.parametrize(("name", "rule"), FOUND.items())
def test_a_planted_leak_is_refused_by_the_gate(name: str, rule: str) -> None:
    assert rule in found_in(short(CASES[name]))


def test_a_whole_night_whose_lanes_decide_by_later_bars_ends_with_a_verdict_that_refuses_them() -> None:
    ahead = short(replace(CASES["lanes are fed bars 24 ahead"], settings=TRAINED, trained=True))
    assert found_in(ahead) == ["decisions"]


@pytest.mark.parametrize("name", ["without an edge", "trailing features", "a trained policy"])
def test_an_honest_candidate_is_not(name: str) -> None:
    (case,) = (case for full, case in CASES.items() if name in full and case in HONEST)
    assert found_in(short(case)) == []


def test_the_corpus_is_large_enough_and_names_each_case_once() -> None:
    assert len(LEAKS) >= 20
    assert len(HONEST) >= 20
    assert len(CASES) == len(LEAKS) + len(HONEST)


def test_the_page_about_leaks_is_of_this_corpus_and_says_that_all_of_it_came_out_right(root: Path) -> None:
    page = (root / "docs" / "leakage.md").read_text()
    missing = [name for name in CASES if f"| {name} |" not in page]
    assert not missing
    assert f"**{len(LEAKS)} of {len(LEAKS)} planted leaks are found; 0 of " in page


def test_an_examination_leaves_nothing_behind(tmp_path: Path) -> None:
    settings = SevengatesSettings(market=MarketSpec(history_bars=BARS))
    home = settings.runtime.model_copy(update={"home": str(tmp_path)})
    found = examine(settings.model_copy(update={"runtime": home}), "moving_average", as_of="2022-01-01")
    assert (found.engine, found.symbol, found.bars) == ("moving_average", "SIM", BARS)
    assert all(result.passed for result in found.results)
    assert list(tmp_path.iterdir()) == []


def test_a_feature_set_is_found_in_a_module_and_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "own_columns.py"
    file.write_text("def table(bars):\n    return {'volume': bars.volume}\n")
    assert feature_set(f"{file}:table").__name__ == "table"  # pyright: ignore[reportFunctionMemberAccess]
    assert callable(feature_set("tests.support.leak_engines:trailing_features"))


@pytest.mark.parametrize("place", ["no_such_module:table", "tests.support.leak_engines:WINDOW", "tests.support"])
def test_what_is_no_feature_set_is_refused_by_name(place: str) -> None:
    with pytest.raises(ConfigError) as refused:
        feature_set(place)
    assert refused.value.code is ReasonCode.PLUGIN_INVALID
    assert place in refused.value.message
