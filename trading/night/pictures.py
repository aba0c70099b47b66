"""The pictures of a night, drawn from what lies in the store."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from trading.checks.calibration import CalibrationEvidence
from trading.checks.stress import StressEvidence
from trading.night.artifacts import BACKTEST, BARS, COMPARISON, EVIDENCE, MODEL, POLICY_REPORT, SPLITS, VERDICT
from trading.night.outcome import Candidate, NightOutcome
from trading.store import Store

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALL_DPI = 70


def night_figures(store: Store, candidate: Candidate) -> dict[str, Figure]:
    """Equity and drawdown, regimes over price, reliability, training, and the stress table, by name.

    Args:
        store: holds what the candidate refers to.
        candidate: whose night it was.
    """
    from trading.engines.stream import compute_signals
    from trading.reports.figures import (
        equity_figure,
        regimes_figure,
        reliability_figure,
        stress_figure,
        training_figure,
    )
    from trading.reports.training import taken_policies
    from trading.steps.opinion import DOUBT, EXTRAS

    bars, part = store.get(BARS, candidate.bars_ref), store.get(SPLITS, candidate.splits_ref).test
    model, backtest = store.get(MODEL, candidate.model_ref), store.get(BACKTEST, candidate.backtest_ref)
    evidence = store.get(EVIDENCE, candidate.evidence_ref)
    decision = store.get(VERDICT, candidate.verdict_ref).decision
    rows, symbol = slice(part.start, part.stop), bars.symbol
    figures = {
        "equity": equity_figure(
            backtest.ts, backtest.equity, title=f"{symbol}: test split, {decision}", price=bars.close[rows]
        ),
        "stress": stress_figure(evidence.section(StressEvidence).results, title=f"{symbol}: stress scenarios"),
    }
    if candidate.engine == "regimes":
        figures["regimes"] = regimes_figure(
            bars.ts[rows],
            bars.close[rows],
            compute_signals(model, bars).opinions[rows, EXTRAS:DOUBT],
            title=f"{symbol}: regimes on the test split",
        )
    measured = evidence.section(CalibrationEvidence)
    if measured.brier is not None and measured.ece is not None:
        figures["reliability"] = reliability_figure(
            measured.reliability, brier=float(measured.brier), ece=float(measured.ece), title=f"{symbol}: reliability"
        )
    if candidate.policy_report_ref is not None:
        report = store.get(POLICY_REPORT, candidate.policy_report_ref)
        if report["policies"]:
            figures["training"] = training_figure(
                report["policies"], taken=taken_policies(report), title=f"{symbol}: training of the policies"
            )
    return figures


def equity_png(store: Store, outcome: NightOutcome) -> bytes:
    """A small picture of the candidate's equity, and the champion's on the same bars.

    Args:
        store: holds what the outcome refers to.
        outcome: of the night.
    """
    from trading.reports.figures import equity_figure

    backtest = store.get(BACKTEST, outcome.candidate.backtest_ref)
    champion = None if outcome.comparison_ref is None else store.get(COMPARISON, outcome.comparison_ref).equity
    figure = equity_figure(
        backtest.ts, backtest.equity, title=f"{outcome.symbol}: equity on the test split", champion=champion
    )
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=SMALL_DPI)
    return drawn.getvalue()
