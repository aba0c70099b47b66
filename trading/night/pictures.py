"""The pictures of a night, drawn from what lies in the store."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from trading.checks.calibration import CalibrationEvidence
from trading.checks.evidence import read_evidence
from trading.checks.stress import StressEvidence
from trading.night.evidence import Judged
from trading.night.plan import NightOutcome
from trading.night.records import get_model, get_record, get_splits
from trading.store import Ref, Store

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALL_DPI = 70


def night_figures(
    store: Store, *, bars: Ref, splits: Ref, model: Ref, backtest: Ref, judged: Judged
) -> dict[str, Figure]:
    """Equity and drawdown, regimes over price, reliability, and the stress table, by name."""
    from trading.engines.stream import compute_signals
    from trading.gates.verdict import Verdict
    from trading.reports.figures import equity_figure, regimes_figure, reliability_figure, stress_figure
    from trading.steps.opinion import DOUBT, EXTRAS

    known, part, candidate = store.get_bars(bars), get_splits(store, splits).test, get_model(store, model)
    rows = slice(part.start, part.stop)
    symbol = known.symbol
    _, curve = get_record(store, backtest)
    evidence = read_evidence(store.get_json(judged.evidence))
    decision = Verdict.model_validate(store.get_json(judged.verdict)).decision
    figures = {
        "equity": equity_figure(
            curve["ts"], curve["equity"], title=f"{symbol}: test split, {decision}", price=known.close[rows]
        ),
        "stress": stress_figure(evidence.section(StressEvidence).results, title=f"{symbol}: stress scenarios"),
    }
    if candidate.spec.engine.name == "regimes":
        figures["regimes"] = regimes_figure(
            known.ts[rows],
            known.close[rows],
            compute_signals(candidate, known).opinions[rows, EXTRAS:DOUBT],
            title=f"{symbol}: regimes on the test split",
        )
    measured = evidence.section(CalibrationEvidence)
    if measured.brier is not None and measured.ece is not None:
        figures["reliability"] = reliability_figure(
            measured.reliability, brier=float(measured.brier), ece=float(measured.ece), title=f"{symbol}: reliability"
        )
    return figures


def equity_png(store: Store, outcome: NightOutcome) -> bytes:
    """A small picture of the candidate's equity, and the champion's on the same bars."""
    from trading.reports.figures import equity_figure

    _, curve = get_record(store, outcome.backtest)
    champion = None if outcome.comparison is None else get_record(store, outcome.comparison)[1]["equity"]
    figure = equity_figure(
        curve["ts"], curve["equity"], title=f"{outcome.symbol}: equity on the test split", champion=champion
    )
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=SMALL_DPI)
    return drawn.getvalue()
