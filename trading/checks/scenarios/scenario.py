"""A scenario: a shock to the prices and a shock to the costs, and both applied to a test split.

Only bars from ``start`` on are changed, so whatever the model knew before stays as it was. Shocks are placed where the
base path was in a trade; which of its trades is drawn from the scenario's own seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from trading.arrays import Floats
from trading.checks.scenarios.held import HeldPositions
from trading.checks.scenarios.moves import Moves, Window
from trading.market.bars import Bars
from trading.seeds import seed_for
from trading.steps.account import FEE, HALF_SPREAD, IMPACT, LATENCY, MAKER_FEE, PARTICIPATION, VOLATILITY_IMPACT

WITH_POSITION = 4
"""Of every so many draws, one has shocks that come with the position."""


@dataclass(frozen=True, kw_only=True)
class CostShock:
    """How much dearer trading gets.

    Attributes:
        fee: times the fee.
        spread: times the spread.
        impact: times the slippage of a given share of volume.
        participation: times the largest share of a bar's volume that one fill may take.
        latency_bars: further bars between a decision and its fill.
    """

    fee: float = 1.0
    spread: float = 1.0
    impact: float = 1.0
    participation: float = 1.0
    latency_bars: int = 0


@dataclass(frozen=True)
class Scenario:
    """A row of the table of scenarios.

    Attributes:
        name: of the scenario, of its rule in the stress gate, and of its seed.
        shock: changes the moves of the test split in place; None leaves prices and volumes as they were.
        costs: what trading costs while a shock lasts.
    """

    name: str
    shock: Callable[[Moves], None] | None = None
    costs: CostShock = CostShock()

    def __post_init__(self) -> None:
        """Refuse a scenario in which nothing happens."""
        if self.shock is None and self.costs == CostShock():
            raise ValueError(f"scenario {self.name} changes neither prices nor costs; give it a shock or costs")


@dataclass(frozen=True, eq=False)
class StressedMarket:
    """One draw of a scenario.

    Attributes:
        bars: up to the end of the range.
        windows: of the shocks, positions in the range, in order; one that holds all of it if the shock lasts all the
            time.
        wanted: how many shocks were to be placed; fewer have a window where the base path was in too few trades. 0 of
            one that lasts all the time.
    """

    bars: Bars
    windows: tuple[Window, ...]
    wanted: int


def stressed_market(
    scenario: Scenario, bars: Bars, start: int, stop: int, *, held: HeldPositions, seed: int, draw: int
) -> StressedMarket:
    """A scenario played on a range; the bars before it are untouched.

    Args:
        scenario: what happens.
        bars: the whole series.
        start: first bar of the range, at least 1.
        stop: end of the range; the result ends there.
        held: the positions of the base path on the range.
        seed: root of where shocks come.
        draw: number of the draw, from 0: each has its own places, and every fourth comes with the position.
    """
    part = slice(start, stop)
    if scenario.shock is None:
        return StressedMarket(bars.slice(0, stop), (Window(0, stop - start),), 0)
    previous = np.log(bars.close[start - 1 : stop - 1])
    moves = Moves(
        *(np.log(getattr(bars, column)[part]) - previous for column in ("open", "high", "low", "close")),
        volume=bars.volume[part].copy(),
        held=held,
        against=draw % WITH_POSITION != WITH_POSITION - 1,
        rng=np.random.default_rng(seed_for(seed, "stress", scenario.name, draw)),
    )
    scenario.shock(moves)
    base = float(previous[0]) + np.r_[0.0, np.cumsum(moves.close)[:-1]]
    opening, close = np.exp(base + moves.open), np.exp(base + moves.close)
    columns = {
        "open": opening,
        # Exponentials round: high and low are made to contain open and close again.
        "high": np.maximum(np.exp(base + moves.high), np.maximum(opening, close)),
        "low": np.minimum(np.exp(base + moves.low), np.minimum(opening, close)),
        "close": close,
        "volume": moves.volume,
    }
    stressed = replace(
        bars.slice(0, stop),
        **{column: np.r_[getattr(bars, column)[:start], values] for column, values in columns.items()},
    )
    if moves.wanted is None:
        return StressedMarket(stressed, (Window(0, stop - start),), 0)
    windows = tuple(sorted(moves.windows))
    if any(one.end > following.begin for one, following in pairwise(windows)):
        raise ValueError(f"scenario {scenario.name}: two of its shocks overlap; ask for all of them in one call")
    return StressedMarket(stressed, windows, moves.wanted)


def stressed_parameters(scenario: Scenario, parameters: Floats) -> Floats:
    """Packed parameters with a scenario's costs, as they are in force while a shock lasts.

    Args:
        scenario: what happens.
        parameters: shape (PARAMETERS_SIZE,), see :mod:`trading.simulation.parameters`.
    """
    costs, changed = scenario.costs, parameters.copy()
    changed[FEE] *= costs.fee
    changed[MAKER_FEE] *= costs.fee
    changed[HALF_SPREAD] *= costs.spread
    changed[IMPACT] *= costs.impact
    changed[VOLATILITY_IMPACT] *= costs.impact
    changed[PARTICIPATION] *= costs.participation
    changed[LATENCY] += costs.latency_bars
    return changed
