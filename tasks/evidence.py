"""Tasks that measure a candidate on the test split, and the verdict of the gates."""

from __future__ import annotations

from collections.abc import Callable

from tasks.stage import stage
from trading.checks.table import CHECKS
from trading.night import evidence
from trading.night.evidence import CheckInputs, Judged
from trading.night.workspace import Workplace
from trading.settings.models import GateSpec
from trading.store import Ref


@stage("backtest")
def backtest(place: Workplace, bars: Ref, splits: Ref, model: Ref) -> Ref:
    """The test split, traded once."""
    return evidence.backtest_candidate(place.store(), bars=bars, splits=splits, model=model)


def measuring(name: str) -> Callable[[Workplace, CheckInputs], Ref]:
    """The task of one check, under the check's name."""

    @stage(name)
    def measure(place: Workplace, inputs: CheckInputs) -> Ref:
        return evidence.measure_candidate(place.store(), inputs=inputs)

    return measure


MEASURE = {name: measuring(name) for name in CHECKS}
"""The task of each check by its name."""


@stage("verdict")
def verdict(
    place: Workplace,
    symbol: str,
    inputs: dict[str, str],
    backtest: Ref,
    checks: dict[str, Ref],
    live: Ref | None,
    gates: GateSpec,
) -> Judged:
    """What the gates decide."""
    return evidence.judge_candidate(
        place.store(), symbol=symbol, inputs=inputs, backtest=backtest, checks=checks, live=live, gates=gates
    )
