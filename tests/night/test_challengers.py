"""Versions of earlier nights through the real path: registered bundles, the ledger, runners' own journals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.checks.samples import good_evidence
from tests.live.support import Promotions, pointer_to, trade
from tests.registry.conftest import NAME, home, ledger, migrated, registry  # noqa: F401
from tests.support import HOUR_MS, START_MS, random_model
from tests.support.models import REGIME_FEATURES
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.verdict import judge
from trading.market.bars import Bars
from trading.model.bundle import Bundle, write_bundle
from trading.model.lineage import Lineage
from trading.model.model import TradingModel, model_from
from trading.moments import moment_iso
from trading.night.artifacts import BACKTEST, BARS, BUNDLE, EVIDENCE, MODEL, SPLITS, VERDICT, BacktestRecord
from trading.night.outcome import Candidate, NightOutcome, RegisteredCandidate
from trading.night.promotion import preview_version, promote_candidate, promote_version, snapshot_champion
from trading.night.workspace import Night, open_night
from trading.registry.adapter import MlflowRegistry
from trading.registry.entries import Action, Transition
from trading.registry.ledger import Ledger
from trading.registry.promotion import record_transition
from trading.settings.models import GateSpec, MarketSpec, PromotionSpec, RuntimeSpec, SevengatesSettings
from trading.simulation.backtest import run_backtest
from trading.splits import Range, Splits

# ruff: noqa: F811  # pytest hands fixtures over by name
TRAINED = 60 * 24
TEST = Range(TRAINED + 24, 180 * 24)
EASY = GateSpec(
    min_sharpe=-1000.0,
    min_win_rate=0.0,
    min_profit_factor=0.0,
    max_drawdown=1.0,
    max_volatility=100.0,
    max_consecutive_losses=10_000,
)

REFUSING = EASY.model_copy(update={"min_sharpe": 1000.0})
EARNING = EASY.model_copy(update={"min_sharpe": 1.0})
"""What the evidence of every model here keeps, and one that is short of a rising market does not."""


def rising_bars() -> Bars:
    """A market that rises on most days, so that whoever is long has a record that proves a gain."""
    rng = np.random.default_rng(5)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0008, 0.003, TEST.stop)))
    opens = np.r_[100.0, close[:-1]]
    spread = 1.0 + np.abs(rng.normal(0.0, 0.0005, TEST.stop))
    return Bars(
        symbol="SIM",
        interval=HOUR_MS,
        ts=START_MS + HOUR_MS * np.arange(TEST.stop),
        open=opens,
        high=np.maximum(opens, close) * spread,
        low=np.minimum(opens, close) / spread,
        close=close,
        volume=rng.uniform(1e4, 2e4, TEST.stop),
    )


MARKET = rising_bars()


def leaning(seed: int, *, short: bool = False) -> TradingModel:
    """A model whose every opinion is long, or short, with random layers that choose size, duration, stop and target."""
    model = random_model(seed)
    means = np.full((3, len(REGIME_FEATURES)), 1e3)
    means[1 if short else 0] = 0.0
    return model_from(model.spec, {**model.arrays(), "engine.means": means})


Register = Callable[..., int]
Tonight = Callable[..., NightOutcome]


@pytest.fixture
def settings(home: Path, tmp_path: Path) -> SevengatesSettings:
    source = tmp_path / "market.csv"
    columns = {name: getattr(MARKET, name) for name in ("open", "high", "low", "close", "volume")}
    rows = [",".join(["ts", *columns])]
    rows += [",".join(map(repr, map(float, row))) for row in np.column_stack([MARKET.ts, *columns.values()]).tolist()]
    source.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return SevengatesSettings(
        runtime=RuntimeSpec(home=str(home)),
        market=MarketSpec(source=f"csv:{source}", symbols=("SIM",)),
        gates=EASY,
        promotion=PromotionSpec(max_deficit=1000.0),
    )


@pytest.fixture
def night(settings: SevengatesSettings) -> Night:
    return open_night(settings, "SIM", moment_iso(START_MS + TEST.stop * HOUR_MS))


@pytest.fixture
def register(registry: MlflowRegistry, ledger: Ledger, tmp_path: Path) -> Register:
    """``register(model, action, trained=..., gates=...)``; the action puts it into the ledger."""

    def call(model: TradingModel, action: Action | None = None, **given: Any) -> int:
        bundle = bundle_of(tmp_path / f"bundle-{len(ledger.history(NAME))}-{action}", model, **given)
        version = registry.log_night(NAME, bundle.folder, metrics={"sharpe": 1.8}, params={})
        if action is not None:
            transition = Transition(
                model_name=NAME, version=version, bundle_digest=bundle.digest, action=action, reason="as it was"
            )
            record_transition(registry, ledger, transition, ledger.epoch(NAME) if action == "promote" else None)
        return version

    return call


def bundle_of(
    folder: Path,
    model: TradingModel,
    *,
    trained: int = TRAINED,
    gates: GateSpec = EASY,
) -> Bundle:
    evidence = good_evidence(live=False)
    verdict = judge(evidence, gates.model_dump())
    ranges = {"train": (0, trained - 480), "validation": (trained - 456, trained), "test": (trained, trained + 240)}
    lineage = Lineage(
        symbol="SIM",
        interval="1h",
        as_of_ms=START_MS + TRAINED * HOUR_MS,
        ranges={name: (START_MS + a * HOUR_MS, START_MS + b * HOUR_MS) for name, (a, b) in ranges.items()},
    )
    return write_bundle(folder, model, lineage, evidence.as_json(), verdict.as_json(), "# Card\n")


@pytest.fixture
def tonight(night: Night, register: Register, registry: MlflowRegistry) -> Tonight:
    """``tonight(seed, rejected=...)`` promotes a new candidate; with the same seed again the night is resumed."""
    made: dict[int, RegisteredCandidate] = {}

    def call(seed: int = 4, *, rejected: bool = False, night: Night = night) -> NightOutcome:
        if seed not in made:
            made[seed] = candidate_of(night, registry, register, leaning(seed), REFUSING if rejected else EASY)
        return promote_candidate(night, (made[seed],), snapshot_champion(night, made[seed].candidate.bars_ref))

    return call


def candidate_of(
    night: Night, registry: MlflowRegistry, register: Register, model: TradingModel, gates: GateSpec
) -> RegisteredCandidate:
    store, version = night.store, register(model, gates=gates)
    bundle, result = registry.bundle(NAME, version), run_backtest(model, MARKET, TEST.start, TEST.stop)
    evidence = good_evidence(live=False)
    record = BacktestRecord(
        metrics=dict(result.metrics),
        trades=result.trades,
        ledger_sha256=result.ledger_sha256,
        ts=result.ts,
        equity=result.equity,
    )
    splits = Splits(
        train=Range(0, 300), validation=Range(400, 500), test=TEST, bars=len(MARKET), lookback=50, max_holding=24
    )
    candidate = Candidate(
        engine="regimes",
        tag="hmm_v1",
        bars_ref=store.put(BARS, MARKET),
        splits_ref=store.put(SPLITS, splits),
        model_ref=store.put(MODEL, model),
        backtest_ref=store.put(BACKTEST, record),
        evidence_ref=store.put(EVIDENCE, evidence),
        verdict_ref=store.put(VERDICT, judge(evidence, gates.model_dump())),
        bundle_ref=store.put(BUNDLE, {}),
        bundle_digest=bundle.digest,
    )
    return RegisteredCandidate(candidate=candidate, version=version)


def sharpe_of(model: TradingModel) -> float:
    return run_backtest(model, MARKET, TEST.start, TEST.stop).metrics["sharpe"]


def study(night: Night, bundle: Bundle) -> None:
    """A runner's journal that traded a bundle by its folder over the whole test."""
    path = night.places.live / f"study-{bundle.digest[:8]}" / "journal.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    trade(path, Promotions(pointer_to(bundle)), MARKET, TRAINED)


def actions(ledger: Ledger) -> list[tuple[int, str]]:
    return [(entry.version, entry.action) for entry in ledger.history(NAME)]


def by_sharpe(seeds: Sequence[int]) -> list[int]:
    return sorted(seeds, key=lambda seed: sharpe_of(leaning(seed)))


TIMID, BOLD, BETTER, BEST = 5, 3, 6, 8
"""Seeds of models by their Sharpe ratio over the test, see the first test."""


def test_the_models_here_are_ordered_by_their_sharpe_ratios() -> None:
    found = [sharpe_of(leaning(seed)) for seed in (7, TIMID, 4, BOLD, BETTER, BEST)]
    assert found == sorted(found)


def test_the_best_of_those_who_wait_follows_a_champion_that_fails_its_own_gates(
    register: Register, tonight: Tonight, ledger: Ledger
) -> None:
    champion = register(leaning(2, short=True), "promote", gates=EARNING)
    waiting = {seed: register(leaning(seed), "stage") for seed in (BETTER, BEST, BOLD)}
    outcome = tonight(rejected=True)
    assert outcome.status == "rejected"
    assert [(one.version, one.status) for one in outcome.challengers] == [(waiting[BEST], "promoted")]
    assert actions(ledger)[-3:] == [(champion, "retire"), (waiting[BEST], "promote"), (outcome.version, "reject")]
    assert outcome.champion_version == waiting[BEST]


def test_a_candidate_that_is_better_than_all_who_wait_takes_the_place(
    register: Register, tonight: Tonight, ledger: Ledger
) -> None:
    register(leaning(2, short=True), "promote", gates=EARNING)
    for seed in (TIMID, BOLD):
        register(leaning(seed), "stage")
    outcome = tonight(BEST)
    assert (outcome.status, outcome.challengers) == ("promoted", ())
    assert actions(ledger)[-2:] == [(1, "retire"), (outcome.version, "promote")]


def test_who_fails_its_own_gates_saw_the_bars_or_is_damaged_is_not_asked_and_the_night_says_why(
    register: Register, registry: MlflowRegistry, tonight: Tonight, ledger: Ledger
) -> None:
    register(leaning(2, short=True), "promote", gates=EARNING)
    losing = register(leaning(BOLD, short=True), "stage", gates=EARNING)
    seen = register(leaning(BEST), "stage", trained=TEST.start + 1)
    damaged = register(leaning(BETTER), "stage")
    weights = registry.bundle(NAME, damaged).folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    outcome = tonight(rejected=True)
    assert {one.version: (one.status, one.code) for one in outcome.challengers} == {
        losing: ("refused", ReasonCode.BELOW_MINIMUM),
        seen: ("refused", ReasonCode.SPLIT_OVERLAP),
        damaged: ("refused", ReasonCode.BUNDLE_CORRUPT),
    }
    assert actions(ledger)[-2:] == [(1, "retire"), (outcome.version, "reject")]
    assert ledger.current(NAME) is None


def test_who_was_in_production_or_quarantine_or_was_rejected_does_not_wait(
    register: Register, tonight: Tonight, ledger: Ledger
) -> None:
    former = register(leaning(BEST), "promote")
    register(leaning(BETTER), "reject")
    register(leaning(2, short=True), "promote", gates=EARNING)
    outcome = tonight(rejected=True)
    assert outcome.challengers == ()
    assert ledger.current(NAME) is None
    assert former == 1


def test_a_champion_that_stays_meets_a_challenger_whose_own_record_proves_a_gain_and_meets_it_once(
    night: Night, register: Register, registry: MlflowRegistry, tonight: Tonight, ledger: Ledger
) -> None:
    champion = register(leaning(BETTER), "promote")
    unknown, studied = register(leaning(BEST), "stage"), register(leaning(TIMID), "stage")
    study(night, registry.bundle(NAME, studied))
    outcome = tonight()
    (met,) = outcome.challengers
    assert (met.version, met.status, met.code) == (studied, "staged", ReasonCode.PROMOTION_NOT_BETTER)
    assert "Contest 1 " in met.reason
    assert actions(ledger)[-2:] == [(studied, "contest"), (outcome.version, "stage")]
    before = len(ledger.history(NAME))
    again = tonight(BOLD)
    assert [entry.version for entry in ledger.history(NAME)[before:]] == [again.version]
    current = ledger.current(NAME)
    assert current is not None
    assert current.version == champion
    assert unknown not in {entry.version for entry in ledger.history(NAME) if entry.action == "contest"}


def test_a_challenger_whose_own_record_proves_a_gain_replaces_a_champion_that_it_beats(
    night: Night, register: Register, registry: MlflowRegistry, tonight: Tonight, ledger: Ledger
) -> None:
    champion, studied = register(leaning(2, short=True), "promote"), register(leaning(BEST), "stage")
    study(night, registry.bundle(NAME, studied))
    outcome = tonight(rejected=True)
    assert [(one.version, one.status) for one in outcome.challengers] == [(studied, "promoted")]
    assert actions(ledger)[-2:] == [(studied, "promote"), (outcome.version, "reject")]
    assert outcome.champion_version == studied != champion


def test_a_night_killed_after_a_challenger_entered_ends_as_the_night_that_was_not(
    night: Night,
    register: Register,
    registry: MlflowRegistry,
    tonight: Tonight,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    register(leaning(2, short=True), "promote", gates=EARNING)
    register(leaning(BOLD), "stage")
    waiting = register(leaning(BEST), "stage")

    class KilledError(Exception):
        pass

    def kill(*_: object, **__: object) -> None:
        raise KilledError

    from trading.registry import promotion

    real = promotion.apply_decision

    def die_after(*given: Any, **named: Any) -> object:
        if given[3] != waiting:
            kill()
        return real(*given, **named)

    monkeypatch.setattr(promotion, "apply_decision", die_after)
    with pytest.raises(KilledError):
        tonight(rejected=True)
    entered = actions(ledger)
    assert entered[-1] == (waiting, "promote")
    monkeypatch.setattr(promotion, "apply_decision", real)
    outcome = tonight(rejected=True)
    assert [(one.version, one.status) for one in outcome.challengers] == [(waiting, "promoted")]
    assert actions(ledger) == [*entered, (outcome.version, "reject")]


def test_where_a_person_decides_a_challenger_is_proposed_and_does_not_enter(
    settings: SevengatesSettings, register: Register, registry: MlflowRegistry, ledger: Ledger
) -> None:
    register(leaning(2, short=True), "promote", gates=EARNING)
    for seed in (BOLD, BEST):
        register(leaning(seed), "stage")
    by_hand = settings.model_copy(update={"promotion": PromotionSpec(max_deficit=1000.0, mode="manual")})
    night = open_night(by_hand, "SIM", moment_iso(START_MS + TEST.stop * HOUR_MS))
    registered = candidate_of(night, registry, register, leaning(4), REFUSING)
    outcome = promote_candidate(night, (registered,), snapshot_champion(night, registered.candidate.bars_ref))
    (proposed,) = outcome.challengers
    assert (proposed.version, proposed.code) == (3, ReasonCode.PROMOTION_AWAITS_APPROVAL)
    assert ledger.current(NAME) is None
    entry = promote_version(by_hand, NAME, 3, reason="as proposed", actor="Ada")
    assert (entry.version, entry.action) == (3, "promote")


def test_an_operator_may_put_a_version_there_whose_own_record_proves_a_gain(
    settings: SevengatesSettings, night: Night, register: Register, registry: MlflowRegistry
) -> None:
    register(leaning(BETTER), "promote")
    unknown, studied = register(leaning(BOLD), "stage"), register(leaning(BEST), "stage")
    study(night, registry.bundle(NAME, studied))
    assert not preview_version(settings, NAME, unknown).allowed
    with pytest.raises(RegistryError, match="LIVE_RECORD_MISSING"):
        promote_version(settings, NAME, unknown, reason="hope", actor="Ada")
    previewed = preview_version(settings, NAME, studied)
    assert previewed.allowed
    assert "on paper only" not in previewed.reason
    assert promote_version(settings, NAME, studied, reason="studied", actor="Ada").version == studied
