from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, run  # noqa: F401
from tests.live.support import bundle_of, write_model
from tests.support import DAY_MS, START_MS, random_model, small_bars
from tests.support.models import at_depth
from trading.engines.regimes.transitions import beliefs
from trading.engines.stream import compute_signals
from trading.simulation.backtest import run_backtest
from trading.steps.regimes import REGIMES

# ruff: noqa: F811  # pytest hands fixtures over by name
SOURCE = "sim:edge=1"


def replay(folder: Path) -> tuple[str, ...]:
    """A replay of sixteen days, four of history before them."""
    days = ("--from", "2021-01-05", "--to", "2021-01-21")
    return "live", "--bundle", str(bundle_of(folder, 4).folder), "--source", SOURCE, *days


def test_live_replays_a_bundle_and_prints_what_it_did(run: Run, folder: Path) -> None:
    printed = run(*replay(folder), "--json")
    assert printed.code == 0
    expected = run_backtest(random_model(4), small_bars(20), 4 * 24)
    assert printed.json["ledger_sha256"] == expected.ledger_sha256
    assert printed.json["trades"] == len(expected.trades)
    again = run(*replay(folder))
    assert again.code == 0
    assert expected.ledger_sha256 in again.out
    assert f"bundle-{printed.json['bundle_digest'][:12]}.db" in again.out


def test_a_replay_of_the_embedded_market_starts_at_the_models_night_and_goes_on_for_ninety_days(
    run: Run, folder: Path
) -> None:
    bundle = write_model(folder / "b", random_model(4), as_of_ms=START_MS + 10 * DAY_MS)
    printed = run("live", "--bundle", str(bundle.folder), "--source", SOURCE, "--json")
    assert printed.json["warm_bars"] == 10 * 24
    assert printed.json["bars"] == 90 * 24


def test_a_source_that_ends_before_the_models_night_is_an_error_that_names_the_option(run: Run, folder: Path) -> None:
    bundle = write_model(folder / "b", random_model(4), as_of_ms=START_MS + 10 * DAY_MS)
    printed = run("live", "--bundle", str(bundle.folder), "--source", SOURCE, "--to", "2021-01-08")
    assert printed.code == 3
    assert "BARS_TOO_FEW" in printed.err
    assert "--from" in printed.err


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_a_moment_that_is_none_is_named_with_its_option(run: Run, folder: Path, option: str) -> None:
    printed = run("live", "--bundle", str(bundle_of(folder, 4).folder), option, "tomorrow")
    assert printed.code == 2
    assert f"{option} 'tomorrow'" in printed.err


def test_a_bundle_that_was_not_approved_trades_as_a_study_and_says_so(run: Run, folder: Path) -> None:
    bundle = write_model(folder / "b", random_model(4), decision="REJECTED")
    printed = run(
        "live", "--bundle", str(bundle.folder), "--source", SOURCE, "--from", "2021-01-05", "--to", "2021-01-07"
    )
    assert printed.code == 0
    assert "did not approve" in printed.err
    assert "did not approve" not in run(*replay(folder)).err


def test_a_missing_bundle_is_an_error_with_its_code(run: Run, folder: Path) -> None:
    printed = run("live", "--bundle", str(folder / "none"), "--json")
    assert printed.code == 6
    assert printed.json["error"]["code"] == "BUNDLE_MISSING"


def test_status_says_what_every_runner_is_doing(run: Run, folder: Path) -> None:
    assert "no journal" in run("status").out
    assert run("status", "--json").json == []
    run(*replay(folder), "--json")
    found = run("status", "--json").json
    assert [(item["symbol"], item["running"], item["state"]) for item in found] == [("SIM", False, "ACTIVE")]
    assert found[0]["depth"] is None
    table = run("status").out
    assert "SIM" in table
    assert "2021-01-20 23:00" in table
    assert "depth" not in table


def test_status_says_how_deep_the_training_of_the_model_was_and_what_its_regimes_are_followed_by(
    run: Run, folder: Path
) -> None:
    bundle = write_model(folder / "shallow", at_depth(random_model(4), 0.7))
    days = ("--from", "2021-01-05", "--to", "2021-01-08")
    printed = run("live", "--bundle", str(bundle.folder), "--source", SOURCE, *days)
    assert "shallow (1,000 of 4,000 bars of 1h); confidence counts 70%" in " ".join(printed.out.split())
    (found,) = run("status", "--json").json
    assert found["depth"] == {
        "tier": "shallow",
        "modifier": 0.7,
        "full_at": "2022-01-01T00:00+00:00",
        "timeframes": [{"interval": "1h", "bars": 1_000, "target_bars": 4_000, "percent": 25.0}],
    }
    moves = found["transitions"]
    assert {name: list(row) for name, row in moves.items()} == {name: list(REGIMES) for name in REGIMES}
    assert moves["bull"] == pytest.approx({"bull": 0.9, "bear": 0.05, "chop": 0.05})
    assert "90.00% bull, 5.00% bear, 5.00% chop" in " ".join(printed.out.split())
    assert "SIM: training depth shallow (1,000 of 4,000 bars of 1h)" in run("status").out


def test_status_says_what_regime_the_bars_of_the_last_half_hour_were_taken_for(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = write_model(folder / "model", random_model(4))
    days = ("--from", "2021-01-05", "--to", "2021-01-08")
    printed = run("live", "--bundle", str(bundle.folder), "--source", SOURCE, *days)
    (found,) = run("status", "--json").json
    (last,) = found["regime_history_30m"]
    assert last["close_ts"] == found["last_ts"] + found["interval"] == START_MS + 7 * DAY_MS
    assert f"{last['regime']} (at last {last['probability']:.0%})" in " ".join(printed.out.split())
    # Bars of an hour: that there may be more of them is tried with ten hours.
    monkeypatch.setattr("trading.live.status.HISTORY_MS", 10 * 3_600_000)
    (found,) = run("status", "--json").json
    opinions = compute_signals(bundle.model, small_bars(7)).opinions[-10:]
    expected = [max(beliefs(bundle.model, row).items(), key=lambda one: one[1]) for row in opinions]
    assert [(one["regime"], one["probability"]) for one in found["regime_history_30m"]] == expected
    assert {one["bundle_digest"] for one in found["regime_history_30m"]} == {bundle.digest}


def test_a_replay_says_once_how_many_bars_open_in_closed_hours(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEVENGATES_MARKET__HOURS", "Mon-Fri 08:00-18:00 UTC")
    printed = run(*replay(folder), "--json")
    assert printed.code == 0
    assert printed.json["bars"] == 12 * 10
    assert printed.err.count("bars open outside market.hours Mon-Fri 08:00-18:00 UTC and were left out") == 1


def test_a_replay_whose_funding_is_not_known_to_the_end_says_so(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [f"{START_MS + 8 * 3_600_000 * at},0.0001" for at in range(30)]
    (folder / "SIM.csv").write_text("\n".join(["ts,funding_rate", *events]) + "\n")
    monkeypatch.setenv("SEVENGATES_MARKET__FUNDING", str(folder / "{symbol}.csv"))
    printed = run(*replay(folder), "--json")
    assert printed.code == 0
    assert "SIM.csv knows no funding from 2021-01-10 16:00 UTC to 2021-01-20 23:00 UTC" in printed.err
    assert "market.funding" in printed.err
