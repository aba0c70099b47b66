"""The delay test: the backtest with every decision one bar later, which an honest edge survives for the most part."""

from __future__ import annotations

import math

from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.results import CheckResult
from trading.simulation.backtest import result_of
from trading.simulation.lanes import run_lanes
from trading.simulation.parameters import model_parameters
from trading.splits import Range
from trading.steps.account import LATENCY

LEAST_SHARE = 0.5


def check_delay(model: TradingModel, bars: Bars, traded: Range) -> CheckResult:
    """Note a Sharpe ratio that more than halves when every order waits one bar more.

    It is a note and never a failure: an edge of minutes is honest too. The observed number is the share of the Sharpe
    ratio that is left; text where there is nothing to lose.

    Args:
        model: the candidate.
        bars: all bars of the night.
        traded: the test split.
    """
    now = model_parameters(model)
    later = now.copy()
    later[LATENCY] += 1.0
    prompt, delayed = (
        float(result_of(model, bars.ts[slice(*traded)], run).metrics["sharpe"])
        for run in run_lanes(model, [bars, bars], [now, later], *traded, checked=False)
    )
    evidence = {"sharpe": _finite(prompt), "sharpe_one_bar_later": _finite(delayed)}
    if not (prompt > 0.0 and math.isfinite(prompt) and math.isfinite(delayed)):
        return CheckResult(name="delay", passed=True, observed="nothing to lose", evidence=evidence)
    left = delayed / prompt
    note = (
        f"one bar later the Sharpe ratio is {delayed:.2f} instead of {prompt:.2f}: look at how soon an order can "
        "really be placed"
    )
    return CheckResult(
        name="delay", passed=True, observed=left, message="" if left >= LEAST_SHARE else note, evidence=evidence
    )


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
