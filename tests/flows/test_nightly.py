"""A whole small night through Prefect: once, again, resumed, as of a later day, and beside a symbol that fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks import stages
from tasks.stage import Stage
from trading.checks.table import CHECKS
from trading.errors import RegistryError
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.model.bundle import load_bundle
from trading.night import reads
from trading.night.failures import failed_nights
from trading.night.manifest import FILE, beside, read_manifest
from trading.night.reads import Reads, declared_reads
from trading.night.report import NightReport, markdown, page_lines
from trading.night.workspace import Night
from trading.registry.adapter import open_registry
from trading.registry.ledger import Ledger
from trading.reports.training import ExplainedTraining
from trading.settings.models import GateSpec, MarketSpec, RuntimeSpec
from trading.training.curriculum import LEVELS

RunNight = Callable[..., tuple[str, list[NightReport]]]
Options = Callable[[Path], list[str]]

STAGES = (
    "load", "champion", "features", "splits", "trials", "engine", "policy", "refit", "folds", "walk forward",
    "backtest",
    *CHECKS, "verdict", "bundle", "register", "promote", "finish",
)  # fmt: skip
"""Every stage of a night that makes or changes something, in order."""
SAFE_TO_REPEAT = {"register", "promote", "finish"}
LOOKS = {"memory", "page", "page beside bundle", "pages"}
"""Stages that only look."""
TABLE = [*(item for item in vars(stages).values() if isinstance(item, Stage)), *stages.measure_checks.values()]
KEPT_UNDER = {
    "load": {"source", "funding", "holidays"},
    "champion": {"key", "as_of_ms", "gates"},
}
"""What is declared for the memory's sake: a file is read by its path, and a night meets its champion once, whose live
record is held against a threshold if there is one."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def read() -> dict[Reads, set[str]]:
    """What each stage has read of its night, by what it declared."""
    return {}


@pytest.fixture(scope="module")
def first(run_night: RunNight, home: Path, read: dict[Reads, set[str]]) -> NightReport:
    """The night that most tests look at."""
    with pytest.MonkeyPatch.context() as patch:
        narrow = reads._narrowed
        patch.setattr(reads, "_narrowed", lambda night, declared: watched(narrow(night, declared), declared, read))
        name, reports = run_night(home)
    assert name == "Promoted", reports
    return reports[0]


def test_a_stage_declares_no_more_than_it_reads(first: NightReport, read: dict[Reads, set[str]]) -> None:
    stages_of_a_night = {declared_reads(stage.function): stage for stage in TABLE if stage.remembered}
    assert set(read) == set(stages_of_a_night)
    for declared, stage in stages_of_a_night.items():
        seeds = set() if declared.seed is None else {"seeds"}
        needed = {*declared.tables, *declared.facts, *seeds} - KEPT_UNDER.get(stage.name, set())
        assert read[declared] >= needed, stage.name


def test_an_approved_candidate_enters_an_empty_production_on_paper(first: NightReport, home: Path) -> None:
    assert first.outcome is not None
    assert first.verdict is not None
    assert first.verdict.approved
    assert first.outcome.paper_only
    entry = Ledger(home / "ledger.db").current(first.outcome.model_name)
    assert entry is not None
    assert (entry.version, entry.bundle_digest) == (1, first.bundle_digest)


def test_the_run_of_a_night_shows_how_its_policies_learned(first: NightReport, home: Path) -> None:
    from mlflow import MlflowClient

    assert first.outcome is not None
    registry = open_registry(RuntimeSpec(home=str(home)))
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    assert first.outcome.version is not None
    run_id = registry.version(first.outcome.model_name, first.outcome.version).run_id
    points = client.get_metric_history(run_id, f"training.{first.symbol}-0.mean_reward")
    assert len(points) > 1
    assert [point.step for point in points] == sorted({point.step for point in points})
    figures = {item.path for item in client.list_artifacts(run_id, "figures")}
    assert "figures/training.png" in figures


def test_the_same_night_again_has_nothing_to_do(first: NightReport, run_night: RunNight, home: Path) -> None:
    name, (again,) = run_night(home)
    assert name == "Nothing to do"
    assert again.repeated
    assert again.bundle_digest == first.bundle_digest


def test_a_changed_threshold_judges_again_and_trains_nothing(
    first: NightReport, run_night: RunNight, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = counted(monkeypatch)
    name, (report,) = run_night(home, gates=GateSpec(min_sharpe=99.0))
    assert name == "Rejected"
    assert set(ran) == {"champion", "trials", "verdict", "bundle", "register", "promote", "finish"}
    assert report.outcome is not None
    assert report.outcome.version == 2
    assert repr(report.metrics) == repr(first.metrics)


def test_forcing_repeats_every_stage_and_ends_with_the_same_bundle(
    first: NightReport, run_night: RunNight, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = counted(monkeypatch)
    _, (report,) = run_night(home, force=True)
    assert set(ran) == set(STAGES) - {"champion"}
    assert report.bundle_digest == first.bundle_digest
    assert report.outcome is not None
    assert report.outcome.version == 1


def test_a_later_day_retrains_and_compares_with_the_champion_on_the_same_bars(
    first: NightReport, run_night: RunNight, home: Path
) -> None:
    name, (later,) = run_night(home, as_of=datetime(2021, 12, 2, tzinfo=UTC))
    assert name == "Staged", later
    assert later.outcome is not None
    assert later.outcome.champion_version == 1
    assert later.champion_metrics["sharpe"] is not None
    assert later.bundle_digest != first.bundle_digest
    assert Ledger(home / "ledger.db").epoch(later.outcome.model_name) == 1


def test_a_night_of_the_past_neither_sees_nor_replaces_what_came_later(
    first: NightReport, run_night: RunNight, home: Path
) -> None:
    assert first.outcome is not None
    past = datetime(2021, 11, 20, tzinfo=UTC)
    name, (report,) = run_night(home, as_of=past)
    assert name == "Staged", report
    assert report.outcome is not None
    assert (report.champion_metrics, report.champion_regimes) == ({}, {})
    registry = open_registry(RuntimeSpec(home=str(home)))
    assert registry.bundle(report.outcome.model_name, report.outcome.version).lineage.parent_digest is None
    current = Ledger(home / "ledger.db").current(report.outcome.model_name)
    assert current is not None
    assert current.bundle_digest == first.bundle_digest


def test_an_operator_puts_a_version_without_a_live_record_only_where_nothing_is_and_rolls_it_back(
    first: NightReport, run_night: RunNight, home: Path
) -> None:
    from flows.promote import promote
    from flows.rollback import rollback

    _, (staged,) = run_night(home, as_of=datetime(2021, 12, 2, tzinfo=UTC))
    assert staged.outcome is not None
    assert staged.status == "staged"
    runtime, model, version = RuntimeSpec(home=str(home)), staged.outcome.model_name, staged.outcome.version
    with pytest.raises(RegistryError, match=r"LIVE_RECORD_MISSING.*sevengates live"):
        promote(model, version, reason="seen enough", runtime=runtime)
    open_registry(runtime).set_stage(model, 1, "Archived")
    # Epoch 2 is the archiving by hand, which is settled before the promotion.
    assert promote(model, version, reason="seen enough", runtime=runtime) == 3
    assert rollback(model, 1, runtime=runtime) == 4
    entry = Ledger(home / "ledger.db").current(model)
    assert entry is not None
    assert (entry.version, entry.action, entry.bundle_digest) == (1, "rollback", first.bundle_digest)


def test_every_candidate_has_an_evaluation_page_in_mlflow_that_the_command_draws_again(
    first: NightReport, home: Path, small_options: Options, tmp_path: Path
) -> None:
    (page,) = first.pages
    assert (page.version, page.bundle_digest, page.failure) == (1, first.bundle_digest, "")
    kept = Path(page.place).read_text()
    assert "sevengates-sim-1h version 1" in kept
    assert page.link.startswith("http://127.0.0.1:5000/#/experiments/")
    assert page.link.endswith("/artifacts/evaluation.html")
    result = command(home, small_options, "page", "1", "--output", str(tmp_path / "deep" / "page.html"), "--json")
    assert result["code"] == 0
    assert tuple(result["out"]["left_out"]) == page.left_out
    drawn = (tmp_path / "deep" / "page.html").read_text()
    assert result["out"]["bytes"] == len(drawn.encode())
    # Only the sentence about its fate may differ: what the night said of it, and what the registry says now.
    assert drawn.partition("<nav")[2] == kept.partition("<nav")[2]


def test_a_page_that_cannot_be_drawn_stops_no_night_and_is_not_passed_over_in_silence(
    first: NightReport, run_night: RunNight, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_ink(*_: Any, **__: Any) -> None:
        raise ValueError("no ink")

    monkeypatch.setattr("trading.reports.page.draw_page", no_ink)
    name, (report,) = run_night(home, gates=GateSpec(min_sharpe=98.0))
    assert name == "Rejected"
    (page,) = report.pages
    assert page.failure == "ValueError: no ink"
    (line,) = page_lines(report)
    assert (
        line == f"No evaluation page of version {page.version}: ValueError: no ink. Try again with `sevengates page "
        f"{page.version}`."
    )
    assert line in markdown(report)


def test_training_alone_leaves_a_judged_bundle_in_a_folder_and_registers_nothing(
    first: NightReport, small_parameters: dict[str, Any], home: Path
) -> None:
    from flows.train import train

    before = len(Ledger(home / "ledger.db").history())
    state: Any = train(**small_parameters, runtime=RuntimeSpec(home=str(home)), return_state=True)
    (report,) = state.result()
    assert state.name == "Trained"
    assert load_bundle(Path(report.folder)).digest == report.bundle_digest == first.bundle_digest
    assert read_manifest(beside(Path(report.folder)).read_bytes(), "it").bundle_digest == report.bundle_digest
    assert [page.place for page in report.pages] == [f"{report.folder}.html"]
    assert "Trained, and not registered." in Path(report.pages[0].place).read_text()
    assert len(Ledger(home / "ledger.db").history()) == before


def test_training_says_how_deep_it_was_what_its_regimes_are_and_what_became_of_every_start_level_and_seed(
    first: NightReport, home: Path, small_options: Options
) -> None:
    result = command(home, small_options, "train", "--as-of", "2021-12-01", "--explain", "--json")["out"]
    assert result["nights"][0]["bundle_digest"] == first.bundle_digest
    explained = ExplainedTraining.model_validate(result["training"][first.symbol])
    assert explained.fit is not None
    assert explained.policy is not None
    assert explained.transitions is not None
    shown = {table.title: table.rows for table in explained.tables()}
    depth, regimes, chances, sets, starts, best, seeds, levels = shown
    assert depth.startswith("Training depth: full")
    assert regimes == "Regimes over range_surprise, close_location"
    states = [row[0] for row in shown[regimes]]
    assert [row[0] for row in shown[chances]] == [f"from {name}" for name in explained.transitions]
    assert list(explained.transitions) == states
    assert sets == "Sets of features"
    assert starts.startswith("Starts of the regime model: ")
    assert sum(row[1] for row in shown[starts]) == len(explained.fit["engine"]["starts"])
    assert [row[2] for row in shown[best]] == [f"{start.agreement:.3f}" for start in explained.starts]
    assert [row[3] for row in shown[seeds]].count("chosen") == 1
    assert [row[1] for row in shown[levels]] == [level.name for level in LEVELS] * len(shown[seeds])
    assert shown[levels][-1][2] == explained.policy["policies"][-1]["curve"][-1]["decisions"]


def test_a_night_that_fails_at_every_stage_in_turn_repeats_none_and_ends_with_the_same_bundle(
    first: NightReport, run_night: RunNight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = counted(monkeypatch)
    for stage in STAGES:
        with monkeypatch.context() as broken:
            stop_after(broken, stage)
            name, (report,) = run_night(tmp_path)
            assert name == "Failed", stage
            assert report.failure is not None
            assert "power cut" in report.failure.message
    name, (report,) = run_night(tmp_path)
    assert name == "Promoted"
    assert report.bundle_digest == first.bundle_digest
    # Each stage did its work when its result was lost, and once more; those with a memory never again after that.
    assert {stage: ran[stage] for stage in STAGES if stage not in SAFE_TO_REPEAT} == dict.fromkeys(
        [stage for stage in STAGES if stage not in SAFE_TO_REPEAT], 2
    )
    assert report.outcome is not None
    assert report.outcome.version == 1
    assert len(Ledger(tmp_path / "ledger.db").history()) == 1


def test_a_symbol_with_a_bad_file_stops_alone(run_night: RunNight, tmp_path: Path) -> None:
    write_csv(tmp_path / "GOOD.csv", "GOOD", spoiled=False)
    write_csv(tmp_path / "BAD.csv", "BAD", spoiled=True)
    market = MarketSpec(
        symbols=("BAD", "GOOD", "GONE"), source=f"csv:{tmp_path}/{{symbol}}.csv", history_bars=3_000, max_gap_share=0.5
    )
    name, (bad, good, gone) = run_night(tmp_path / "home", market=market, as_of=None)
    assert name == "Failed"
    assert (bad.status, gone.status) == ("failed", "failed")
    # Whatever its gates say of so few bars, it was asked to the end.
    assert good.status in ("promoted", "rejected")
    assert good.verdict is not None
    assert good.failure is None
    assert bad.failure is not None
    assert gone.failure is not None
    assert (bad.failure.code, gone.failure.code) == ("BARS_NOT_INCREASING", "SOURCE_MISSING")
    assert list((tmp_path / "home" / "quarantine").glob("BAD/*/report.md"))
    failed = failed_nights(RuntimeSpec(home=str(tmp_path / "home")), 0)
    assert [(night.symbol, night.failure.code) for night in failed] == [
        ("BAD", "BARS_NOT_INCREASING"),
        ("GONE", "SOURCE_MISSING"),
    ]


def test_the_command_answers_for_a_finished_night_without_prefect(
    first: NightReport, home: Path, small_options: Options
) -> None:
    result = command(home, small_options, "nightly", "--as-of", "2021-12-01", "--json")
    assert result["loaded"] == []
    assert result["code"] == 0
    assert result["out"]["result"] == "Nothing to do"
    assert result["out"]["nights"][0]["bundle_digest"] == first.bundle_digest


def test_the_command_judges_a_version_again_and_shows_it(
    first: NightReport, home: Path, small_options: Options
) -> None:
    assert first.verdict is not None
    result = command(home, small_options, "gates", "1", "--json")
    assert result["out"]["verdict"] == first.verdict.as_json()
    shown = command(home, small_options, "models", "show", "1", "--json")["out"]
    assert (shown["stage"], shown["bundle_digest"]) == ("Production", first.bundle_digest)
    assert shown["ledger"][0]["action"] == "promote"
    listed = command(home, small_options, "models", "list", "--json")["out"]
    assert 1 in {row["version"] for row in listed}


def test_the_command_backtests_the_version_in_production(
    first: NightReport, home: Path, small_options: Options
) -> None:
    options = ("backtest", "--as-of", "2021-12-01", "--from", "2021-11-01", "--json")
    result = command(home, small_options, *options)["out"]
    assert result["bundle_digest"] == first.bundle_digest
    assert result["bars"] == 30 * 24


def test_by_default_the_backtest_is_the_test_split_that_the_gates_judged(
    first: NightReport, home: Path, small_options: Options, tmp_path: Path
) -> None:
    result = command(home, small_options, "backtest", "1", "--export", str(tmp_path / "b.csv"), "--json")["out"]
    assert (result["sample"], set(result["parts"]), result["version"]) == ("out of sample", {"test"}, 1)
    assert result["metrics"]["sharpe"] == first.metrics["sharpe"]
    assert [Path(name).name for name in result["written"]] == ["b.trades.csv", "b.equity.csv"]


def test_the_command_explains_a_verdict_and_what_became_of_the_version(
    first: NightReport, home: Path, small_options: Options
) -> None:
    assert first.verdict is not None
    result = command(home, small_options, "explain", "1", "--json")["out"]
    assert len(result["rules"]) == len(first.verdict.rows())
    assert result["ledger"][0]["action"] == "promote"


def test_the_registered_version_has_a_manifest_of_every_stage(first: NightReport, home: Path) -> None:
    assert first.outcome is not None
    registry = open_registry(RuntimeSpec(home=str(home)))
    data = registry.run_file(registry.version(first.outcome.model_name, 1), FILE)
    assert data is not None
    manifest = read_manifest(data, "version 1")
    made = [name for name in STAGES if name not in {"champion", "register", "promote", "finish"}]
    assert [stage.stage for stage in manifest.stages] == made
    # No folds are asked for, so there are none.
    assert all(stage.outputs or stage.stage == "folds" for stage in manifest.stages)
    assert all(stage.wall_s is not None and stage.cpu_s is not None for stage in manifest.stages)
    assert manifest.bundle_digest == first.bundle_digest
    candidate = first.outcome.candidate
    outputs = {stage.stage: stage.outputs for stage in manifest.stages}
    assert outputs["policy"]["model"] == candidate.model_ref.digest
    assert outputs["verdict"]["verdict"] == candidate.verdict_ref.digest
    assert [registry.run_file(registry.version(first.outcome.model_name, 1), "none")] == [None]


def test_a_version_is_built_again_byte_for_byte_and_one_changed_stage_is_named(
    first: NightReport, home: Path, small_options: Options
) -> None:
    same = command(home, small_options, "reproduce", "1", "--json")
    assert (same["code"], same["out"]["same"], same["out"]["first_difference"]) == (0, True, None)
    assert same["out"]["rebuilt_digest"] == first.bundle_digest
    refused = command(home, small_options, "reproduce", "1", "--source", "sim:edge=0", "--json")
    assert (refused["code"], refused["out"]["error"]["code"]) == (6, "REPRODUCTION_INPUTS")
    other = command(home, small_options, "reproduce", "1", "--source", "sim:edge=0", "--anyway", "--json")
    assert (other["code"], other["out"]["same"], other["out"]["first_difference"]) == (6, False, "load")


def test_the_line_of_a_version_names_night_and_data(
    first: NightReport, home: Path, small_options: Options, tmp_path: Path
) -> None:
    assert first.outcome is not None
    options = ("models", "lineage", "1", "--plot", str(tmp_path / "line.svg"), "--json")
    (line,) = command(home, small_options, *options)["out"]
    assert (line["version"], line["parent_digest"], line["as_of"]) == (1, None, "2021-12-01T00:00+00:00")
    assert line["data"]["bars"] == first.outcome.candidate.bars_ref.digest
    assert line["wall_s"] > 0.0
    assert "<svg" in (tmp_path / "line.svg").read_text()


def test_the_report_of_the_last_days_has_data_verdict_promotion_and_cost(
    first: NightReport, home: Path, small_options: Options
) -> None:
    result = command(home, small_options, "report", "--days", "1", "--json")["out"]
    night = next(night for night in result["nights"] if night["version"] == 1)
    assert (night["decision"], night["result"], night["source"]) == ("APPROVED", "promoted", "sim:edge=1")
    assert night["bars"]
    assert first.outcome is not None
    assert first.outcome.candidate.bars_ref.digest.startswith(night["bars"])
    assert night["wall_s"] > night["cpu_s"] > 0.0


def test_the_command_makes_the_page_of_drift_from_what_the_night_left(
    first: NightReport, home: Path, small_options: Options, tmp_path: Path
) -> None:
    page = tmp_path / "drift.html"
    written = command(home, small_options, "models", "drift", "1", "--output", str(page), "--json")
    assert written["out"] == {"model": "sevengates-sim-1h", "version": 1, "page": str(page)}
    assert "level_range_per_volume" in page.read_text()
    added = command(home, small_options, "models", "drift", "1", "--json")["out"]
    assert added["page"] == "pages/drift.html"
    run = open_registry(RuntimeSpec(home=str(home))).version("sevengates-sim-1h", 1).run_id
    assert list(home.rglob(f"{run}/artifacts/pages/drift.html"))


def test_the_command_refuses_a_version_that_is_not_there(
    first: NightReport, home: Path, small_options: Options
) -> None:
    result = command(home, small_options, "gates", "99", "--json")
    assert result["code"] == 6
    assert result["out"]["error"]["code"] == "MODEL_UNKNOWN"


def command(home: Path, options: Options, *arguments: str) -> dict[str, Any]:
    """Run the command in a process of its own: its exit code, its JSON, and which heavy libraries it has loaded."""
    script = (
        "import sys\n"
        "from flows.command_line import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    code = end.code or 0\n"
        "print('ENDED', code, *sorted({'prefect', 'mlflow', 'torch'} & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *options(home), *arguments], capture_output=True, text=True, check=True
    )
    # A server that is stopped may still say something after it.
    _, code, *loaded = next(line for line in done.stderr.splitlines() if line.startswith("ENDED ")).split()
    return {"code": int(code), "loaded": loaded, "out": json.loads(done.stdout)}


def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each stage does its work."""
    ran: Counter[str] = Counter()
    work = Stage.work

    def counting(stage: Stage[..., Any], night: Night, *args: Any, **kwargs: Any) -> Any:
        ran.update([stage.name] if stage.name not in LOOKS else [])
        return work(stage, night, *args, **kwargs)

    monkeypatch.setattr(Stage, "work", counting)
    return ran


class Watched:
    """An object that writes down which of its attributes are read."""

    def __init__(self, target: Any, names: set[str]) -> None:
        self._target = target
        self._names = names

    def __getattr__(self, name: str) -> Any:
        self._names.add(name)
        value = getattr(self._target, name)
        return Watched(value, self._names) if name == "settings" else value


def watched(night: Night, declared: Reads, read: dict[Reads, set[str]]) -> Night:
    return night.model_copy(update={"plan": Watched(night.plan, read.setdefault(declared, set()))})


def stop_after(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Stop every night after the work of a stage, before anybody knows of it; a night that is finished is known."""
    work = Stage.work

    def stopping(stage: Stage[..., Any], night: Night, *args: Any, **kwargs: Any) -> Any:
        output = None if stage.name == name == "finish" else work(stage, night, *args, **kwargs)
        if stage.name == name:
            raise RuntimeError("power cut")
        return output

    monkeypatch.setattr(Stage, "work", stopping)


def write_csv(path: Path, symbol: str, *, spoiled: bool) -> None:
    bars = simulate(SimulatedMarket(), 1_620_000_000_000, symbol).bars
    rows = [",".join(map(repr, bars.row(index)[:6])) for index in range(len(bars))]
    if spoiled:
        rows.insert(1_000, rows[999])
    path.write_text("ts,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
