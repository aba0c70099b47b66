from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.samples import good_evidence
from tests.cli.conftest import Run
from tests.support import small_model
from trading.gates.verdict import judge
from trading.model.bundle import Bundle, write_bundle
from trading.model.lineage import Lineage
from trading.settings.models import GateSpec


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    evidence = good_evidence(sharpe=0.4)
    verdict = judge(evidence, GateSpec().model_dump()).as_json()
    lineage = Lineage(symbol="SIM", interval="1h", as_of_ms=1_630_000_000_000)
    return write_bundle(tmp_path / "bundle", small_model(), lineage, evidence.as_json(), verdict, "")


def test_a_folder_is_explained_without_a_registry(run: Run, bundle: Bundle) -> None:
    result = run("explain", str(bundle.folder))
    assert result.code == 0
    assert "REJECTED: 1 of 7 gates did not pass (performance)" in result.out
    assert "FAIL  sharpe is 0.4, at least 1 is asked, 0.6 away." in result.out
    found = run("explain", str(bundle.folder), "--json").json
    assert (found["version"], found["decision"], found["bundle_digest"]) == (None, "REJECTED", bundle.digest)


def test_a_version_that_is_not_there_is_refused_by_code(run: Run) -> None:
    for words in (("explain", "7"), ("backtest", "7"), ("reproduce", "7"), ("models", "lineage", "7")):
        result = run(*words, "--json")
        assert (result.code, result.json["error"]["code"]) == (6, "MODEL_UNKNOWN"), words


def test_a_folder_is_backtested_and_its_old_bundle_is_no_proof(run: Run, bundle: Bundle) -> None:
    options = ("backtest", str(bundle.folder), "--from", "2021-07-01", "--to", "2021-08-01")
    result = run(*options)
    assert "UNKNOWN SAMPLE" in result.out
    assert "verdict               REJECTED, by the gates of its night" in result.out
    assert "90 % interval" in result.out
    found = run(*options, "--json").json
    assert (found["sample"], found["bars"], found["version"]) == ("unknown", 31 * 24, None)


def test_a_file_of_no_known_kind_is_refused_before_anything_is_traded(run: Run, bundle: Bundle) -> None:
    for option in ("--export", "--plot"):
        result = run("backtest", str(bundle.folder), option, "equity.doc", "--json")
        assert (result.code, result.json["error"]["code"]) == (2, "CONFIG_INVALID")


def test_a_bundle_without_a_manifest_says_that_it_cannot_be_built_again(run: Run, bundle: Bundle) -> None:
    result = run("reproduce", str(bundle.folder), "--json")
    assert (result.code, result.json["error"]["code"]) == (6, "MANIFEST_MISSING")


def test_a_period_that_ends_before_it_begins_is_a_usage_error(run: Run) -> None:
    result = run("backfill", "--from", "2026-01-02", "--to", "2026-01-01", "--json")
    assert (result.code, result.json["error"]["code"]) == (2, "CONFIG_INVALID")


def test_a_report_of_an_empty_home_is_empty(run: Run) -> None:
    assert run("report", "--days", "7", "--json").json["nights"] == []
