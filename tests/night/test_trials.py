"""Earlier candidates as a night collects them from a registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.checks.samples import good_evidence, with_section
from tests.registry.conftest import NAME, home, ledger, lineage_of, migrated, registry  # noqa: F401
from tests.support import small_model
from trading.checks.significance import SignificanceEvidence
from trading.checks.trials import MOST_KEPT, DailySeries, Trials
from trading.errors import TransportError
from trading.gates.verdict import judge
from trading.model.bundle import write_bundle
from trading.moments import DAY_MS
from trading.night import trials
from trading.night.artifacts import TRIALS
from trading.night.workspace import Night, open_night
from trading.registry.adapter import MlflowRegistry
from trading.registry.entries import Transition
from trading.registry.ledger import Ledger
from trading.settings.models import GateSpec, MarketSpec, RuntimeSpec, SevengatesSettings

# ruff: noqa: F811  # pytest hands fixtures over by name
Register = Callable[..., int]

FIRST_MS = 1_640_995_200_000  # 2022-01-01


@pytest.fixture
def register(registry: MlflowRegistry, ledger: Ledger, tmp_path: Path) -> Register:
    """``register(day, days)`` puts a rejected candidate of a day into registry and ledger."""

    def put(day: int, days: DailySeries | None = None) -> int:
        evidence = good_evidence(sharpe=0.5)
        if days is not None:
            section = evidence.section(SignificanceEvidence).model_copy(update={"days": days})
            evidence = with_section(evidence, section)
        lineage = lineage_of().model_copy(update={"as_of_ms": FIRST_MS + day * DAY_MS})
        verdict = judge(evidence, GateSpec().model_dump()).as_json()
        model = small_model(day)
        folder = tmp_path / "bundles" / str(day)
        bundle = write_bundle(folder, model, lineage, evidence.as_json(), verdict, f"# {day}\n")
        version = registry.log_night(NAME, bundle.folder, metrics={}, params={})
        ledger.append(Transition(model_name=NAME, version=version, bundle_digest=bundle.digest, action="reject"))
        return version

    return put


def series(seed: int) -> DailySeries:
    values = np.random.default_rng(seed).normal(size=80).round(6)
    return DailySeries(ts=tuple(range(0, 80 * DAY_MS, DAY_MS)), value=tuple(values.tolist()))


def night_of(home: Path, day: int, minutes: int = 0) -> Night:
    settings = SevengatesSettings(market=MarketSpec(source="sim:edge=1"), runtime=RuntimeSpec(home=str(home)))
    night = open_night(settings, "SIM", "2022-01-01")
    plan = night.plan.model_copy(update={"as_of_ms": FIRST_MS + day * DAY_MS + minutes * 60_000})
    return night.model_copy(update={"plan": plan})


def collected(night: Night) -> Trials:
    return night.store.get(TRIALS, trials.collect_trials(night))


def test_a_first_night_has_no_earlier_candidates(home: Path) -> None:
    assert collected(night_of(home, 0)) == Trials()
    assert not (home / "mlflow" / "mlflow.db-wal").exists()


def test_candidates_of_earlier_moments_count_with_the_days_of_their_evidence(home: Path, register: Register) -> None:
    register(2, series(2))
    register(1, series(1))
    register(3)
    register(5, series(5))
    assert collected(night_of(home, 4)) == Trials(earlier=3, days=(series(1), series(2), DailySeries()))
    assert collected(night_of(home, 2)) == Trials(earlier=1, days=(series(1),))
    assert collected(night_of(home, 2, minutes=1)).earlier == 2


def test_a_night_that_is_run_again_is_no_trial_against_itself(home: Path, register: Register) -> None:
    register(1, series(1))
    before = collected(night_of(home, 2))
    register(2, series(2))
    register(3, series(3))
    assert collected(night_of(home, 2)) == before


def test_of_many_only_the_newest_are_read_and_all_are_counted(
    home: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(4):
        register(day, series(day))
    monkeypatch.setattr(trials, "MOST_KEPT", 2)
    assert MOST_KEPT == 60
    assert collected(night_of(home, 9)) == Trials(earlier=4, days=(series(2), series(3)))


def test_a_bundle_that_is_gone_is_a_trial_of_which_nothing_is_known(
    home: Path, registry: MlflowRegistry, register: Register
) -> None:
    register(1, series(1))
    gone = register(2, series(2))
    (registry.download(NAME, gone) / "evidence.json").unlink()
    assert collected(night_of(home, 3)) == Trials(earlier=2, days=(series(1), DailySeries()))


def test_a_registry_that_does_not_answer_stops_the_night(
    home: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(1, series(1))

    def refuse(*_: object, **__: object) -> None:
        raise TransportError("REGISTRY_UNREACHABLE", "no answer.", remedy="Try again.")  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(MlflowRegistry, "bundle", refuse)
    with pytest.raises(TransportError):
        collected(night_of(home, 2))


def test_a_bundle_is_read_once_in_its_life(home: Path, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    register(1, series(1))
    register(2, series(2))
    first = collected(night_of(home, 3))
    monkeypatch.setattr(MlflowRegistry, "bundle", lambda *_, **__: pytest.fail("read again"))
    assert collected(night_of(home, 4)) == first
