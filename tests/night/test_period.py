"""A report of some days has every night, what became of it, and what people did."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.registry.conftest import NAME, MakeBundle, home, ledger, log, make_bundle, migrated, registry  # noqa: F401
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.moments import DAY_MS
from trading.night.ancestry import ancestor_facts, ancestry
from trading.night.failures import failed_nights, note_failures
from trading.night.period import period_lines, report_period
from trading.night.report import NightReport, failed_report
from trading.night.review import ChosenBundle
from trading.registry.adapter import MlflowRegistry
from trading.registry.entries import Action, Transition
from trading.registry.ledger import Ledger
from trading.reports.descent import Box, draw_descent, mermaid
from trading.settings.models import RuntimeSpec

# ruff: noqa: F811  # pytest hands fixtures over by name


def put(ledger: Ledger, version: int, digest: str, action: Action, *, actor: str = "nightly", epoch: int = 0) -> None:
    transition = Transition(
        model_name=NAME, version=version, bundle_digest=digest, action=action, actor=actor, reason=f"{action}d"
    )
    ledger.append(transition, expected_epoch=epoch if transition.changes_production else None)


def test_each_night_is_shown_with_what_its_night_decided_and_people_apart(
    registry: MlflowRegistry, ledger: Ledger, make_bundle: MakeBundle, home: Path
) -> None:
    bundles = [make_bundle(seed) for seed in range(3)]
    for bundle in bundles:
        registry.log_night(
            NAME, bundle.folder, metrics={"sharpe": 1.5, "run_wall_seconds": 10.0, "run_cpu_seconds": 4.0}, params={}
        )
    put(ledger, 1, bundles[0].digest, "promote")
    put(ledger, 2, bundles[1].digest, "stage")
    put(ledger, 2, bundles[1].digest, "promote", actor="cli", epoch=1)
    runtime = RuntimeSpec(home=str(home))
    error = DataError(ReasonCode.BARS_GAPS, "half of it is missing.", remedy="Look.")
    reports = [failed_report("OTHER", error), NightReport(symbol="SIM", status="rejected")]
    assert note_failures(runtime, reports, datetime(2026, 1, 2, tzinfo=UTC)) == 1
    report = report_period(runtime, 1.0)
    rows = [(night.symbol, night.version, night.result) for night in report.nights]
    assert sorted(rows, key=str) == [
        ("OTHER", None, "failed"),
        ("SIM", 1, "promoted"),
        ("SIM", 2, "staged"),
        ("SIM", 3, "unfinished"),
    ]
    assert (report.wall_s, report.cpu_s) == (30.0, 12.0)
    assert [(entry.version, entry.actor) for entry in report.changes] == [(2, "cli")]
    text = "\n".join(period_lines(report))
    assert "1 failed" in text
    assert "BARS_GAPS: half of it is missing." in text
    assert f"promote of {NAME} version 2 by cli" in text


def test_a_champion_that_had_to_leave_and_the_challenger_that_followed_are_told(ledger: Ledger, home: Path) -> None:
    digests = [f"{number:02x}" * 32 for number in range(3)]
    put(ledger, 1, digests[0], "promote")
    put(ledger, 2, digests[1], "stage")
    put(ledger, 1, digests[0], "retire", epoch=1)
    put(ledger, 2, digests[1], "promote", epoch=2)
    put(ledger, 3, digests[2], "reject")
    report = report_period(RuntimeSpec(home=str(home)), 1.0)
    assert [(entry.version, entry.action) for entry in report.changes] == [(1, "retire"), (2, "promote")]
    assert f"retire of {NAME} version 1 by nightly: retired" in "\n".join(period_lines(report))


def test_what_is_older_than_the_period_is_left_out(
    registry: MlflowRegistry, make_bundle: MakeBundle, home: Path
) -> None:
    registry.log_night(NAME, make_bundle(1).folder, metrics={}, params={})
    runtime = RuntimeSpec(home=str(home))
    note_failures(runtime, [failed_report("A", ValueError("x"))], None)
    later = int(datetime.now(UTC).timestamp() * 1_000) + 3 * DAY_MS
    assert report_period(runtime, 2.0, later).nights == ()
    assert len(report_period(runtime, 4.0, later).nights) == 2
    assert failed_nights(runtime, later) == []


def test_an_empty_home_has_an_empty_report(home: Path) -> None:
    report = report_period(RuntimeSpec(home=str(home)), 7.0)
    assert (report.nights, report.changes, report.wall_s) == ((), (), 0.0)


def test_a_line_of_descent_ends_where_the_registry_knows_the_parent_no_more(
    registry: MlflowRegistry, make_bundle: MakeBundle, home: Path, tmp_path: Path
) -> None:
    from tests.checks.samples import good_evidence
    from tests.registry.conftest import lineage_of
    from tests.support import small_model
    from trading.gates.verdict import judge
    from trading.model.bundle import write_bundle
    from trading.settings.models import GateSpec

    evidence = good_evidence()
    verdict = judge(evidence, GateSpec().model_dump()).as_json()
    parent: str | None = "7" * 64
    versions: list[int] = []
    for seed in range(3):
        lineage = lineage_of(seed).model_copy(update={"parent_digest": parent})
        bundle = write_bundle(tmp_path / f"b{seed}", small_model(seed), lineage, evidence.as_json(), verdict, "")
        versions.append(registry.log_night(NAME, bundle.folder, metrics={}, params={}))
        parent = bundle.digest
    chosen = ChosenBundle(registry.bundle(NAME, 3), NAME, 3)
    line = ancestry(RuntimeSpec(home=str(home)), chosen)
    assert [one.version for one in line] == [3, 2, 1, None]
    assert [one.children for one in line] == [(), (3,), (2,), ()]
    assert line[-1].bundle_digest == "7" * 64
    assert not line[-1].known
    assert ancestor_facts(line[-1]) == {"not in this registry": f"bundle {'7' * 64}"}
    assert ancestor_facts(line[0])["night"].startswith("as of 2026-09-21")


@pytest.mark.parametrize(("ending", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("mmd", b"flowchart BT")])
def test_a_line_of_descent_is_drawn_the_same_every_time(tmp_path: Path, ending: str, magic: bytes) -> None:
    boxes = [Box("version 2", ("night: a", 'data: "b"')), Box("version 1", ("night: c",))]
    first = draw_descent(tmp_path / f"one.{ending}", "Line", boxes).read_bytes()
    assert first.startswith(magic)
    if ending != "svg":
        assert draw_descent(tmp_path / f"two.{ending}", "Line", boxes).read_bytes() == first


def test_a_diagram_points_from_parent_to_child_and_quotes_its_text() -> None:
    text = mermaid([Box("version 2", ('a "b"',)), Box("version 1", ())])
    assert "v1 --> v0" in text
    assert "a #quot;b#quot;" in text
