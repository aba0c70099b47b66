"""What a night meets, makes and ends with: the champion, the candidate, and the outcome that is remembered."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trading.checks.evidence import CheckEvidence, Evidence, LiveRecord
from trading.checks.trials import Trials
from trading.codes import ReasonCode
from trading.engines.choice import EngineChoice
from trading.gates.verdict import Verdict
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.night.artifacts import BacktestRecord, BundleFiles, ComparisonRecord, Report
from trading.night.memory import recall, remember
from trading.night.services import ledger_of
from trading.night.workspace import Night
from trading.registry.contest import Meeting
from trading.registry.promotion import PromotionDecision
from trading.results import Number
from trading.splits import Splits
from trading.store import Ref
from trading.values import Frozen, Measured

STAGE = "night"
"""Under which name a whole night is remembered."""


class Champion(Frozen):
    """A version in Production.

    Attributes:
        version: in the registry.
        bundle_digest: of its bundle.
        as_of_ms: moment of its night, UTC milliseconds.
        model_ref: its model, in the store.
        tag: of its engine.
        backtest_se: standard error of its backtest's Sharpe ratio; None if its evidence has none.
        thresholds: that its own verdict was given by.
    """

    version: int
    bundle_digest: str
    as_of_ms: int
    model_ref: Ref[TradingModel]
    tag: str = ""
    backtest_se: float | None = None
    thresholds: dict[str, float | int] = Field(default_factory=dict[str, float | int])


class ChampionSnapshot(Frozen):
    """What a night met when it began, kept so that a night that was killed goes on against the same.

    Attributes:
        champion: in Production then, or None.
        live_ref: the champion's live record, or None if it has none.
        trials_ref: candidates of earlier nights; None if there were none that count.
    """

    champion: Champion | None = None
    live_ref: Ref[LiveRecord] | None = None
    trials_ref: Ref[Trials] | None = None


class Measurements(Frozen):
    """A candidate, and what was measured about it.

    Attributes:
        engine: what says direction and confidence.
        bars_ref: that it was trained and measured on.
        splits_ref: of these bars.
        model_ref: the candidate.
        backtest_ref: the test split, traded once.
        check_refs: what each check measured, by its name.
        live_ref: record of the champion that trades this symbol, or None.
        fit_report_ref: how scaler, engine and calibrator were fitted, or None if nobody said.
        policy_report_ref: how the policy was trained, or None if nobody said.
    """

    engine: EngineChoice
    bars_ref: Ref[Bars]
    splits_ref: Ref[Splits]
    model_ref: Ref[TradingModel]
    backtest_ref: Ref[BacktestRecord]
    check_refs: dict[str, Ref[CheckEvidence]]
    live_ref: Ref[LiveRecord] | None
    fit_report_ref: Ref[Report] | None = None
    policy_report_ref: Ref[Report] | None = None


class JudgedEvidence(Frozen):
    """The evidence about a candidate, and the verdict of the seven gates over it."""

    evidence_ref: Ref[Evidence]
    verdict_ref: Ref[Verdict]


class Candidate(Frozen):
    """A judged candidate in its bundle: everything that publishing it needs.

    Attributes:
        engine: name of its engine.
        tag: that its versions carry.
        bars_ref: that it was trained and measured on.
        splits_ref: of these bars.
        model_ref: the model.
        backtest_ref: the test split, traded once.
        evidence_ref: what the gates were asked about.
        verdict_ref: what they said.
        bundle_ref: the files of its bundle.
        bundle_digest: of the bundle.
        fit_report_ref: how scaler, engine and calibrator were fitted, or None if nobody said.
        policy_report_ref: how the policy was trained, or None if nobody said.
    """

    engine: str
    tag: str
    bars_ref: Ref[Bars]
    splits_ref: Ref[Splits]
    model_ref: Ref[TradingModel]
    backtest_ref: Ref[BacktestRecord]
    evidence_ref: Ref[Evidence]
    verdict_ref: Ref[Verdict]
    bundle_ref: Ref[BundleFiles]
    bundle_digest: str
    fit_report_ref: Ref[Report] | None = None
    policy_report_ref: Ref[Report] | None = None


class CandidatePage(Frozen):
    """The evaluation page of one candidate, or why there is none.

    Attributes:
        bundle_digest: of the candidate.
        version: in the registry; None if it was not registered.
        place: the file, or the address of the artifact; empty if the page could not be made.
        link: where MLflow shows it; empty if it is not there.
        left_out: titles of the sections that had nothing to show.
        failure: why it could not be made; empty if it was.
    """

    bundle_digest: str
    version: int | None = None
    place: str = ""
    link: str = ""
    left_out: tuple[str, ...] = ()
    failure: str = ""


class RegisteredCandidate(Frozen):
    """A candidate and its version in the registry."""

    candidate: Candidate
    version: int


class OtherCandidate(RegisteredCandidate):
    """A candidate of another engine of the same night, which did not meet the champion.

    Attributes:
        status: where it went.
        code: why, as a stable code.
        reason: why, as a sentence.
    """

    status: Literal["staged", "rejected"]
    code: ReasonCode
    reason: str


class ChallengerOutcome(Measured):
    """An approved version of an earlier night that was asked in this one.

    Attributes:
        version: in the registry.
        tag: of its engine; empty if its bundle could not be read.
        sharpe: annualised, on the test bars of the night's candidate; None if it was not traded.
        status: where it went; ``refused`` is one that was not let into a meeting.
        code: why, as a stable code.
        reason: why, as a sentence.
    """

    version: int
    tag: str
    sharpe: Number
    status: Literal["promoted", "staged", "refused"]
    code: ReasonCode
    reason: str


class NightOutcome(Frozen):
    """How a night ended.

    Attributes:
        symbol: the market.
        interval: length of the traded bar.
        as_of_ms: moment of the night, UTC milliseconds.
        status: where the candidate went.
        model_name: registered model.
        version: the candidate's.
        candidate: what was registered.
        comparison_ref: candidate and champion on the same bars, or None if there was nothing to compare.
        code: why, as a stable code.
        reason: why, as a sentence.
        paper_only: whether the version may trade on paper only.
        champion_version: that was in Production before, or None.
        champion_override: the override that had put it there, in words; empty if none had.
        others: candidates of the night's other engines.
        challengers: approved versions of earlier nights that were asked before the candidate.
        decision: of promotion, with the numbers it rests on; None of a night of an earlier release.
        meeting: of candidate and champion, or None if nothing was in Production.
        epoch: of the ledger once that was written down.
        pages: evaluation pages of all of them, once they are made.
    """

    symbol: str
    interval: str
    as_of_ms: int
    status: Literal["promoted", "staged", "rejected"]
    model_name: str
    version: int
    candidate: Candidate
    comparison_ref: Ref[ComparisonRecord] | None
    code: ReasonCode
    reason: str
    paper_only: bool
    champion_version: int | None
    champion_override: str = ""
    others: tuple[OtherCandidate, ...] = ()
    challengers: tuple[ChallengerOutcome, ...] = ()
    decision: PromotionDecision | None = None
    meeting: Meeting | None = None
    epoch: int = 0
    pages: tuple[CandidatePage, ...] = ()

    @property
    def awaits_approval(self) -> bool:
        """Whether the version may enter Production once a person approves it."""
        return self.code is ReasonCode.PROMOTION_AWAITS_APPROVAL

    @property
    def registered(self) -> tuple[RegisteredCandidate, ...]:
        """Every candidate of the night with its version, the one that met the champion first."""
        own = RegisteredCandidate(candidate=self.candidate, version=self.version)
        return (own, *self.others)


def recall_outcome(night: Night) -> NightOutcome | None:
    """How the night ended if it has been run already, else None.

    The memory counts only while the promotion ledger knows the version.

    Args:
        night: whose outcome is looked for.
    """
    known = recall(night.store, STAGE, {"night": night.plan.key})
    if known is None or not night.places.ledger.exists():
        return None
    outcome = NightOutcome.model_validate(known.output)
    entries = ledger_of(night.runtime).history(outcome.model_name)
    recorded = {(entry.version, entry.bundle_digest) for entry in entries}
    return outcome if (outcome.version, outcome.candidate.bundle_digest) in recorded else None


def remember_outcome(night: Night, outcome: NightOutcome) -> None:
    """Write down how a night ended.

    Args:
        night: that ended.
        outcome: how.
    """
    remember(night.store, STAGE, {"night": night.plan.key}, outcome.model_dump(mode="json"))
