"""``sevengates leakage-check``: a table or JSON, an engine or a feature set of one's own, and 9 for a leak."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run
from trading.checks.leakage import LEAKAGE_CHECKS

MARKET = ("--set", "market.history_bars=3000", "leakage-check", "moving_average", "--as-of", "2022-01-01")
HONEST = (
    "def table(bars):\n    import pandas\n    return {'change': pandas.Series(bars.close).pct_change().to_numpy()}\n"
)


def test_an_honest_engine_and_feature_set_pass_every_rule(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(HONEST)
    shown = run(*MARKET, "--features", "own.py:table", "--json")
    assert shown.code == 0
    names = [result["name"] for result in shown.json["results"]]
    assert names[: len(LEAKAGE_CHECKS)] == list(LEAKAGE_CHECKS)
    assert {"fit_scaler", "fit_engine", "fit_calibrator", "fit_drift", "own features: sign"} <= set(names)
    assert all(result["passed"] for result in shown.json["results"])
    assert (shown.json["engine"], shown.json["bars"]) == ("moving_average", 3_000)


def test_a_feature_of_the_next_bar_ends_with_9_and_is_named_with_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(HONEST.replace("pct_change()", "pct_change().shift(-1).fillna(0.0)"))
    shown = run(*MARKET, "--features", "own.py:table")
    assert shown.code == 9
    assert "change is the next bar's return" in shown.out
    assert "look for negative shifts" in shown.out


def test_a_feature_set_that_is_not_there_is_a_wrong_option(run: Run) -> None:
    refused = run(*MARKET, "--features", "nowhere.py:table")
    assert refused.code == 2
    assert "PLUGIN_INVALID" in refused.err
