"""Pages of any version or bundle: from the store, from the source, or with the reason why something is missing."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.pages import SETTINGS, judged_candidate
from trading.checks.stress import run_stress
from trading.errors import DataError
from trading.model.bundle import Bundle, load_bundle
from trading.night.artifacts import BACKTEST, BARS, MODEL, SPLITS
from trading.night.evaluation import PageSubject, RivalSource, collect, scenario_paths
from trading.night.evaluation_page import draw_bundle_page, failed_page, write_page
from trading.night.outcome import Candidate
from trading.night.publish import write_bundle_folder
from trading.night.workspace import Night
from trading.reports.page import Training
from trading.settings.models import RuntimeSpec, SevengatesSettings, StressSpec


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Night, Candidate]:
    return judged_candidate(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def written(made: tuple[Night, Candidate]) -> Path:
    night, candidate = made
    page = write_page(night, candidate)
    assert page.left_out == ()
    assert page.version is None
    return Path(page.place)


def bundle_of(made: tuple[Night, Candidate], written: Path) -> Bundle:
    return load_bundle(written.with_suffix(""), expected_digest=made[1].bundle_digest)


def settings_at(home: Path | str, source: str = "sim:edge=1") -> SevengatesSettings:
    market = SETTINGS.market.model_copy(update={"source": source})
    return SETTINGS.model_copy(update={"runtime": RuntimeSpec(home=str(home)), "market": market})


def test_a_trained_candidate_has_its_page_beside_a_bundle_that_the_page_did_not_change(
    made: tuple[Night, Candidate], written: Path
) -> None:
    assert written.name == f"{made[1].bundle_digest}.html"
    assert bundle_of(made, written).digest == made[1].bundle_digest
    assert "Trained, and not registered." in written.read_text()


def test_the_page_is_of_the_very_backtest_that_the_gates_judged(made: tuple[Night, Candidate], written: Path) -> None:
    night, candidate = made
    judged = night.store.get(BACKTEST, candidate.backtest_ref).metrics
    assert 'class="warning"' not in written.read_text()
    assert f"{judged['sharpe']:.2f} <span" in written.read_text()


def test_a_page_drawn_later_from_bundle_and_store_shows_the_same(made: tuple[Night, Candidate], written: Path) -> None:
    said: list[str] = []
    drawn = draw_bundle_page(settings_at(made[0].runtime.home), bundle_of(made, written), None, said.append)
    assert drawn.html.replace("<p>Trained, and not registered.</p>", "") == written.read_text().replace(
        "<p>Trained, and not registered.</p>", ""
    ).replace(
        "A candidate that is not registered meets no champion.", "A bundle that is not registered meets no champion."
    )
    assert said[-1] == "Drawing the page."


def test_another_machine_shows_the_evidence_and_says_what_it_lacks(
    made: tuple[Night, Candidate], written: Path, tmp_path: Path
) -> None:
    drawn = draw_bundle_page(settings_at(tmp_path), bundle_of(made, written), None, lambda _: None)
    assert "gives others (digest" in drawn.left_out["Equity"]
    assert "--source" in drawn.left_out["Equity"]
    assert drawn.left_out["Training"] == "This store does not hold the reports of its training."
    missing = draw_bundle_page(settings_at(tmp_path, "csv:gone.csv"), bundle_of(made, written), None, lambda _: None)
    assert "the source does not give them" in missing.left_out["Equity"]


def test_bars_of_the_source_are_used_only_if_they_are_the_very_bars(
    made: tuple[Night, Candidate], written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night, candidate = made
    bars = night.store.get(BARS, candidate.bars_ref)

    class Loaded:
        def __init__(self, found: Any) -> None:
            self.bars = found

    monkeypatch.setattr("trading.market.load.load_bars", lambda *_: Loaded(bars))
    drawn = draw_bundle_page(settings_at(tmp_path), bundle_of(made, written), None, lambda _: None)
    assert "Equity" not in drawn.left_out
    monkeypatch.setattr("trading.market.load.load_bars", lambda *_: Loaded(bars.slice(1, len(bars))))
    drawn = draw_bundle_page(settings_at(tmp_path), bundle_of(made, written), None, lambda _: None)
    assert "gives others" in drawn.left_out["Equity"]


def test_a_bundle_of_release_0_1_has_a_page(root: Path, tmp_path: Path) -> None:
    bundle = load_bundle(root / "tests/fixtures/release_0_1/bundle-1")
    drawn = draw_bundle_page(settings_at(tmp_path, "csv:gone.csv"), bundle, None, lambda _: None)
    assert "What each gate asked and found" not in drawn.left_out
    assert "Equity" in drawn.left_out
    assert "as those of release 0.1 do not" in drawn.html


def test_the_fans_are_the_equities_that_the_stress_test_judged(made: tuple[Night, Candidate]) -> None:
    night, candidate = made
    model, bars = night.store.get(MODEL, candidate.model_ref), night.store.get(BARS, candidate.bars_ref)
    part = night.store.get(SPLITS, candidate.splits_ref).test
    points, seed = np.array([0, part.size - 1]), night.plan.seeds["stress"]
    paths = scenario_paths(model, bars, part, seed=seed, points=points)
    _, judged = run_stress(model, bars, part.start, part.stop, spec=StressSpec(), seed=seed)
    initial = model.spec.limits.initial_equity
    assert list(paths) == [result.name for result in judged]
    for result in judged:
        ends = [path[-1] / initial - 1.0 for path in paths[result.name]]
        worse = np.quantile(ends, 1.0 - StressSpec().quantile)
        assert worse == pytest.approx(result.evidence["total_return"], abs=0.02)


def test_a_champion_whose_engine_is_not_here_is_left_out_with_the_reason(made: tuple[Night, Candidate]) -> None:
    night, candidate = made
    model = night.store.get(MODEL, candidate.model_ref)
    foreign = replace(model, spec=model.spec.changed(engine={**model.spec.engine.model_dump(), "name": "foreign"}))
    with tempfile.TemporaryDirectory() as folder:
        subject = PageSubject(
            name="SIM",
            fate="",
            bundle=load_bundle(write_bundle_folder(night.store, candidate, Path(folder))),
            bars=night.store.get(BARS, candidate.bars_ref),
            splits=night.store.get(SPLITS, candidate.splits_ref),
            why_no_bars="",
            rival=RivalSource(name="champion (version 9)", model=foreign),
            training=Training(),
        )
        traded = collect(subject).traded
    assert traded is not None
    assert traded.champion is None
    assert "The champion (version 9) is not shown: " in traded.why_no_champion
    assert "foreign" in traded.why_no_champion


def test_a_page_that_could_not_be_made_says_why(made: tuple[Night, Candidate]) -> None:
    candidate = made[1]
    assert failed_page(candidate, 3, ValueError("no ink")).failure == "ValueError: no ink"
    from trading.codes import ReasonCode

    error = DataError(ReasonCode.BARS_TOO_FEW, "too few.", remedy="More.")
    page = failed_page(candidate, None, error)
    assert (page.failure, page.place) == ("BARS_TOO_FEW: too few.", "")
    assert json.loads(page.model_dump_json())["version"] is None
