"""A finished night is known again, and counts only while the ledger knows what it registered."""

from __future__ import annotations

from pathlib import Path

from trading.codes import ReasonCode
from trading.night.artifacts import BACKTEST, BARS, BUNDLE, EVIDENCE, MODEL, SPLITS, VERDICT
from trading.night.outcome import Candidate, NightOutcome, recall_outcome, remember_outcome
from trading.night.workspace import Night, open_night
from trading.registry.entries import Transition
from trading.registry.ledger import Ledger
from trading.settings.models import GateSpec, RuntimeSpec, SevengatesSettings


def night_at(home: Path, min_sharpe: float = 1.0) -> Night:
    settings = SevengatesSettings(gates=GateSpec(min_sharpe=min_sharpe), runtime=RuntimeSpec(home=str(home)))
    return open_night(settings, "SIM", "2022-01-01")


def rejected(night: Night) -> NightOutcome:
    candidate = Candidate(
        engine="regimes",
        tag="regimes",
        bars_ref=night.store.put_bytes(BARS.name, b"1"),
        splits_ref=night.store.put_bytes(SPLITS.name, b"2"),
        model_ref=night.store.put_bytes(MODEL.name, b"3"),
        backtest_ref=night.store.put_bytes(BACKTEST.name, b"4"),
        evidence_ref=night.store.put_bytes(EVIDENCE.name, b"5"),
        verdict_ref=night.store.put_bytes(VERDICT.name, b"6"),
        bundle_ref=night.store.put_bytes(BUNDLE.name, b"7"),
        bundle_digest="a" * 64,
    )
    return NightOutcome(
        symbol="SIM",
        interval="1h",
        as_of_ms=night.plan.as_of_ms,
        status="rejected",
        model_name=night.plan.model_name,
        version=1,
        candidate=candidate,
        comparison_ref=None,
        code=ReasonCode.MODEL_NOT_APPROVED,
        reason="Rejected by drift.",
        paper_only=False,
        champion_version=None,
    )


def test_a_finished_night_counts_only_while_the_ledger_knows_its_version(tmp_path: Path) -> None:
    night = night_at(tmp_path)
    outcome = rejected(night)
    remember_outcome(night, outcome)
    assert recall_outcome(night) is None
    ledger = Ledger(tmp_path / "ledger.db")
    assert recall_outcome(night) is None
    ledger.append(Transition(model_name=outcome.model_name, version=1, bundle_digest="a" * 64, action="reject"))
    assert recall_outcome(night) == outcome
    assert recall_outcome(night_at(tmp_path, min_sharpe=3.0)) is None


def test_a_finished_night_does_not_count_when_an_artifact_of_it_is_gone(tmp_path: Path) -> None:
    night = night_at(tmp_path)
    outcome = rejected(night)
    remember_outcome(night, outcome)
    transition = Transition(model_name=outcome.model_name, version=1, bundle_digest="a" * 64, action="reject")
    Ledger(tmp_path / "ledger.db").append(transition)
    next((tmp_path / "store").glob(f"objects/*/{outcome.candidate.verdict_ref.digest}")).unlink()
    assert recall_outcome(night) is None


def test_an_outcome_survives_json(tmp_path: Path) -> None:
    outcome = rejected(night_at(tmp_path))
    assert NightOutcome.model_validate_json(outcome.model_dump_json()) == outcome
