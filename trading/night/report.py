"""What a night tells people: the verdict, what was promoted and why, and how to look at it; plain data and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from trading.errors import SevengatesError
from trading.gates.verdict import Verdict
from trading.markdown import bullets, table
from trading.moments import moment_text
from trading.night.artifacts import BACKTEST, COMPARISON, MODEL, VERDICT
from trading.night.manifest import MadeCandidate, write_beside
from trading.night.outcome import (
    Candidate,
    CandidatePage,
    ChallengerOutcome,
    NightOutcome,
    recall_outcome,
    remember_outcome,
)
from trading.night.publish import manifest_of, write_bundle_folder
from trading.night.workspace import Night
from trading.reports.assumptions import assumptions
from trading.reports.verdict import verdict_markdown
from trading.results import Number
from trading.store import Store
from trading.values import Measured

Status = Literal["promoted", "staged", "rejected", "trained", "failed"]

COMPARED = (
    *("sharpe", "sharpe_daily", "sharpe_daily_se", "total_return", "max_drawdown", "intrabar_drawdown", "volatility"),
    *("win_rate", "profit_factor", "trades", "exposure", "turnover"),
    *("cost_fees", "cost_spread", "cost_slippage", "cost_funding"),
)
"""Metrics shown of candidate and champion, in this order."""

TITLES: dict[Status, str] = {
    "promoted": "Promoted",
    "staged": "Staged",
    "rejected": "Rejected",
    "trained": "Trained",
    "failed": "Failed",
}
NOTHING_TO_DO = "Nothing to do"
WHERE = {"promoted": "in Production", "staged": "in Staging", "rejected": "registered as rejected"}
"""Where a version is after its night, by its status."""


class NightFailure(Measured):
    """Why a symbol's night stopped."""

    code: str
    message: str
    remedy: str
    exit_code: int


class EngineRow(Measured):
    """One of a night's candidates, beside those of its other engines.

    Attributes:
        engine: name of its engine.
        tag: that its version carries.
        version: in the registry; None if it was not registered.
        decision: of the seven gates.
        status: where it went.
        sharpe: on the test split.
        trades: on the test split.
        max_drawdown: on the test split.
        reason: why it went there.
    """

    engine: str
    tag: str
    version: int | None
    decision: str
    status: Status
    sharpe: Number
    trades: Number
    max_drawdown: Number
    reason: str = ""


class NightReport(Measured):
    """How one symbol's night ended.

    Attributes:
        symbol: the market.
        status: where the candidate went, or failed.
        repeated: the night had been finished before; nothing was done.
        outcome: what was registered and decided; None if the night failed, or was asked to train only.
        bundle_digest: of the candidate.
        folder: where its bundle lies after a night that was asked to train only.
        verdict: of the seven gates; None if the night failed.
        metrics: of the candidate on the test split.
        champion_metrics: of the champion on the same bars.
        champion_regimes: the champion's nearest regime by each regime of the candidate.
        engines: every candidate of a night that trains several engines, the reported one first; else empty.
        assumptions: of the simulation that judged the candidate, one sentence each.
        pages: evaluation page of every candidate, or why one could not be made.
        failure: why the night failed, or None.
    """

    symbol: str
    status: Status
    repeated: bool = False
    outcome: NightOutcome | None = None
    bundle_digest: str = ""
    folder: str = ""
    verdict: Verdict | None = None
    metrics: dict[str, Number] = Field(default_factory=dict[str, Number])
    champion_metrics: dict[str, Number] = Field(default_factory=dict[str, Number])
    champion_regimes: dict[str, str] = Field(default_factory=dict[str, str])
    engines: tuple[EngineRow, ...] = ()
    assumptions: tuple[str, ...] = ()
    pages: tuple[CandidatePage, ...] = ()
    failure: NightFailure | None = None


def find_report(night: Night) -> NightReport | None:
    """The report of a night that was finished before, or None if it has to be run.

    Args:
        night: a night that is forced is not looked for.
    """
    outcome = None if night.force else recall_outcome(night)
    return None if outcome is None else _report_of(night.store, outcome, repeated=True)


def finish_night(night: Night, outcome: NightOutcome, pages: tuple[CandidatePage, ...] = ()) -> NightReport:
    """Remember the night as finished, and report it.

    Args:
        night: that ended.
        outcome: how.
        pages: of its candidates.
    """
    finished = outcome.model_copy(update={"pages": pages})
    remember_outcome(night, finished)
    return _report_of(night.store, finished, repeated=False)


def finish_training(
    night: Night, made: tuple[MadeCandidate, ...], pages: tuple[CandidatePage, ...] = ()
) -> NightReport:
    """Write the bundle folders of candidates that are not registered, a manifest beside each, and report them.

    Args:
        night: that was asked to train only.
        made: what it made, one for each engine.
        pages: of these candidates.
    """
    from trading.night.choosing import choose_candidate

    store, candidates = night.store, tuple(one.candidate for one in made)
    folders = [write_bundle_folder(store, candidate, night.bundles) for candidate in candidates]
    for folder, one in zip(folders, made, strict=True):
        write_beside(folder, manifest_of(night, one))
    best = choose_candidate(store, candidates)
    chosen = candidates[best]
    order = [chosen, *(candidate for place, candidate in enumerate(candidates) if place != best)]
    return NightReport(
        symbol=night.symbol,
        status="trained",
        folder=str(folders[best]),
        bundle_digest=chosen.bundle_digest,
        verdict=store.get(VERDICT, chosen.verdict_ref),
        metrics=dict(store.get(BACKTEST, chosen.backtest_ref).metrics),
        engines=_several([_engine_row(store, candidate, status="trained") for candidate in order]),
        assumptions=_assumptions(store, chosen),
        pages=pages,
    )


def failed_report(symbol: str, error: BaseException) -> NightReport:
    """The report of a night that stopped with an error.

    Args:
        symbol: the market.
        error: what stopped the night.
    """
    if isinstance(error, SevengatesError):
        failure = NightFailure(
            code=str(error.code), message=error.message, remedy=error.remedy, exit_code=error.exit_code
        )
    else:
        failure = NightFailure(
            code=type(error).__name__,
            message=str(error) or "no message",
            remedy="This is a mistake in Sevengates itself; the log holds the traceback.",
            exit_code=1,
        )
    return NightReport(symbol=symbol, status="failed", failure=failure)


def night_name(reports: Sequence[NightReport]) -> str:
    """One word over all symbols: the failure if there is one, else the best that happened to a version.

    Args:
        reports: of every symbol.
    """
    if any(report.status == "failed" for report in reports):
        return TITLES["failed"]
    if all(report.repeated for report in reports):
        return NOTHING_TO_DO
    news = {"promoted" if _entered(report) else report.status for report in reports if not report.repeated}
    return next(title for status, title in TITLES.items() if status in news)


def headline(report: NightReport) -> str:
    """One sentence about one symbol.

    Args:
        report: of the symbol.
    """
    if report.failure is not None:
        return f"{report.symbol}: failed. {report.failure.code}: {report.failure.message} {report.failure.remedy}"
    if report.outcome is None:
        decision = "" if report.verdict is None else report.verdict.decision
        return f"{report.symbol}: trained and judged {decision}; the bundle is in {report.folder}."
    outcome = report.outcome
    when = f"{outcome.symbol} {outcome.interval} as of {moment_text(outcome.as_of_ms)}"
    repeated = "nothing to do, finished before. " if report.repeated else ""
    paper = ", on paper only" if outcome.paper_only and outcome.status == "promoted" else ""
    version = f"{outcome.model_name} version {outcome.version}"
    left = "" if outcome.decision is None else outcome.decision.champion_reason
    gone = f" Champion {outcome.champion_version} left Production. {left}" if left else ""
    override = outcome.champion_override
    forced = f" Champion {outcome.champion_version} was {override}." if override else ""
    entered = "".join(f" Version {one.version} of an earlier night entered Production." for one in _entered(report))
    return f"{when}: {repeated}{outcome.reason} {version} is {WHERE[outcome.status]}{paper}.{gone}{entered}{forced}"


def page_lines(report: NightReport) -> list[str]:
    """Where the evaluation page of each candidate is, or why there is none; one sentence each.

    Args:
        report: of a night.
    """
    lines: list[str] = []
    for page in report.pages:
        whose = f"version {page.version}" if page.version is not None else f"bundle {page.bundle_digest[:12]}"
        if page.failure:
            again = f" Try again with `sevengates page {page.version}`." if page.version is not None else ""
            lines.append(f"No evaluation page of {whose}: {page.failure.rstrip('.')}.{again}")
        else:
            lines.append(f"Evaluation page of {whose}: {page.place}")
    return lines


def comparison_rows(report: NightReport) -> list[dict[str, Any]]:
    """Candidate beside champion, one row a metric; numbers as text.

    Args:
        report: of a night; the champion's column is left out if there is none.
    """
    rows: list[dict[str, Any]] = []
    for name in COMPARED:
        row: dict[str, Any] = {"metric": name, "candidate": _text(report.metrics.get(name))}
        if report.champion_metrics:
            row["champion"] = _text(report.champion_metrics.get(name))
        rows.append(row)
    return rows


def engine_rows(report: NightReport) -> list[dict[str, str]]:
    """The candidates of a night that trained several engines, one row each; numbers as text.

    Args:
        report: of the night; one that trained a single engine gives no row.
    """
    return [
        {
            "engine": row.engine,
            "tag": row.tag,
            "version": "-" if row.version is None else str(row.version),
            "decision": row.decision,
            "status": row.status,
            "sharpe": _text(row.sharpe),
            "trades": _text(row.trades),
            "max_drawdown": _text(row.max_drawdown),
            "reason": row.reason,
        }
        for row in report.engines
    ]


def challenger_rows(report: NightReport) -> list[dict[str, str]]:
    """Approved versions of earlier nights that were asked in this one, one row each; numbers as text.

    Args:
        report: of the night.
    """
    asked = () if report.outcome is None else report.outcome.challengers
    return [
        {
            "challenger": str(one.version),
            "tag": one.tag,
            "sharpe": _text(one.sharpe),
            "status": one.status,
            "code": str(one.code),
            "reason": one.reason,
        }
        for one in asked
    ]


def contest_rows(report: NightReport) -> list[dict[str, str]]:
    """What promotion decided on: what was found, what would have been needed; no row if nothing was in Production.

    Args:
        report: of a night.
    """
    outcome = report.outcome
    if outcome is None or outcome.meeting is None or outcome.decision is None:
        return []
    met, found = outcome.meeting, outcome.decision.numbers
    sides = (met.candidate, met.champion)
    rows = [("", *(f"version {side.version} {side.tag}".rstrip() for side in sides), "")]
    rows += [
        (name, *(_text(getattr(side, name)) for side in sides), "")
        for name in ("sharpe", "max_drawdown", "total_return")
    ]
    rows += [
        ("difference", _text(found.get("improvement")), "", f"at least {_text(found.get('needed'))}"),
        ("its error", _text(met.se), "", ""),
        ("not under, at 95 %", _text(met.low), "", ""),
        ("p", _text(met.p), "", f"at most {_text(found.get('alpha_spent'))}, contest {met.contest}"),
        ("correlation", _text(met.correlation), "", ""),
        ("alpha t", _text(met.alpha_t), "", f"at least {_text(found.get('required_alpha_t'))}"),
        ("forward test", str(met.shadow), str(met.live), "PROVEN, of one of them"),
    ]
    columns = ("what", "candidate", "champion", "needed")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def gate_rows(report: NightReport) -> list[dict[str, Any]]:
    """The rules of the seven gates, one row each.

    Args:
        report: of a night.
    """
    return [] if report.verdict is None else [row.model_dump() for row in report.verdict.rows()]


def markdown(report: NightReport, picture: str = "") -> str:
    """The page of one symbol's night.

    Args:
        report: of the night.
        picture: Markdown of an image, shown under the headline.
    """
    lines = [headline(report), "", picture, ""]
    if report.verdict is not None:
        lines += [verdict_markdown(report.verdict), ""]
    rows = comparison_rows(report) if report.metrics else []
    if rows:
        columns = list(rows[0])
        lines += [table(columns, (row.values() for row in rows), right=columns[1:])]
    contest = contest_rows(report)
    if contest:
        lines += ["", table(list(contest[0]), (row.values() for row in contest), right=("candidate", "champion"))]
    if report.champion_regimes:
        lines += ["", regimes_line(report)]
    asked = challenger_rows(report)
    if asked:
        lines += ["", table(list(asked[0]), (row.values() for row in asked), right=("challenger", "sharpe"))]
    engines = engine_rows(report)
    if engines:
        columns = list(engines[0])
        numbers = ("version", "sharpe", "trades", "max_drawdown")
        lines += ["", table(columns, (row.values() for row in engines), right=numbers)]
    if report.assumptions:
        lines += ["", "Assumptions of the simulator:", "", bullets(report.assumptions)]
    if report.pages:
        lines += ["", bullets(page_lines(report))]
    return "\n".join(lines) + "\n"


def regimes_line(report: NightReport) -> str:
    """How the candidate's regimes compare with the champion's.

    Args:
        report: of a night that met a champion.
    """
    moved = [f"{own} is nearest to its {other}" for own, other in report.champion_regimes.items() if own != other]
    return f"Regimes against the champion's: {'; '.join(moved) if moved else 'each nearest to its namesake'}."


def exit_code(reports: Sequence[NightReport]) -> int:
    """What the command ends with: 0 unless a symbol failed; a rejected candidate is a result.

    Args:
        reports: of every symbol.
    """
    codes = [report.failure.exit_code for report in reports if report.failure is not None]
    return codes[0] if codes else 0


def _entered(report: NightReport) -> list[ChallengerOutcome]:
    """Versions of earlier nights that this one put into Production."""
    asked = () if report.outcome is None else report.outcome.challengers
    return [one for one in asked if one.status == "promoted"]


def _report_of(store: Store, outcome: NightOutcome, *, repeated: bool) -> NightReport:
    candidate, ref = outcome.candidate, outcome.comparison_ref
    comparison = None if ref is None else store.get(COMPARISON, ref)
    rows = [_engine_row(store, candidate, status=outcome.status, version=outcome.version, reason=outcome.reason)]
    rows += [
        _engine_row(store, other.candidate, status=other.status, version=other.version, reason=other.reason)
        for other in outcome.others
    ]
    return NightReport(
        symbol=outcome.symbol,
        status=outcome.status,
        bundle_digest=candidate.bundle_digest,
        repeated=repeated,
        outcome=outcome,
        verdict=store.get(VERDICT, candidate.verdict_ref),
        metrics=dict(store.get(BACKTEST, candidate.backtest_ref).metrics),
        champion_metrics={} if comparison is None else dict(comparison.champion),
        champion_regimes={} if comparison is None else comparison.regimes["mapping"],
        engines=_several(rows),
        assumptions=_assumptions(store, candidate),
        pages=outcome.pages,
    )


def _engine_row(
    store: Store, candidate: Candidate, *, status: Status, version: int | None = None, reason: str = ""
) -> EngineRow:
    metrics = store.get(BACKTEST, candidate.backtest_ref).metrics
    return EngineRow(
        engine=candidate.engine,
        tag=candidate.tag,
        version=version,
        decision=store.get(VERDICT, candidate.verdict_ref).decision,
        status=status,
        sharpe=metrics["sharpe"],
        trades=metrics["trades"],
        max_drawdown=metrics["max_drawdown"],
        reason=reason,
    )


def _assumptions(store: Store, candidate: Candidate) -> tuple[str, ...]:
    spec = store.get(MODEL, candidate.model_ref).spec
    return tuple(assumptions(spec))


def _several(rows: list[EngineRow]) -> tuple[EngineRow, ...]:
    return tuple(rows) if len(rows) > 1 else ()


def _text(value: Number) -> str:
    return "-" if value is None else f"{value:.4g}"
