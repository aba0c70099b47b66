"""How a candidate came through a scenario: what each shocked lane did beside the base path, and what is allowed.

Every number is judged by its quantile over the lanes on the side that hurts, breaches by all of them. Numbers are
compared so that one that is missing or not finite fails.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.checks.scenarios import StressedMarket, Window, held_positions
from trading.codes import ReasonCode
from trading.results import CheckResult
from trading.settings.models import StressSpec
from trading.simulation.metrics.drawdown import intrabar_drawdown
from trading.simulation.metrics.ratios import sharpe
from trading.simulation.metrics.returns import bar_returns
from trading.steps.account import EQUITY, REASON_LIQUIDATION, TRADE_ENTRY, TRADE_QUANTITY, TRADE_REASON

if TYPE_CHECKING:
    from trading.model.spec import Limits
    from trading.simulation.lanes import LaneRun

REMEDY = (
    "Lower risk.size_cap, let the policy take closer stops (policy.max_stop), or give it less time in the market "
    "(policy.max_duration)."
)
TRADE_MORE = (
    "Test on more bars (splits.test, market.history_bars) or trade more often: of a model that is hardly in the market "
    "no shock says anything."
)


@dataclass(frozen=True, eq=False)
class LanePath:
    """The path of one lane, its open position closed at the last close.

    Attributes:
        initial: equity before the first bar.
        equity: shape (n,), at every close.
        low_equity: shape (n,), at the extreme of every bar that hurts.
        trades: how many, the last position among them.
        breaches: fills over the limit of size, liquidations, and bars on which equity was under 0.
    """

    initial: float
    equity: Floats
    low_equity: Floats
    trades: int
    breaches: int

    @cached_property
    def drawdown(self) -> float:
        """Largest fall from a peak of closes to a bar's worst price, share of that peak."""
        return intrabar_drawdown(self.equity, self.low_equity, self.initial)

    @property
    def total_return(self) -> float:
        """Share of the equity before the first bar."""
        return float(self.equity[-1]) / self.initial - 1.0

    @cached_property
    def under_water(self) -> float:
        """Longest time from a peak until equity is there again, or until the end; share of the bars."""
        path = np.r_[self.initial, self.equity]
        (peaks,) = np.nonzero(path >= np.maximum.accumulate(path))
        return float(np.max(np.diff(np.r_[peaks, len(path)])) - 1) / len(self.equity) if len(peaks) else math.nan

    def inside(self, windows: Sequence[Window]) -> float:
        """Sum of what was won and lost over windows, each as a share of the equity before it.

        Args:
            windows: positions in the path.
        """
        before = np.r_[self.initial, self.equity]
        at = np.array(windows, dtype=np.int64).reshape(-1, 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.sum(before[at[:, 1]] / before[at[:, 0]] - 1.0))


class LaneNumbers(NamedTuple):
    """One shocked lane beside the base path; shares of equity, and of the bars.

    Attributes:
        max_drawdown: down to the worst price inside a bar.
        excess_drawdown: beyond the base path's.
        total_return: at the end.
        sharpe: annualised; shown, not judged.
        inside: profit and loss inside the windows of the shocks.
        base_inside: of the base path inside the same.
        shock_loss: loss inside the windows, beyond what the base path lost there. What it gained there and the lane
            did not is no loss.
        recovery: longest time under water.
        excess_recovery: beyond the base path's.
        breaches: see :class:`LanePath`.
        trades: how many.
        shocks: that were to be placed.
        met: of them those that found the lane in a trade.
    """

    max_drawdown: float
    excess_drawdown: float
    total_return: float
    sharpe: float
    inside: float
    base_inside: float
    shock_loss: float
    recovery: float
    excess_recovery: float
    breaches: int
    trades: int
    shocks: int
    met: int


def lane_path(run: LaneRun, ts: Ints, limits: Limits) -> LanePath:
    """The path of a lane.

    Args:
        run: what it did.
        ts: shape (n,), open of each traded bar, UTC milliseconds.
        limits: of its model, which say how much may be held at a fill.
    """
    trades = np.concatenate([run.trades, run.last])
    entries = held_positions(ts, run).entries
    before = np.r_[limits.initial_equity, run.equity][entries]
    held = np.abs(trades[:, TRADE_QUANTITY]) * trades[:, TRADE_ENTRY]
    # Written so that a number that is none is a breach.
    over = ~(held <= limits.size_cap * before * (1.0 + 1e-6))
    breaches = over.sum() + (trades[:, TRADE_REASON] == REASON_LIQUIDATION).sum() + (~(run.low_equity >= 0.0)).sum()
    return LanePath(
        initial=limits.initial_equity,
        equity=np.r_[run.equity[:-1], run.settled[EQUITY]],
        low_equity=run.low_equity,
        trades=len(trades),
        breaches=int(breaches),
    )


def lane_numbers(
    lane: LanePath, base: LanePath, market: StressedMarket, *, met: int, bars_per_year: float
) -> LaneNumbers:
    """One shocked lane beside the base path.

    Args:
        lane: what it did.
        base: what the candidate did on the bars as they were.
        market: where the shocks were.
        met: how many of them found the lane in a trade.
        bars_per_year: of the market.
    """
    inside, base_inside = lane.inside(market.windows), base.inside(market.windows)
    return LaneNumbers(
        max_drawdown=lane.drawdown,
        excess_drawdown=lane.drawdown - base.drawdown,
        total_return=lane.total_return,
        sharpe=sharpe(bar_returns(lane.equity, lane.initial), bars_per_year),
        inside=inside,
        base_inside=base_inside,
        shock_loss=min(base_inside, 0.0) - inside,
        recovery=lane.under_water,
        excess_recovery=lane.under_water - base.under_water,
        breaches=lane.breaches,
        trades=lane.trades,
        shocks=market.wanted,
        met=met,
    )


def judged_scenario(name: str, lanes: Sequence[LaneNumbers], base: LanePath, spec: StressSpec) -> CheckResult:
    """What the owner's limits say of a scenario.

    Args:
        name: of the scenario.
        lanes: its draws, at least one.
        base: what the candidate did on the bars as they were.
        spec: which quantile decides, and the limits.
    """
    numbers, limits = scenario_numbers(lanes, base, spec.quantile), _limits(spec)
    broken = [limit for limit in limits if not keeps(limit.number, numbers[limit.number], limit.limit)]
    unmeasured = [limit for limit in broken if limit.measures]
    texts = [limit.text(numbers[limit.number]) for limit in unmeasured or broken or limits]
    code = ReasonCode.STRESS_NOT_MEASURED if unmeasured else ReasonCode.STRESS_FAILED
    return CheckResult(
        name=name,
        passed=not broken,
        observed=None if unmeasured else numbers["max_drawdown"],
        threshold=spec.max_drawdown,
        code=code if broken else ReasonCode.OK,
        message=f"{name}{' was not measured' if unmeasured else ''}: {', '.join(texts)}",
        remedy="" if not broken else (TRADE_MORE if unmeasured else REMEDY),
        evidence={
            **numbers,
            "limits": {limit.number: limit.limit for limit in limits},
            "broken": [limit.number for limit in broken],
        },
    )


def scenario_numbers(lanes: Sequence[LaneNumbers], base: LanePath, quantile: float) -> dict[str, float | int]:
    """The numbers of a scenario by name: each at its quantile over the lanes on the side that hurts.

    ``seeds`` is the number of lanes, ``met`` the share of all their shocks that found a lane in a trade; what begins
    with ``base_`` is of the base path, and ``breaches`` of the worst lane.

    Args:
        lanes: the draws of the scenario, at least one.
        base: what the candidate did on the bars as they were.
        quantile: from 0.5 to 1, the end that hurts.
    """

    def most(values: Iterable[float]) -> float:
        return float(np.quantile(list(values), quantile, method="higher"))

    def least(values: Iterable[float]) -> float:
        return -most(-value for value in values)

    shocks = sum(lane.shocks for lane in lanes)
    return {
        "seeds": len(lanes),
        "quantile": quantile,
        "max_drawdown": most(lane.max_drawdown for lane in lanes),
        "base_drawdown": base.drawdown,
        "excess_drawdown": most(lane.excess_drawdown for lane in lanes),
        "total_return": least(lane.total_return for lane in lanes),
        "base_return": base.total_return,
        "sharpe": least(lane.sharpe for lane in lanes),
        "inside": least(lane.inside for lane in lanes),
        "base_inside": float(np.mean([lane.base_inside for lane in lanes])),
        "shock_loss": most(lane.shock_loss for lane in lanes),
        "recovery": most(lane.recovery for lane in lanes),
        "base_recovery": base.under_water,
        "excess_recovery": most(lane.excess_recovery for lane in lanes),
        "breaches": max(lane.breaches for lane in lanes),
        "trades": int(least(lane.trades for lane in lanes)),
        "shocks": shocks,
        # A shock that lasts all the time meets every trade there is.
        "met": sum(lane.met for lane in lanes) / shocks if shocks else 1.0,
    }


AT_LEAST = frozenset({"total_return", "trades", "met"})
"""The judged numbers of which more is better; of the others less is."""


def keeps(number: str, value: Any, limit: Any) -> bool:
    """Whether a judged number is on the right side of its limit; one that is missing or not finite is not.

    Args:
        number: its name.
        value: what was measured.
        limit: what it may be.
    """
    if not all(isinstance(one, float | int) and math.isfinite(one) for one in (value, limit)):
        return False
    return bool(value >= limit if number in AT_LEAST else value <= limit)


class _Limit(NamedTuple):
    """One number and what it may be; ``measures`` says that without it the others mean nothing."""

    number: str
    limit: float
    words: str
    measures: bool = False

    def text(self, value: float) -> str:
        bound = "at least" if self.number in AT_LEAST else "at most"
        return f"{self.words.format(value)} ({bound} {self.words.format(self.limit).partition(' ')[0]})"


def _limits(spec: StressSpec) -> tuple[_Limit, ...]:
    return (
        _Limit("trades", spec.min_trades, "{:.0f} trades", measures=True),
        _Limit("met", spec.min_met, "{:.0%} of the shocks met a trade", measures=True),
        _Limit("max_drawdown", spec.max_drawdown, "{:.1%} drawdown"),
        _Limit("excess_drawdown", spec.max_excess_drawdown, "{:.1%} more drawdown than the base path"),
        _Limit("total_return", -spec.max_loss, "{:+.1%} return"),
        _Limit("shock_loss", spec.max_shock_loss, "{:.1%} lost inside the shocks"),
        _Limit("excess_recovery", spec.max_excess_recovery, "{:.0%} of the bars longer under water"),
        _Limit("breaches", 0, "{:.0f} breaches of size, margin or equity"),
    )
