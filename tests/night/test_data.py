"""The data stage: what a night charges, remembers and hands on, on the files of a real perpetual future."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.golden import golden
from tests.support.nights import play_night
from trading.canonical import sha256
from trading.market.sources.funding_file import FundingFile
from trading.model.bundle import load_bundle
from trading.moments import moment_text
from trading.night import data
from trading.night.artifacts import BARS, LOAD_REPORT
from trading.night.memory import as_json
from trading.night.publish import bundle_candidate, write_bundle_folder
from trading.night.reads import inputs_of
from trading.night.workspace import Night, open_night
from trading.settings.models import CostSpec, MarketSpec, RuntimeSpec, SevengatesSettings


def night_of(home: Path, folder: Path, funding: Path | None, as_of: str | None = None) -> Night:
    market = MarketSpec(
        symbols=("SOLUSDT",),
        source=str(folder / "{symbol}-1m-2025.parquet"),
        funding="" if funding is None else str(funding),
        interval="1h",
    )
    settings = SevengatesSettings(market=market, runtime=RuntimeSpec(home=str(home)))
    return open_night(settings, "SOLUSDT", as_of)


def test_the_bars_of_a_night_carry_the_real_funding_to_its_moment(market_data: Path, tmp_path: Path) -> None:
    file = market_data / "{symbol}-funding-8h-2025.parquet"
    night = night_of(tmp_path, market_data, file, "2025-06-20T12:00")
    checked = data.load_bars(night)
    bars = night.store.get(BARS, checked.bars_ref)
    assert bars.funding is not None
    events = FundingFile(night.settings.market, "SOLUSDT").read(night.plan.as_of_ms)
    held = events.ts >= bars.ts[0]
    np.testing.assert_array_equal(
        bars.funding[np.searchsorted(bars.ts, events.ts[held], side="right") - 1], events.values["funding_rate"][held]
    )
    assert np.count_nonzero(bars.funding) == np.count_nonzero(events.values["funding_rate"][held])
    assert night.plan.funding == sha256((market_data / "SOLUSDT-funding-8h-2025.parquet").read_bytes())
    report = night.store.get(LOAD_REPORT, checked.report_ref)
    assert [check["passed"] for check in report["checks"] if check["name"] == "funding_coverage"] == [True]


def test_another_funding_is_another_night_and_the_same_file_elsewhere_is_not(market_data: Path, tmp_path: Path) -> None:
    whole = (market_data / "SOLUSDT-funding-8h-2025.parquet").read_bytes()
    (tmp_path / "copy.parquet").write_bytes(whole)
    nights = [
        night_of(tmp_path, market_data, None),
        night_of(tmp_path, market_data, market_data / "SOLUSDT-funding-8h-2025.parquet"),
        night_of(tmp_path, market_data, tmp_path / "copy.parquet"),
    ]
    plain, charged, moved = (data.load_bars(night).bars_ref for night in nights)
    assert charged == moved != plain
    assert nights[1].plan.key == nights[2].plan.key != nights[0].plan.key
    before = as_json(inputs_of(data.load_bars, nights[2], (), {}))
    lines = ["ts,funding_rate", *(f"{1_746_372_000_000 + 28_800_000 * at},0.0001" for at in range(153))]
    (tmp_path / "copy.parquet").unlink()
    (tmp_path / "copy.csv").write_text("\n".join(lines) + "\n")
    other = night_of(tmp_path, market_data, tmp_path / "copy.csv")
    assert as_json(inputs_of(data.load_bars, other, (), {})) != before
    assert data.load_bars(other).bars_ref not in (plain, charged)


def test_a_whole_night_on_charged_bars_is_judged_and_its_bundle_names_funding_and_holidays(tmp_path: Path) -> None:
    known = golden("sim-small").about["night"]
    end, period = known["as_of_ms"], 28_800_000
    lines = [f"{end - period * at},0.0001" for at in range(700, -1, -1)]
    (tmp_path / "SIM.csv").write_text("\n".join(["ts,funding_rate", *lines]) + "\n")
    tables = {table: dict(values) for table, values in known["settings"].items()}
    # A market that never closes, and a holiday long before its first bar.
    (tmp_path / "days.csv").write_text("1999-12-31\n")
    calendar = {"hours": "Mon-Sun 00:00-24:00 UTC", "holidays": str(tmp_path / "days.csv")}
    tables["market"] |= {"funding": str(tmp_path / "{symbol}.csv"), **calendar}
    tables["policy"] |= {"kind": "fixed"}
    settings = SevengatesSettings.model_validate({**tables, "runtime": {"home": str(tmp_path / "home")}})
    night = open_night(settings, "SIM", moment_text(end))
    played = play_night(night)
    bars = night.store.get(BARS, played.measured.bars_ref)
    assert np.count_nonzero(bars.columns().funding) == 625 == len(bars) // 8
    candidate = bundle_candidate(night, played.measured, played.judged, None)
    folder = write_bundle_folder(night.store, candidate, tmp_path / "bundles")
    named = load_bundle(folder).lineage.data
    assert named["funding"] == night.plan.funding == sha256((tmp_path / "SIM.csv").read_bytes())
    assert named["holidays"] == night.plan.holidays == sha256((tmp_path / "days.csv").read_bytes())


def test_milliseconds_that_the_simple_level_does_not_wait_keep_no_splits_apart() -> None:
    held = {
        level: data.longest_holding(SevengatesSettings(costs=CostSpec(realism=level, latency_ms=500)), 3_600_000)
        for level in ("simple", "realistic")
    }
    longest = SevengatesSettings().policy.max_duration
    assert held == {"simple": longest, "realistic": longest}
