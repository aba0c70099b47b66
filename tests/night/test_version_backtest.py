"""A version is traded over its test split unless told otherwise, and bars of its training are called by their name."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.checks.samples import good_evidence
from tests.support import random_model
from trading.errors import ConfigError, DataError
from trading.gates.verdict import judge
from trading.market.load import load_bars
from trading.market.sources.table import open_source
from trading.model.bundle import Bundle, write_bundle
from trading.model.lineage import Lineage
from trading.night.version_backtest import FEW_TRADES, BacktestReport, Span, backtest_bundle, sample_line
from trading.reports.backtest_files import Series, export_backtest, plot_backtest
from trading.settings.models import GateSpec, MarketSpec, RuntimeSpec, SevengatesSettings
from trading.simulation.backtest import run_backtest

HOUR, DAY = 3_600_000, 86_400_000
AS_OF = int(datetime(2021, 6, 1, tzinfo=UTC).timestamp() * 1_000)
RANGES = {
    "train": (AS_OF - 80 * DAY, AS_OF - 40 * DAY),
    "validation": (AS_OF - 39 * DAY, AS_OF - 25 * DAY),
    "test": (AS_OF - 24 * DAY, AS_OF),
}
MARKET = MarketSpec(history_bars=2_200)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> SevengatesSettings:
    return SevengatesSettings(market=MARKET, runtime=RuntimeSpec(home=str(tmp_path_factory.mktemp("home"))))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write(tmp_path_factory.mktemp("bundles") / "known", RANGES)


def write(folder: Path, ranges: dict[str, tuple[int, int]]) -> Bundle:
    evidence = good_evidence(live=False)
    lineage = Lineage(
        symbol="SIM",
        interval="1h",
        as_of_ms=AS_OF,
        data={"source": open_source(MARKET, "SIM").identity()},
        ranges=ranges,
    )
    verdict = judge(evidence, GateSpec().model_dump())
    return write_bundle(folder, random_model(4), lineage, evidence.as_json(), verdict.as_json(), "")


def report_of(settings: SevengatesSettings, bundle: Bundle, span: Span = Span()) -> BacktestReport:  # noqa: B008
    return backtest_bundle(settings, bundle, span).report


def test_by_default_the_test_split_is_traded_as_it_was_in_the_night(
    settings: SevengatesSettings, bundle: Bundle, tmp_path: Path
) -> None:
    report = report_of(settings, bundle)
    bars = load_bars(MARKET, "SIM", AS_OF, tmp_path).bars
    night = run_backtest(bundle.model, bars, len(bars) - 24 * 24)
    assert (report.bars, report.parts) == (24 * 24, {"test": 24 * 24})
    assert (report.sample, report.in_sample_bars) == ("out of sample", 0)
    assert report.ledger_sha256 == night.ledger_sha256
    assert (report.decision, report.paper_only, report.same_source) == ("APPROVED", True, True)
    assert sample_line(report) == "Out of sample: 576 bars of the test split that the gates judged."


def test_bars_of_training_and_validation_are_counted_and_called_in_sample(
    settings: SevengatesSettings, bundle: Bundle
) -> None:
    report = report_of(settings, bundle, Span(start="2021-04-12", stop="2021-05-13"))
    assert report.bars == 31 * 24
    assert report.sample == "partly in sample"
    assert report.parts == {"train": 10 * 24, "gap": 48, "validation": 14 * 24, "test": 5 * 24}
    assert report.in_sample_bars == 24 * 24
    assert sample_line(report).startswith("IN SAMPLE: 576 of 744 bars")


def test_bars_of_training_alone_are_in_sample(settings: SevengatesSettings, bundle: Bundle) -> None:
    assert report_of(settings, bundle, Span(start="2021-04-03", stop="2021-04-17")).sample == "in sample"


def test_a_start_alone_goes_on_to_the_end_and_names_what_the_night_did_not_see(
    settings: SevengatesSettings, bundle: Bundle
) -> None:
    report = report_of(settings, bundle, Span(start="2021-05-23", as_of="2021-06-11"))
    assert report.parts == {"test": 9 * 24, "after the test": 10 * 24}
    assert report.sample == "out of sample"


def test_a_moment_of_the_data_alone_starts_with_the_test_split(settings: SevengatesSettings, bundle: Bundle) -> None:
    report = report_of(settings, bundle, Span(as_of="2021-06-03"))
    assert report.parts == {"test": 24 * 24, "after the test": 48}


def test_a_bundle_that_says_nothing_of_its_splits_is_no_proof(settings: SevengatesSettings, tmp_path: Path) -> None:
    report = report_of(settings, write(tmp_path / "old", {}), Span(start="2021-05-04", stop="2021-05-13"))
    assert (report.sample, report.parts) == ("unknown", {"unknown": 9 * 24})
    assert sample_line(report).startswith("UNKNOWN SAMPLE")


def test_few_trades_are_marked_as_few(settings: SevengatesSettings, bundle: Bundle) -> None:
    few = report_of(settings, bundle, Span(start="2021-05-25", stop="2021-05-31"))
    more = report_of(settings, bundle, Span(start="2021-05-01", stop="2021-05-31"))
    assert few.metrics["trades"] < FEW_TRADES <= more.metrics["trades"]
    assert (few.few_trades, more.few_trades) == (True, False)


def test_another_source_than_the_models_own_is_said(settings: SevengatesSettings, bundle: Bundle) -> None:
    other = settings.model_copy(update={"market": MARKET.model_copy(update={"source": "sim:edge=0"})})
    assert not report_of(other, bundle).same_source


def test_a_period_without_bars_names_the_test_split(settings: SevengatesSettings, bundle: Bundle) -> None:
    with pytest.raises(DataError, match=r"test split is 2021-05-08 00:00 UTC to 2021-06-01 00:00 UTC"):
        report_of(settings, bundle, Span(start="2021-05-13", stop="2021-05-13"))


def test_trades_and_equity_are_exported_with_where_each_bar_lies(
    settings: SevengatesSettings, bundle: Bundle, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    from trading.canonical import parse_json

    done = backtest_bundle(settings, bundle, Span(start="2021-04-22", stop="2021-05-13"))
    result = done.result
    series = Series(result.ts.tolist(), result.equity.tolist(), done.close.tolist(), done.parts)
    trades, equity = export_backtest(tmp_path / "b.csv", done.report.as_json(), result.trades, series)
    assert (trades.name, equity.name) == ("b.trades.csv", "b.equity.csv")
    rows = list(csv.DictReader(equity.open()))
    assert [float(row["equity"]) for row in rows] == result.equity.tolist()
    assert [row["part"] for row in rows] == list(done.parts)
    assert len(list(csv.DictReader(trades.open()))) == len(result.trades) > 0
    kept, _ = export_backtest(tmp_path / "b.parquet", done.report.as_json(), result.trades, series)
    assert pq.read_table(kept).to_pylist() == result.trades
    (document,) = export_backtest(tmp_path / "b.json", done.report.as_json(), result.trades, series)
    assert parse_json(document.read_bytes())["report"] == parse_json(done_json(done.report))


def test_an_export_without_trades_still_names_its_columns(tmp_path: Path) -> None:
    trades, _ = export_backtest(tmp_path / "b.csv", {}, [], Series([0], [1.0], [1.0], ["test"]))
    assert trades.read_text().startswith("entry_ts,exit_ts,side,")


def test_a_picture_and_a_page_are_drawn_and_the_page_needs_nothing_else(
    settings: SevengatesSettings, bundle: Bundle, tmp_path: Path
) -> None:
    done = backtest_bundle(settings, bundle, Span(start="2021-04-22", stop="2021-05-13"))
    series = Series(done.result.ts.tolist(), done.result.equity.tolist(), done.close.tolist(), done.parts)
    picture = plot_backtest(tmp_path / "b.png", "a title", {}, [], series)
    assert picture.read_bytes().startswith(b"\x89PNG")
    page = plot_backtest(tmp_path / "b.html", "a < title", {"verdict": "x"}, ["a note"], series).read_text()
    assert "a &lt; title" in page
    assert "data:image/png;base64," in page
    assert "http" not in page


def test_a_file_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.xlsx.*\.csv, \.parquet, \.json"):
        export_backtest(tmp_path / "b.xlsx", {}, [], Series([], [], [], []))


def done_json(report: BacktestReport) -> str:
    import json

    return json.dumps(report.as_json())
