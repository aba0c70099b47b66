"""What a night says of itself: one word over all symbols, one sentence for each, and the exit code."""

from __future__ import annotations

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.night.outcome import ChallengerOutcome, NightOutcome
from trading.night.report import (
    NightReport,
    Status,
    challenger_rows,
    comparison_rows,
    exit_code,
    failed_report,
    headline,
    markdown,
    night_name,
    regimes_line,
)


def report(status: Status, *, repeated: bool = False, **more: object) -> NightReport:
    return NightReport.model_validate({"symbol": "SIM", "status": status, "repeated": repeated, **more})


def breach() -> NightReport:
    return failed_report("BAD", DataError(ReasonCode.BARS_GAPS, "bad.csv has holes.", remedy="Fill them."))


def test_a_failure_names_the_run_whatever_else_happened() -> None:
    assert night_name([report("promoted"), breach()]) == "Failed"


def test_the_best_result_names_the_run() -> None:
    assert night_name([report("rejected"), report("staged")]) == "Staged"
    assert night_name([report("staged"), report("promoted")]) == "Promoted"
    assert night_name([report("rejected")]) == "Rejected"


def test_a_repeated_night_is_news_only_if_nothing_else_is() -> None:
    assert night_name([report("promoted", repeated=True)]) == "Nothing to do"
    assert night_name([report("promoted", repeated=True), report("rejected")]) == "Rejected"


def test_a_rejection_ends_with_zero_and_a_breach_with_its_own_code() -> None:
    assert exit_code([report("rejected"), report("promoted")]) == 0
    assert exit_code([report("promoted"), breach()]) == DataError.exit_code


def test_a_failure_is_told_with_its_remedy() -> None:
    assert headline(breach()) == "BAD: failed. BARS_GAPS: bad.csv has holes. Fill them."
    assert "mistake in Sevengates" in headline(failed_report("SIM", ZeroDivisionError("division by zero")))


def test_a_night_says_that_the_champion_it_met_is_there_by_an_override() -> None:
    outcome = NightOutcome.model_construct(
        symbol="SIM",
        interval="1h",
        as_of_ms=1_700_000_000_000,
        status="staged",
        model_name="sevengates-sim-1h",
        version=4,
        reason="Not better.",
        paper_only=False,
        champion_version=3,
        champion_override="overridden against its gates by Ada: a study",
    )
    met = NightReport.model_construct(symbol="SIM", status="staged", outcome=outcome)
    assert "Champion 3 was overridden against its gates by Ada: a study." in headline(met)
    plain = met.model_copy(update={"outcome": outcome.model_copy(update={"champion_override": ""})})
    assert "overridden" not in headline(plain)


def test_a_version_of_an_earlier_night_that_entered_names_the_run_and_has_a_row_with_its_reason() -> None:
    entered = ChallengerOutcome(
        version=4, tag="hmm_v1", sharpe=2.5, status="promoted", code=ReasonCode.OK, reason="Approved."
    )
    outcome = NightOutcome.model_construct(
        symbol="SIM",
        interval="1h",
        as_of_ms=0,
        model_name="sevengates-sim-1h",
        version=7,
        status="rejected",
        reason="Refused.",
        paper_only=False,
        champion_version=3,
        challengers=(entered,),
    )
    found = NightReport.model_construct(symbol="SIM", status="rejected", outcome=outcome)
    assert night_name([found]) == "Promoted"
    assert "Version 4 of an earlier night entered Production." in headline(found)
    (row,) = challenger_rows(found)
    assert row == {
        "challenger": "4",
        "tag": "hmm_v1",
        "sharpe": "2.5",
        "status": "promoted",
        "code": "OK",
        "reason": "Approved.",
    }
    assert "| 4 | hmm_v1 | 2.5 | promoted | OK | Approved. |" in markdown(found)
    assert challenger_rows(report("rejected")) == []


def test_the_champion_stands_beside_the_candidate() -> None:
    alone = report("rejected", metrics={"sharpe": 1.0})
    both = report("staged", metrics={"sharpe": 1.0}, champion_metrics={"sharpe": float("nan")})
    assert set(comparison_rows(alone)[0]) == {"metric", "candidate"}
    assert comparison_rows(both)[0] == {"metric": "sharpe", "candidate": "1", "champion": "nan"}
    assert "| metric | candidate | champion |" in markdown(both)


def test_regimes_that_changed_places_are_named() -> None:
    swapped = report("staged", champion_regimes={"bull": "chop", "bear": "bear", "chop": "bull"})
    assert "bull is nearest to its chop" in regimes_line(swapped)
    same = report("staged", champion_regimes={"bull": "bull"})
    assert "each nearest to its namesake" in regimes_line(same)


def test_a_report_with_numbers_that_are_not_finite_survives_json() -> None:
    before = report("rejected", metrics={"profit_factor": float("nan"), "sharpe": float("inf")})
    after = NightReport.model_validate_json(before.model_dump_json())
    assert after.metrics["sharpe"] == float("inf")
